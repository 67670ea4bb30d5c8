"""The duty officer's desk alone: who is rung about what and when, who is answered, and how calls end."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.events import CallEnded
from hotline_protocol.line import (
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Disclose,
    HangUp,
    LineCheck,
    Reason,
    Ring,
    Tier,
)
from hotline_services.aoc.desk import WORDS_AT_ONCE
from hotline_services.aoc.internal import ItemDone, ItemDropped, PeerDown, PeerUp

from .joined import DAWN, circuit_down
from .room import TIMING, Room, kinds, talking


@given(st.permutations(range(6)))
def test_what_waits_is_ordered_by_tier_then_urgency_then_age(order: list[int]) -> None:
    room = Room()
    earlier = DAWN - timedelta(minutes=1)
    items: list[tuple[str, Reason, dict[str, Any]]] = [
        ("chiefs", Reason.ROUTINE, {"tier": Tier.CHIEFS}),
        ("distress", Reason.EMERGENCY, {}),
        ("protest", Reason.PROTEST, {}),
        ("soon", Reason.SHORT_NOTICE, {}),
        ("older", Reason.ROUTINE, {"queued_at": earlier}),
        ("newer", Reason.ROUTINE, {}),
    ]
    for number in order:
        ref, reason, changes = items[number]
        room.want(ref, reason, **changes)
    assert [item.ref for item in room.desk.waiting] == [ref for ref, _, _ in items]


def test_the_most_pressing_item_whose_time_has_come_is_rung_about() -> None:
    room = Room()
    room.want("later", Reason.EMERGENCY, not_before=DAWN + timedelta(seconds=30))
    room.want("now")
    (ring,) = room.turn()
    assert isinstance(ring, Ring)
    assert ring.reason is Reason.ROUTINE


def test_one_call_covers_what_concerns_the_same_peer_at_the_same_tier() -> None:
    room = Room()
    room.want("a")
    room.want("b", not_before=DAWN + timedelta(hours=1))
    room.want("other-peer", peer="tr")
    room.want("other-tier", tier=Tier.CHIEFS, not_before=DAWN + timedelta(hours=1))
    (ring,) = room.turn()
    assert isinstance(ring, Ring)
    assert ring.about == ("a", "b")
    room.say(Answer, ring.call_id)
    room.desk.note_done(ItemDone("a"))
    room.want("c")
    room.desk.note_done(ItemDone("b"))
    room.desk.note_done(ItemDone("c"))
    assert room.opened == ["a", "b", "c"]
    said = room.turn()
    assert kinds(said) == [HangUp, CallEnded, Ring]
    assert said[0].outcome is said[1].outcome is CallOutcome.COMPLETED  # type: ignore[attr-defined]
    assert said[1].about == ("a", "b", "c")  # type: ignore[attr-defined]
    assert said[2].to == "tr"  # type: ignore[attr-defined]


def test_an_item_with_nothing_left_to_say_is_passed_over() -> None:
    room = Room()
    room.nothing_to_say = {"a"}
    talking(room, "a", "b")
    assert room.opened == ["a", "b"]
    assert room.desk.call is not None
    assert room.desk.call.current is not None
    assert room.desk.call.current.ref == "b"


def test_what_is_taken_off_the_list_in_mid_call_makes_way_for_the_next() -> None:
    room = Room()
    talking(room, "a", "b")
    room.desk.dequeue(ItemDropped("a"))
    assert room.opened == ["a", "b"]
    room.desk.dequeue(ItemDropped("b"))
    assert kinds(room.turn()) == [HangUp, CallEnded]


def test_a_ring_is_answered_after_a_while() -> None:
    room = Room(think_s=10)
    assert room.ring("ru-1") == []
    assert kinds(room.at(4.9)) == []
    assert kinds(room.at(15)) == [Answer]
    assert room.answered == 1


def test_an_officer_who_is_too_slow_lets_it_ring_out_and_calls_back() -> None:
    room = Room(think_s=500)
    room.ring("ru-1")
    assert room.at(TIMING.ring_s) == []
    assert room.desk.call is None
    assert 250 <= room.until_it_rings() <= 750
    assert room.desk.call is not None
    assert room.desk.call.about == ("call-back.ru-1",)


def test_who_is_called_back_speaks_and_hangs_up() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    room.at(TIMING.ring_s)
    assert kinds(room.ring("ru-1", about=("call-back.us-0-c1",))) == [Answer]
    assert room.opened == ["mine"]
    room.desk.note_done(ItemDone("mine"))
    (hang_up,) = room.turn()
    assert isinstance(hang_up, HangUp)
    assert hang_up.outcome is CallOutcome.COMPLETED


def test_a_side_calls_back_once_about_the_most_urgent_call_that_it_missed() -> None:
    room = Room(think_s=500)
    for number, reason in enumerate((Reason.ROUTINE, Reason.INCIDENT, Reason.SHORT_NOTICE)):
        room.ring(f"ru-{number}", reason)
        room.say(HangUp, f"ru-{number}", outcome=CallOutcome.NO_ANSWER)
    assert [(item.ref, item.reason) for item in room.desk.waiting] == [("call-back.ru-1", Reason.INCIDENT)]


def test_who_does_not_take_a_call_back_is_left_to_ring_again() -> None:
    room = Room(think_s=500)
    room.ring("ru-1")
    rings_at = room.until_it_rings()
    room.at(rings_at + TIMING.ring_s)
    assert room.desk.waiting == ()


def test_a_second_ring_is_answered_busy_and_the_call_goes_on() -> None:
    room = Room()
    call_id = talking(room)
    assert kinds(room.ring("tr-1", peer="tr")) == [Busy]
    assert room.desk.call is not None
    assert room.desk.call.id == call_id


@pytest.mark.parametrize(
    ("theirs", "call_id", "stands"),
    [
        (Reason.EMERGENCY, "z", "z"),
        (Reason.LINE_REVIEW, "a", "us-0-c1"),
        (Reason.ROUTINE, "a", "a"),
        (Reason.ROUTINE, "z", "us-0-c1"),
    ],
)
def test_when_both_ring_the_more_urgent_call_stands_and_of_equals_the_lower_id(
    theirs: Reason, call_id: str, stands: str
) -> None:
    room = Room()
    room.want("mine")
    room.turn()
    said = room.ring(call_id, theirs)
    assert room.desk.call is not None
    assert room.desk.call.id == stands
    assert kinds(said) == ([Busy] if stands == "us-0-c1" else [CallEnded, Answer])


def test_when_both_ring_the_higher_tier_stands() -> None:
    room = Room()
    room.want("mine", Reason.EMERGENCY)
    room.turn()
    room.ring("z", Reason.ROUTINE, tier=Tier.CHIEFS)
    assert room.desk.call is not None
    assert room.desk.call.id == "z"


def test_a_side_that_has_given_way_rings_again_after_the_pause() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    room.ring("a", Reason.EMERGENCY)
    room.say(HangUp, "a", outcome=CallOutcome.COMPLETED)
    assert room.until_it_rings() == TIMING.redial_s


def test_a_busy_line_is_tried_again_after_the_pause() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    (ended,) = room.say(Busy, "us-0-c1")
    assert isinstance(ended, CallEnded)
    assert (ended.outcome, ended.answered_at) == (CallOutcome.BUSY, None)
    assert room.failed == [CallOutcome.BUSY]
    assert room.until_it_rings() == TIMING.redial_s


def test_nobody_answers_and_the_pauses_grow_up_to_a_bound() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    rings = [0.0, *(room.until_it_rings() for _ in range(6))]
    pauses = [(later - before - TIMING.ring_s) / TIMING.redial_s for before, later in pairwise(rings)]
    assert pauses == [1, 2, 4, 8, 8, 8]
    assert room.failed == [CallOutcome.NO_ANSWER] * 6


def test_about_a_flight_in_distress_the_pauses_stay_short() -> None:
    room = Room()
    room.want("mayday", Reason.EMERGENCY)
    room.turn()
    rings = [0.0, *(room.until_it_rings() for _ in range(4))]
    assert {later - before for before, later in pairwise(rings)} == {TIMING.ring_s + TIMING.redial_s}


def test_a_sign_of_life_makes_the_pauses_short_again() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    for _ in range(4):
        last = room.until_it_rings()
    room.at(last + TIMING.ring_s)
    waits = room.desk.next_deadline
    assert waits is not None
    room.desk.greet(PeerUp("ru"))
    last = room.until_it_rings()
    assert room.until_it_rings() - last == TIMING.ring_s + TIMING.redial_s


def test_a_ring_that_comes_too_late_is_not_taken() -> None:
    room = Room()
    ring = room.authors["ru"].say(Ring, DAWN, to="us", call_id="ru-1", reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER)
    room.at(2 * TIMING.ring_s + 1)
    assert room.hear(ring) == []
    assert room.desk.call is None


def test_a_ring_that_its_own_hang_up_has_overtaken_is_not_taken() -> None:
    room = Room()
    room.say(HangUp, "ru-1", outcome=CallOutcome.NO_ANSWER)
    assert room.ring("ru-1") == []


def test_nobody_can_hang_up_for_somebody_else() -> None:
    room = Room()
    room.say(HangUp, "ru-1", peer="tr", outcome=CallOutcome.NO_ANSWER)
    assert kinds(room.ring("ru-1")) == [Answer]
    room.say(HangUp, "ru-1", peer="tr", outcome=CallOutcome.COMPLETED)
    assert room.desk.call is not None


@pytest.mark.parametrize("peer", ["ru", "tr"])
def test_words_in_no_call_of_theirs_are_answered_with_hang_up(peer: str) -> None:
    room = Room()
    call_id = talking(room) if peer == "tr" else "ru-old"
    (said,) = room.say(LineCheck, call_id, peer=peer, agreement="0" * 16, heads={})
    assert isinstance(said, HangUp)
    assert (said.to, said.outcome) == (peer, CallOutcome.DROPPED)
    assert room.heard == []


def test_words_in_no_call_are_not_answered_while_there_is_no_tone() -> None:
    room = Room(roster=circuit_down(0, 5))
    assert room.say(LineCheck, "ru-old", agreement="0" * 16, heads={}) == []
    assert room.say(Answer, "us-0-c9") == []
    room.at(300)
    assert kinds(room.say(LineCheck, "ru-old", agreement="0" * 16, heads={})) == [HangUp]


def test_words_before_the_answer_change_nothing() -> None:
    room = Room()
    room.want("mine")
    room.turn()
    assert room.say(LineCheck, "us-0-c1", agreement="0" * 16, heads={}) == []
    assert room.heard == []


def test_words_are_heard_in_order_and_after_some_thought() -> None:
    room = Room(think_s=20)
    call_id = talking(room)
    disclosed: dict[str, Any] = {"negotiation_id": "n", "worth": (1.0,), "walk_away": 0.0}
    room.say(Disclose, call_id, **disclosed)
    room.say(Concur, call_id, negotiation_id="n", offer="0" * 16, hold_until=DAWN)
    assert room.heard == []
    room.at(30)
    assert [type(message) for message in room.heard] == [Disclose, Concur]


def test_silence_drops_the_call_and_what_it_was_about_waits() -> None:
    room = Room()
    call_id = talking(room, "a", "b")
    said = room.at(TIMING.silence_s)
    assert kinds(said) == [HangUp, CallEnded]
    assert said[1].outcome is CallOutcome.DROPPED  # type: ignore[attr-defined]
    assert room.lost == [call_id]
    assert room.until_it_rings() == TIMING.silence_s + TIMING.redial_s


def test_a_peer_that_leaves_the_network_drops_the_call() -> None:
    room = Room()
    talking(room)
    room.desk.lose_peer(PeerDown("tr"))
    assert room.desk.call is not None
    room.desk.lose_peer(PeerDown("ru"))
    assert kinds(room.turn()) == [HangUp, CallEnded]


def test_only_the_side_that_rang_can_complete_a_call() -> None:
    room = Room()
    call_id = talking(room)
    (ended,) = room.say(HangUp, call_id, outcome=CallOutcome.COMPLETED)
    assert isinstance(ended, CallEnded)
    assert ended.outcome is CallOutcome.DROPPED
    assert room.lost == [call_id]
    room.ring("ru-1")
    room.say(HangUp, "ru-1", outcome=CallOutcome.COMPLETED)
    assert room.lost == [call_id]


def test_who_says_endlessly_much_at_once_is_hung_up_on() -> None:
    room = Room(think_s=20)
    talking(room, "a", "b")
    for _ in range(WORDS_AT_ONCE):
        assert room.say(LineCheck, "us-0-c1", agreement="0" * 16, heads={}) == []
    assert kinds(room.say(LineCheck, "us-0-c1", agreement="0" * 16, heads={})) == [HangUp, CallEnded]
    assert room.desk.next_deadline == DAWN + timedelta(seconds=TIMING.redial_s)


def test_who_is_never_silent_does_not_keep_the_line_for_ever() -> None:
    room = Room()
    call_id = talking(room)
    seconds = 0.0
    while room.desk.call is not None and seconds < 10 * TIMING.negotiation_s:
        seconds += TIMING.silence_s - 1
        room.at(seconds)
        room.say(LineCheck, call_id, agreement="0" * 16, heads={})
    assert seconds <= 2 * TIMING.negotiation_s + TIMING.silence_s
