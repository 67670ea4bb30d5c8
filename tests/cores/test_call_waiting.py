"""Desks of three parties and more: who waits, who gives way, who is rung back, and what is heard twice."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from hotline_protocol.agreement import Agreement, AgreementError, read_agreement
from hotline_protocol.events import CallEnded
from hotline_protocol.line import Answer, Busy, CallOutcome, HangUp, OnCall, Reason, Ring, Tier
from hotline_protocol.message import Message
from hotline_protocol.orders import Sitting
from hotline_services.aoc.internal import ItemDone, PeerDown

from .joined import DAWN, agreement, circuit_down
from .room import TIMING, Room, kinds

THREE = agreement(parties=("us", "ru", "tr"), lines=1)
TWO_LINES = agreement(parties=("us", "ru", "tr"))
LONGEST_WAIT_S = 0.8 * TIMING.ring_s


def talking(room: Room, *refs: str) -> str:
    """A call from us to ru about these, rung about at once, and answered; returns its id."""
    for ref in refs or ("a",):
        room.want(ref, Reason.INCIDENT)
    room.turn()
    assert room.desk.call is not None
    room.say(Answer, room.desk.call.id)
    return room.desk.call.id


def outcomes(said: Sequence[Message]) -> list[CallOutcome]:
    return [message.outcome for message in said if isinstance(message, CallEnded)]


# Heard twice ---------------------------------------------------------------------------------------------


def test_a_ring_that_is_heard_twice_while_it_rings_is_answered_once() -> None:
    room = Room(think_s=10)
    assert room.ring("ru-1") == []
    assert room.ring("ru-1") == []
    assert kinds(room.at(15)) == [Answer]


def test_a_ring_that_is_heard_again_when_it_is_answered_is_answered_again_and_the_call_goes_on() -> None:
    room = Room()
    assert kinds(room.ring("ru-1")) == kinds(room.ring("ru-1")) == [Answer]
    assert room.answered == 1
    assert room.desk.call is not None
    assert room.desk.call.id == "ru-1"


def test_a_ring_under_the_name_of_a_call_of_ours_changes_nothing() -> None:
    room = Room()
    call_id = talking(room)
    assert room.ring(call_id) == []
    assert room.desk.call is not None
    assert room.desk.call.outgoing


def test_a_ring_that_is_heard_twice_while_it_waits_waits_once() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    assert room.ring("tr-1", peer="tr") == room.ring("tr-1", peer="tr") == []
    assert kinds(room.say(HangUp, call_id, outcome=CallOutcome.DROPPED)) == [CallEnded, Answer]


def test_an_answer_that_is_heard_twice_changes_nothing() -> None:
    room = Room()
    call_id = talking(room, "a", "b")
    assert room.say(Answer, call_id) == []
    assert (room.answered, room.opened) == (1, ["a"])


@pytest.mark.parametrize("kind", [Busy, HangUp])
def test_an_end_that_is_heard_twice_ends_no_other_call(kind: type[OnCall]) -> None:
    fields: dict[str, Any] = {"outcome": CallOutcome.NO_ANSWER} if kind is HangUp else {}
    room = Room()
    room.want("mine")
    room.turn()
    assert kinds(room.say(kind, "us-0-c1", **fields)) == [CallEnded]
    room.until_it_rings()
    assert room.say(kind, "us-0-c1", **fields) == []
    assert room.desk.call is not None
    assert room.desk.call.id == "us-0-c2"


# Who waits -----------------------------------------------------------------------------------------------


def test_a_ring_at_a_busy_desk_waits_and_is_answered_when_the_line_is_free() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    assert room.ring("tr-1", peer="tr") == []
    room.at(20)
    room.desk.note_done(ItemDone("a"))
    assert kinds(room.turn()) == [HangUp, CallEnded, Answer]
    assert room.desk.call is not None
    assert (room.desk.call.id, room.completed) == ("tr-1", [call_id])


def test_a_caller_who_has_waited_in_vain_hears_busy_before_giving_up_and_is_rung_back() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    room.ring("tr-1", peer="tr")
    assert room.at(LONGEST_WAIT_S - 1) == []
    assert TIMING.ring_s > LONGEST_WAIT_S
    assert kinds(room.at(LONGEST_WAIT_S)) == [Busy]
    *_, ring = room.say(HangUp, call_id, outcome=CallOutcome.DROPPED)
    assert isinstance(ring, Ring)
    assert (ring.to, ring.about) == ("tr", ("call-back.tr-1",))


def test_a_caller_who_gives_up_waiting_is_rung_back() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    room.ring("tr-1", peer="tr")
    assert room.say(HangUp, "tr-1", peer="tr", outcome=CallOutcome.NO_ANSWER) == []
    *_, ring = room.say(HangUp, call_id, outcome=CallOutcome.DROPPED)
    assert isinstance(ring, Ring)
    assert ring.about == ("call-back.tr-1",)


def test_a_caller_who_gives_up_just_when_we_answer_is_rung_back() -> None:
    room = Room(rules=THREE)
    assert kinds(room.ring("tr-1", peer="tr")) == [Answer]
    (ring,) = room.say(HangUp, "tr-1", peer="tr", outcome=CallOutcome.NO_ANSWER)
    assert isinstance(ring, Ring)
    assert ring.about == ("call-back.tr-1",)


def test_who_rings_back_in_vain_is_rung_about_what_they_were_to_be_told() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    room.want("for-tr", peer="tr", not_before=DAWN + timedelta(hours=1))
    room.ring("tr-1", peer="tr", about=("call-back.us-0-c0",))
    room.at(LONGEST_WAIT_S)
    *_, ring = room.say(HangUp, call_id, outcome=CallOutcome.DROPPED)
    assert isinstance(ring, Ring)
    assert (ring.to, ring.about) == ("tr", ("for-tr",))


def test_a_side_that_leads_leaves_the_rest_for_another_call_when_somebody_waits() -> None:
    room = Room(rules=THREE)
    talking(room, "a", "b")
    room.ring("tr-1", Reason.INCIDENT, peer="tr")
    room.desk.note_done(ItemDone("a"))
    assert kinds(room.turn()) == [HangUp, CallEnded, Answer]
    room.say(HangUp, "tr-1", peer="tr", outcome=CallOutcome.COMPLETED)
    assert room.desk.call is not None
    assert room.desk.call.about == ("b",)


def test_who_waits_does_not_wait_for_a_peer_that_leaves_the_network() -> None:
    room = Room(rules=THREE)
    call_id = talking(room)
    room.ring("tr-1", peer="tr")
    room.desk.lose_peer(PeerDown("tr"))
    assert kinds(room.say(HangUp, call_id, outcome=CallOutcome.DROPPED)) == [CallEnded]


def test_nobody_is_answered_or_told_anything_while_there_is_no_tone() -> None:
    room = Room(rules=THREE, roster=circuit_down(0.5, 5))
    talking(room)
    room.ring("tr-1", peer="tr")
    said = [*room.at(30), *room.at(LONGEST_WAIT_S), *room.at(200)]
    assert set(kinds(said)) == {CallEnded}


def test_a_person_at_the_desk_sees_one_ring_at_a_time() -> None:
    room = Room(rules=TWO_LINES)
    talking(room)
    room.seat.take(Sitting(sitting="s" * 16, operator="Col. X"), DAWN + timedelta(hours=1))
    assert kinds(room.ring("tr-1", peer="tr")) == [Busy]
    assert [item.ref for item in room.desk.waiting] == ["call-back.tr-1"]


def test_who_waits_when_a_person_takes_the_desk_hears_busy() -> None:
    room = Room(rules=THREE)
    talking(room)
    room.ring("tr-1", peer="tr")
    room.seat.take(Sitting(sitting="s" * 16, operator="Col. X"), DAWN + timedelta(hours=1))
    room.desk.relieve()
    assert kinds(room.turn()) == [Busy]


# Who gives way -------------------------------------------------------------------------------------------


def test_a_ring_that_is_not_answered_gives_way_to_a_lower_one_after_a_while() -> None:
    room = Room(rules=THREE)
    room.want("mine")
    assert kinds(room.at(20)) == [Ring]
    assert room.ring("a", peer="tr") == []
    said = room.at(20 + TIMING.ring_s / 4)
    assert kinds(said) == [HangUp, CallEnded, Answer]
    assert outcomes(said) == [CallOutcome.BUSY]


def test_a_ring_does_not_give_way_to_a_higher_one() -> None:
    room = Room(rules=THREE)
    room.want("mine")
    assert kinds(room.at(20)) == [Ring]
    room.ring("z", peer="tr")
    assert room.at(20 + TIMING.ring_s / 2) == []
    assert kinds(room.say(Answer, "us-0-c1")) == []


@pytest.mark.parametrize("more", [{"reason": Reason.EMERGENCY}, {"tier": Tier.CHIEFS}])
def test_a_ring_gives_way_to_a_more_urgent_one_at_once(more: dict[str, Any]) -> None:
    room = Room(rules=THREE)
    room.want("mine")
    assert kinds(room.at(20)) == [Ring]
    assert kinds(room.ring("z", peer="tr", **more)) == [HangUp, CallEnded, Answer]


def test_where_each_rings_the_next_one_gives_way_and_all_get_through() -> None:
    rooms = {party: Room(think_s=4, rules=THREE, party=party) for party in THREE.parties}
    for party, peer in zip(THREE.parties, (*THREE.parties[1:], THREE.parties[0]), strict=True):
        rooms[party].want(f"of-{party}", Reason.INCIDENT, peer=peer)  # rung about at once
    calls = play(rooms, seconds=600)
    answered = [call for call in calls if call.answered_at is not None]
    assert len(calls) - len(answered) <= 2
    assert {frozenset((call.source, call.callee)) for call in answered} == {*map(frozenset, combinations(rooms, 2))}
    assert all(room.opened == [f"of-{party}"] for party, room in rooms.items())


def play(rooms: dict[str, Room], seconds: int) -> list[CallEnded]:
    """What is said reaches the others at once, and each item takes ten seconds; returns the calls."""
    ended: list[CallEnded] = []
    done_at: dict[str, int] = {}
    for second in range(seconds):
        said = [message for room in rooms.values() for message in room.at(second)]
        for party, room in rooms.items():
            current = room.desk.call.current if room.desk.call is not None else None
            if current is not None and second >= done_at.setdefault(party, second + 10):
                del done_at[party]
                room.desk.note_done(ItemDone(current.ref))
                said += room.turn()
        while said:
            message = said.pop(0)
            if isinstance(message, CallEnded):
                ended.append(message)
            elif isinstance(message, OnCall):
                said += rooms[message.to].hear(message)
    return ended


# Pauses --------------------------------------------------------------------------------------------------


def pause_after_busy(rules: Agreement, party: str) -> float:
    room = Room(rules=rules, party=party)
    peer = next(name for name in rules.parties if name != party)
    room.want("mine", Reason.INCIDENT, peer=peer)
    room.turn()
    room.say(Busy, f"{party}-0-c1", peer=peer)
    return room.until_it_rings()


def test_among_three_no_two_sides_ring_again_after_the_same_pause() -> None:
    pauses = [pause_after_busy(THREE, party) for party in THREE.parties]
    assert len(set(pauses)) == len(pauses)
    assert min(pauses) >= TIMING.redial_s
    assert pauses == [pause_after_busy(THREE, party) for party in THREE.parties]


def test_between_two_the_pause_is_the_agreed_one() -> None:
    assert [pause_after_busy(agreement(), party) for party in ("us", "ru")] == [TIMING.redial_s] * 2


# Lines ---------------------------------------------------------------------------------------------------


def test_on_two_lines_two_calls_are_in_progress() -> None:
    room = Room(rules=TWO_LINES)
    call_id = talking(room)
    assert kinds(room.ring("tr-1", peer="tr")) == [Answer]
    assert [call.id for call in room.desk.lines.calls] == [call_id, "tr-1"]
    room.say(HangUp, "tr-1", peer="tr", outcome=CallOutcome.COMPLETED)
    assert [call.id for call in room.desk.lines.calls] == [call_id]


def test_with_one_peer_there_is_one_call_on_however_many_lines() -> None:
    room = Room(rules=TWO_LINES)
    talking(room)
    room.want("b", tier=Tier.CHIEFS)
    assert room.turn() == []
    assert kinds(room.ring("ru-1")) == [Busy]


def test_silence_ends_the_call_in_which_it_is_silent() -> None:
    room = Room(rules=TWO_LINES)
    call_id = talking(room)
    room.at(100)
    room.ring("tr-1", peer="tr")
    assert kinds(room.at(TIMING.silence_s)) == [HangUp, CallEnded]
    assert [call.id for call in room.desk.lines.calls] == ["tr-1"]
    assert room.lost == [call_id]


def test_the_usual_number_of_lines_does_not_change_the_digest_of_an_agreement() -> None:
    assert agreement().lines_of_each == 1
    assert TWO_LINES.lines_of_each == 2
    assert agreement(lines=1).digest == agreement().digest
    assert agreement(parties=("us", "ru", "tr"), lines=2).digest == TWO_LINES.digest
    assert THREE.digest != TWO_LINES.digest


@pytest.mark.parametrize("lines", [0, 9, '"two"'])
def test_an_impossible_number_of_lines_is_refused(lines: object) -> None:
    with pytest.raises(AgreementError, match="lines"):
        read_agreement(f'name = "x"\nparties = ["us", "ru"]\nlines = {lines}\naltitude_blocks = []\ntiers = []\n')
