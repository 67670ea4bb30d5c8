"""How the sky tells what happens, and to whom it shows it."""

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from hotline_protocol.agreement import Agreement
from hotline_protocol.geometry import to_position
from hotline_protocol.injection import DeclareEmergency
from hotline_protocol.message import Message, PartyName
from hotline_protocol.sky import (
    ConformanceChanged,
    Encountered,
    FlightBegan,
    FlightFlown,
    LineCrossed,
    PathChanged,
    ZoneEntered,
)
from hotline_services.director import setting
from hotline_services.simulation.chance import Chance

from .agenda import ReportDue
from .conforming import RECOVERED_WITHIN_S, Turnover, verdict
from .deviating import AS_PLANNED
from .flight import Epoch, Flight
from .foresight import Affair, Entry, Passing
from .grading import grade
from .path import Point
from .seeing import Eyes, Report, came_close, concerns_desk, nautical_miles, seen_where_it_should_not_be
from .state import Step
from .tracking import fixes


class Account:
    """Puts into words what comes of flights, and has the sides' desks told of what they see of it."""

    def __init__(self, agreement: Agreement, sky: setting.Sky, chance: Chance, time: Epoch) -> None:
        self._separation: Final = agreement.separation
        self._parties: Final = frozenset(agreement.parties)
        self._eyes: Final = Eyes(sky, chance)
        self._time: Final = time

    def began(self, step: Step, flight: Flight) -> None:
        step.say(FlightBegan, flyer=flight.flyer, kind=flight.kind, path=fixes(flight.path))

    def departed(self, step: Step, flight: Flight) -> None:
        """It flies another way than was told when it began."""
        ahead = flight.path.since(step.now_s) if flight.path.start_s < step.now_s < flight.path.end_s else flight.path
        step.say(PathChanged, flyer=flight.flyer, path=fixes(ahead))

    def flown(self, step: Step, flight: Flight) -> None:
        share, longest_s = verdict(flight.outside, *flight.flown)
        kinds = (flight.departures or AS_PLANNED).kinds
        step.say(
            FlightFlown,
            flyer=flight.flyer,
            began_at=self._time.moment(flight.flown.start_s),
            ended_at=self._time.moment(flight.flown.end_s),
            conforming_share=round(share, 4),
            longest_excursion_s=round(longest_s, 1),
            deviation=", ".join(kind.value for kind in kinds),
        )

    def distress(self, step: Step, flight: Flight) -> None:
        """The crew calls its centre; a flight that its centre does not know calls in vain."""
        if flight.flyer.announced and flight.flyer.side in self._parties:
            step.say(DeclareEmergency, to=flight.flyer.side, plan_id=flight.flyer.plan_id)

    def turned_over(self, step: Step, flight: Flight, turnover: Turnover) -> None:
        at = flight.path.at(turnover.t_s)
        beyond = f": more than the {RECOVERED_WITHIN_S:.0f} s within which it should have been back"
        detail = f"outside for {turnover.outside_s:,.0f} s" if turnover.outside_s else ""
        step.say(
            ConformanceChanged,
            flyer=flight.flyer,
            conforming=turnover.conforming,
            **_where(at),
            detail=detail + (beyond if turnover.outside_s > RECOVERED_WITHIN_S else ""),
        )

    def crossed(self, step: Step, flight: Flight, passing: Passing) -> None:
        outbound = passing.into not in (None, flight.flyer.side)
        at = flight.path.at(passing.t_s)
        event = step.say(
            LineCrossed,
            flyer=flight.flyer,
            outbound=outbound,
            conforming=_has_right(flight, passing.t_s),
            **_where(at),
        )
        if outbound and passing.into is not None:
            self._show(step, flight, [passing.into], passing.t_s, event, "over the line")

    def entered(self, step: Step, flight: Flight, entry: Entry, concerned: Iterable[PartyName]) -> None:
        event = step.say(
            ZoneEntered,
            flyer=flight.flyer,
            zone=entry.zone,
            conforming=_has_right(flight, entry.t_s),
            **_where(entry.at),
        )
        self._show(step, flight, concerned, entry.t_s, event, f"in {entry.zone}")

    def met(self, step: Step, one: Flight, two: Flight, affair: Affair, *, high: bool) -> None:
        a, b = one.path.at(affair.closest_s), two.path.at(affair.closest_s)
        half_way = Point((a.x_m + b.x_m) / 2, (a.y_m + b.y_m) / 2, (a.z_ft + b.z_ft) / 2)
        horizontal_nm, vertical_ft = nautical_miles(affair.horizontal_m), round(affair.vertical_ft, 1)
        known = one.flyer.announced and two.flyer.announced
        fields: dict[str, Any] = {
            "one": one.flyer,
            "other": two.flyer,
            "grade": grade(horizontal_nm, vertical_ft, self._separation, high=high, known=known),
            "began_at": self._time.moment(affair.began_s),
            "ended_at": self._time.moment(affair.ended_s),
            "horizontal_nm": horizontal_nm,
            "vertical_ft": vertical_ft,
            **_where(half_way),
        }
        event = step.say(Encountered, **fields)
        seen_at = affair.closest_s
        for flyer, other in ((one.flyer, two.flyer), (two.flyer, one.flyer)):
            if flyer.side in self._parties and concerns_desk(event, flyer, other):
                name = "/".join((*one.key, *two.key))
                self._report(step, flyer.side, name, seen_at, event, came_close(event, other))

    def _show(
        self,
        step: Step,
        flight: Flight,
        to: Iterable[PartyName],
        t_s: float,
        event: LineCrossed | ZoneEntered,
        where: str,
    ) -> None:
        """Each side takes one look at a flight that is where it should not be: it reports it once, or not at all."""
        for party in to:
            if party != flight.flyer.side and party not in flight.noticed_by:
                flight = step.put(replace(flight, noticed_by=(*flight.noticed_by, party)))
                report = seen_where_it_should_not_be(event, where)
                self._report(step, party, "/".join(flight.key), t_s, event, report)

    def _report(self, step: Step, to: PartyName, name: str, seen_s: float, event: Message, report: Report) -> None:
        """Tell this side's desk, in a while, if it has been seen at all."""
        after = self._eyes.reported_after(to, name)
        if after is not None:
            due = ReportDue(to, event.id, self._time.moment(seen_s), report)
            step.state.agenda.put(event.time + after, due)


def _where(at: Point) -> dict[str, Any]:
    return {"at": to_position((at.x_m, at.y_m)), "altitude_ft": float(round(at.z_ft))}


def _has_right(flight: Flight, t_s: float) -> bool:
    """Whether it is to be there: told to a centre, with the consents that it needs, and in its air."""
    return flight.flyer.announced and flight.consented and not flight.is_outside(t_s)
