"""A flight that needs the consent of several parties: each is asked, and what it flies without is on record."""

from datetime import datetime, timedelta
from typing import Any

from hotline_protocol.agreement import Zone
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import Escalated, EscalationKind, NegotiationEnded, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import DeclareEmergency, SubmitPlan
from hotline_protocol.message import Author, Message
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import Posture
from hotline_services.simulation.chance import Chance

from .joined import DAWN, agreement, config, plan

SHARED = Zone(name="shared", area=Circle(centre=Position(40.8, 35.2), radius_nm=20))


class Alone:
    """A centre whose two peers never answer."""

    def __init__(self, posture: Posture = Posture()) -> None:
        rules = agreement(parties=("us", "ru", "tr"), zones=(SHARED,), line=None)
        self.centre = Centre("us", config(posture=posture), rules, epoch="0", chance=Chance(1))
        self.outside = Author("control")
        self.now: datetime = DAWN
        self.said: list[Message] = []

    def tell(self, kind: type[Message], **fields: Any) -> None:
        self.said += self.centre.receive(self.outside.say(kind, self.now, to="us", **fields), self.now)

    def run(self, hours: float) -> None:
        until = self.now + timedelta(hours=hours)
        while (due := self.centre.next_deadline) is not None and due <= until:
            self.now = due
            self.said += self.centre.lapse(due)
        self.now = until

    def crossed(self) -> list[str]:
        kind = EscalationKind.CROSSING_WITHOUT_CONSENT
        return [event.peer for event in self.said if isinstance(event, Escalated) and event.kind is kind]


def in_distress(hours: float) -> Alone:
    alone = Alone()
    alone.tell(SubmitPlan, plan=plan("p1", SHARED.area.centre, hours=1, lasts=6))  # type: ignore[union-attr]
    alone.tell(DeclareEmergency, plan_id="p1")
    alone.run(hours)
    return alone


def test_a_flight_in_distress_is_at_once_on_record_with_those_who_are_asked_later() -> None:
    assert in_distress(0).crossed() == ["tr"]


def test_a_flight_in_distress_asks_each_of_them_whatever_the_first_says() -> None:
    alone = in_distress(6)
    asked = [message.responder for message in alone.said if isinstance(message, NegotiationEnded)]
    assert asked[-2:] == ["ru", "tr"]
    assert alone.crossed()[:2] == ["tr", "ru"]


def test_a_flight_without_consent_that_began_and_ended_while_its_centre_was_away_has_ended() -> None:
    bold = Alone(Posture(flies_without_consent=True))
    bold.tell(SubmitPlan, plan=plan("p1", SHARED.area.centre, hours=1, lasts=0.1))  # type: ignore[union-attr]
    bold.now += timedelta(hours=2)
    bold.said += bold.centre.lapse(bold.now)
    states = [message.state for message in bold.said if isinstance(message, PlanStatus)]
    assert states[-2:] == [PlanState.NONCONFORMING, PlanState.ENDED]
    assert bold.crossed() == ["ru", "tr"]
