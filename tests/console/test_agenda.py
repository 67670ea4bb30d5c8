"""What calls and what waits are about, as the person at the desk is told of it."""

from typing import Any

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.examples_story import CALL, MENU, at
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, SightingKind
from hotline_protocol.line import Advise, Noted, Protest, Reason, Ring, Tier
from hotline_protocol.message import Author
from hotline_protocol.orders import Waiting
from hotline_services.console.desk.desk_view import Matter
from hotline_services.console.desk.sentences import status_lines
from hotline_services.monitor.worldlog import place

from .fake import FakeDesk

THERE = Position(40.06, 35.27)
STOP = Advice(kind=AdviceKind.STOP_REQUEST, at=THERE, start=at(0), end=at(60), statement="Stop.")
NAMED = f'a stop request at {place(THERE)}: "Stop."'
OBJECTED = f'a protest against line crossing at {place(THERE)}: "Stop."'
WAITS: dict[str, Any] = {"peer": "us", "reason": Reason.INCIDENT, "tier": Tier.DUTY_OFFICER, "not_before": at(0)}


def found(*waiting: Waiting) -> FakeDesk:
    """A desk at which this waited when the seat was taken."""
    desk = FakeDesk()
    desk.hear(msgspec.structs.replace(desk.taken(), waiting=waiting))
    return desk


def ring(desk: FakeDesk, *about: str) -> str:
    manner: dict[str, Any] = {"reason": Reason.INCIDENT, "tier": Tier.DUTY_OFFICER}
    (told,) = [
        notice.text
        for notice in desk.hear(desk.ru.say(Ring, desk.time, to="us", call_id=CALL, about=about, **manner))
        if notice.matter is Matter.CALL
    ]
    return told


def to_be_talked_over(desk: FakeDesk) -> list[str]:
    return [line for line in status_lines(desk.view, desk.time) if line.startswith("To be talked over")]


def test_a_ring_of_ours_tells_what_waited_when_the_seat_was_taken() -> None:
    told = ring(found(Waiting(ref="director-3", advice=STOP, **WAITS)), "director-3")
    assert told == f"Ringing US about {NAMED} (incident, duty officer); it rings until 09:01:00Z."


def test_a_ring_of_ours_tells_what_came_to_the_desk_since_and_that_there_is_more() -> None:
    desk = found()
    told = Author("director").say(PassAdvice, desk.time, to="ru", peer="us", advice=STOP)
    desk.hear(told)
    assert f"Ringing US about {NAMED}; and 1 more (" in ring(desk, told.id, "ru-n1")


def test_what_waits_is_listed_until_it_is_understood() -> None:
    seen = msgspec.structs.replace(STOP, kind=AdviceKind.INQUIRY)
    desk = found(
        Waiting(ref="director-3", advice=STOP, **WAITS),
        Waiting(ref="director-4", advice=seen, protests=SightingKind.LINE_CROSSING, **WAITS),
        Waiting(ref="ru-n1", plan_id="ru-7", **WAITS),
    )
    assert to_be_talked_over(desk) == [
        f"To be talked over with US: {NAMED} (incident, duty officer).",
        f"To be talked over with US: {OBJECTED} (incident, duty officer).",
        "To be talked over with US: your ru-7, ru-n1 (incident, duty officer).",
    ]
    said = desk.ru.say(Advise, desk.time, to="us", call_id=CALL, advice=STOP)
    protest: dict[str, Any] = {"kind": SightingKind.LINE_CROSSING, "at": THERE, "seen_at": at(0), "statement": "Stop."}
    objected = desk.ru.say(Protest, desk.time, to="us", call_id=CALL, **protest)
    for each in (said, objected):
        desk.hear(each, desk.us.say(Noted, desk.time, cause=each.id, to="ru", call_id=CALL))
    assert len(to_be_talked_over(desk)) == 1


def test_what_is_to_be_talked_over_cannot_steer_a_terminal() -> None:
    desk = found(Waiting(ref="x", advice=msgspec.structs.replace(STOP, statement="\x1b[2J"), **WAITS))
    desk.hear(desk.ru.say(Ring, desk.time, to="us", call_id=CALL, about=("x",), reason=Reason.ADVICE, tier=Tier.CHIEFS))
    assert all(line.isprintable() for line in status_lines(desk.view, desk.time))


def test_a_ring_of_theirs_about_what_has_been_laid_before_the_person_names_it() -> None:
    desk = found()
    desk.hear(desk.asked())
    (told,) = [notice.text for notice in desk.hear(desk.ring()) if notice.matter is Matter.RINGS]
    wanted = f"{MENU.sectors[0].name} · FL240-260 · on time"
    assert f"The phone rings: US about the tanker that US asks for ({wanted}) (" in told


def test_a_ring_of_theirs_about_what_nobody_has_told_of_names_no_reference() -> None:
    desk = found()
    (told,) = [notice.text for notice in desk.hear(desk.ring()) if notice.matter is Matter.RINGS]
    assert told.startswith("The phone rings: US (short notice, duty officer); it rings until")
