"""What a centre makes of what it sees and of what is announced."""

from hotline_protocol.airspace import Position
from hotline_protocol.events import EscalationKind, InputRejected, LineAnnounced
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import AnnouncedState, AnnounceLine, ReportSighting, SightingKind
from hotline_protocol.line import Noted, Protest, Reason, Ring

from .joined import ON_THE_LINE, Joined, plan


def sighting(world: Joined, kind: SightingKind, by: str = "ru", at: Position = ON_THE_LINE) -> None:
    world.tell("us", ReportSighting, kind=kind, by=by, at=at, seen_at=world.now)


def test_a_crossing_that_was_seen_is_protested_and_noted() -> None:
    world = Joined()
    sighting(world, SightingKind.LINE_CROSSING)
    assert len(world.all(Protest)) == len(world.all(Noted)) == 1
    assert [event.source for event in world.escalations(EscalationKind.SIGHTING)] == ["us"]
    assert [event.source for event in world.escalations(EscalationKind.PROTEST)] == ["ru"]
    assert world.all(Ring)[0].reason is Reason.PROTEST


def test_a_crossing_that_was_agreed_is_no_incident() -> None:
    world = Joined()
    world.file("ru", plan("ru-1"))
    world.run(minutes=190)
    sighting(world, SightingKind.LINE_CROSSING)
    assert world.all(Protest) == []


def test_a_sighting_of_a_stranger_names_the_field() -> None:
    world = Joined()
    sighting(world, SightingKind.CLOSE_APPROACH, by="elsewhere")
    (rejected,) = world.all(InputRejected)
    assert (rejected.problem.code, rejected.problem.field) == ("unknown-party", "by")


def test_an_announced_suspension_does_not_stop_the_phone_from_being_answered() -> None:
    world = Joined()
    world.tell("ru", AnnounceLine, state=AnnouncedState.SUSPENDED, statement="from midnight")
    world.file("us", plan("near"))
    assert [event.state for event in world.all(LineAnnounced)] == [AnnouncedState.SUSPENDED]
    assert world.status("near").state is PlanState.ACCEPTED
