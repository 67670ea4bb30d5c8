"""Changes of plans that name only what is changed: from the page, the desk, and ICAO messages."""

from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from hotline_protocol.flightplan import HIGHEST_VERSION, OVER, FlightPlan
from hotline_protocol.icao_changes import Change, read_change
from hotline_protocol.icao_filed import Flight, at_off_block, flight_of, later, with_fields
from hotline_protocol.icao_fpl import read_fpl
from hotline_protocol.injection import ChangePlan, FileMessage, Injected

from .filed import Filed
from .internal import FlightLanded, VersionFiled
from .plans import PlanBook
from .rejections import Rejections
from .voice import Voice

NAMED: Final = ("start", "end", "area", "lower_ft", "upper_ft", "priority", "remarks")
MOVED: Final = ("area", "lower_ft", "upper_ft")
READ: Final = ("callsign", "kind", "priority", "aircraft_type", "remarks")
"""What is read from an ICAO message beside the air and the times."""


class Changing:
    """Makes the next version of a plan from what is known of it."""

    def __init__(self, book: PlanBook, rejections: Rejections, voice: Voice) -> None:
        self._book: Final = book
        self._rejections: Final = rejections
        self._voice: Final = voice

    def change(self, order: ChangePlan) -> None:
        """Make a new version in which what the order names is so."""
        filed = self._book.find(order.plan_id)
        if filed is None:
            self._rejections.reject(order, "unknown-plan", "plan_id", f"no plan has the id {order.plan_id}")
        elif filed.state in OVER:
            reason = f"{order.plan_id} is {filed.state.value}: a plan that is over cannot be changed"
            self._rejections.reject(order, "plan-over", "plan_id", reason)
        else:
            self._submit(order, filed, lambda plan: changed(plan, order))

    def hear(self, order: FileMessage) -> None:
        """Do what this ICAO message says of the plan that it names."""
        body = " ".join(order.text.upper().split()).strip("()")
        change = read_change(body)
        if change.problems:
            problem = change.problems[0]
            self._rejections.reject(order, problem.code, problem.field, problem.reason)
            return
        found = self._named(change)
        if len(found) != 1:
            reason = f"no plan is known that was filed as {change.named}" if not found else _ambiguous(change, found)
            self._rejections.reject(order, "unknown-plan", "field 7", f"{change.kind}: {reason}")
            return
        ((filed, flight),) = found
        if change.kind == "ARR":
            self._voice.tell(FlightLanded(filed))
        else:
            self._submit(order, filed, lambda plan: _by_message(plan, change, flight))

    def _named(self, change: Change) -> list[tuple[Filed, Flight]]:
        flights = [(filed, self._flight(filed)) for filed in self._book.plans.values() if filed.state not in OVER]
        return [(filed, flight) for filed, flight in flights if flight is not None and _names(change, filed, flight)]

    def _flight(self, filed: Filed) -> Flight | None:
        return _flight_of(self._book.newest(filed))

    def _submit(self, order: Injected, filed: Filed, make: "Maker") -> None:
        plan = self._book.newest(filed)
        try:
            new = make(plan)
        except ChangeError as error:
            self._rejections.reject(order, "bad-change", error.field, str(error))
            return
        version = self._book.next_version(filed)
        if version > HIGHEST_VERSION:
            reason = f"version {version - 1:,} of {plan.plan_id} is the highest there may be: cancel it and file anew"
            self._rejections.reject(order, "no-more-versions", "plan_id", reason)
            return
        self._voice.tell(VersionFiled(msgspec.structs.replace(new, plan_id=plan.plan_id, version=version)))


class Maker(Protocol):
    """Makes a plan of another. Raises ChangeError."""

    def __call__(self, plan: FlightPlan, /) -> FlightPlan: ...


class ChangeError(ValueError):
    """A change cannot be made; the message says why, and ``field`` is what it is about."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field: Final = field


def changed(plan: FlightPlan, order: ChangePlan) -> FlightPlan:
    """The plan with what the order names. Raises ChangeError."""
    fields: dict[str, Any] = {name: value for name in NAMED if (value := getattr(order, name)) is not None}
    if not fields and not order.shift_min:
        raise ChangeError("plan_id", "nothing is named that is to be changed")
    start, end = fields.get("start", plan.start), fields.get("end", plan.end)
    fields |= {"start": _shifted(start, order.shift_min), "end": _shifted(end, order.shift_min)}
    return _with_icao(msgspec.structs.replace(plan, **fields), plan)


def _shifted(at: datetime, minutes: int) -> datetime:
    try:
        return at + timedelta(minutes=minutes)
    except OverflowError as error:
        raise ChangeError("shift_min", "it would go on beyond the end of the calendar") from error


def _with_icao(new: FlightPlan, old: FlightPlan) -> FlightPlan:
    """The new plan without the message that it was filed as, where that does not say the same any more."""
    if old.icao is msgspec.UNSET:
        return new
    shift = new.start - old.start
    is_as_filed = all(getattr(new, name) == getattr(old, name) for name in MOVED) and new.end - old.end == shift
    return msgspec.structs.replace(new, icao=later(old.icao, shift) if is_as_filed else msgspec.UNSET)


def _flight_of(plan: FlightPlan) -> Flight | None:
    return None if plan.icao is msgspec.UNSET else flight_of(plan.icao)


def _names(change: Change, filed: Filed, flight: Flight) -> bool:
    """Whether the message means this plan: as it is wanted now, or by the EOBT before bargaining moved it."""
    before = None if filed.moved is None else _flight_of(filed.plan)
    return change.names(flight) or (before is not None and change.names(before))


def _by_message(plan: FlightPlan, change: Change, flight: Flight) -> FlightPlan:
    """The plan with what the message changes in it. Raises ChangeError."""
    icao = plan.icao if plan.icao is not msgspec.UNSET else ""
    off_block = change.off_block(flight)
    message = with_fields(icao, change.fields) if change.kind == "CHG" else at_off_block(icao, off_block)
    (before,), (after,) = read_fpl(icao, flight.off_block), read_fpl(message, flight.off_block)
    if after.plan is None:
        raise ChangeError(after.problems[0].field, f"{change.kind}: {after.problems[0].reason}")
    if before.plan is None:
        return msgspec.structs.replace(after.plan, flexibility=plan.flexibility, operator=plan.operator)
    return _with_differences(plan, before.plan, after.plan)


def _with_differences(plan: FlightPlan, before: FlightPlan, after: FlightPlan) -> FlightPlan:
    """The plan with what differs between two readings of its message: the rest stays as bargaining has moved it."""
    words = {name: new for name in READ if (new := getattr(after, name)) != getattr(before, name)}
    air = {name: getattr(after, name) for name in MOVED}
    is_elsewhere = any(new != getattr(before, name) for name, new in air.items())
    start, end = plan.start + (after.start - before.start), plan.end + (after.end - before.end)
    fields = {**words, **(air if is_elsewhere else {}), "start": start, "end": end, "icao": after.icao}
    return msgspec.structs.replace(plan, **fields)


def _ambiguous(change: Change, found: list[tuple[Filed, Flight]]) -> str:
    ids = ", ".join(filed.plan.plan_id for filed, _ in found)
    return f"several plans were filed as {change.named}: {ids}; name the day by DOF in field 18"
