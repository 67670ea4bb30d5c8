"""Rows of what is true for the time being: what is in the air, where the line runs, which officers are there.

Each holds the newest of what was said, by its author's own stamp, and so is the same whatever the order of messages.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from hotline_protocol.airspace import Position
from hotline_protocol.events import LineMoved, PresenceChanged
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.line import Tier
from hotline_protocol.message import Message
from hotline_protocol.sky import ConformanceChanged, Fix, FlightBegan, FlightFlown, Flyer, PathChanged, Track

from .rows import Row

SkyWord = FlightBegan | PathChanged | ConformanceChanged | FlightFlown


class AirborneRow(Row, frozen=True, kw_only=True):
    """A flight in the air, or one that was: it flies ``path``, whose first fix it passes at ``path_at``."""

    table: ClassVar[str] = "airborne"
    when: ClassVar[str] = "began_at"

    side: str = ""
    operator: str = ""
    callsign: str = ""
    plan_id: str = ""
    announced: bool = True
    kind: FlightKind | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    path_at: datetime | None = None
    path: tuple[Fix, ...] = ()
    conforming: bool = True
    conforming_at: datetime | None = None


class TraceRow(Row, frozen=True, kw_only=True):
    """Where ``party`` holds the line to run, since a line review has moved it."""

    table: ClassVar[str] = "traces"

    party: str = ""
    at: datetime | None = None
    trace: tuple[Position, ...] = ()
    agreement: str = ""


class OfficerRow(Row, frozen=True, kw_only=True):
    """Whether the officers of one tier of ``party`` are at their desk."""

    table: ClassVar[str] = "officers"

    party: str = ""
    at: datetime | None = None
    tier: Tier | None = None
    present: bool = True
    reason: str = ""


def airborne_key(flyer: Flyer | Track) -> str:
    """What tells this flight from others: who answers for it, or flies it where nobody does, and its plan."""
    return f"{flyer.side or flyer.operator}/{flyer.plan_id}"


def with_sky_word(row: AirborneRow, message: SkyWord) -> AirborneRow:
    """What the sky says of one flight. A plan that is flown again begins anew."""
    row = _identified(row, message.flyer)
    match message:
        case FlightBegan():
            again = row.ended_at is not None and row.ended_at < message.time
            row = replace(row, began_at=message.time, kind=message.kind, ended_at=None if again else row.ended_at)
            return _with_path(row, message)
        case PathChanged():
            return _with_path(row, message)
        case ConformanceChanged():
            if row.conforming_at is None or row.conforming_at <= message.time:
                row = replace(row, conforming=message.conforming, conforming_at=message.time)
            return row
        case FlightFlown():
            return replace(row, began_at=row.began_at or message.began_at, ended_at=message.ended_at)


def _identified(row: AirborneRow, flyer: Flyer) -> AirborneRow:
    return replace(
        row,
        side=flyer.side or "",
        operator=flyer.operator,
        callsign=flyer.callsign,
        plan_id=flyer.plan_id,
        announced=flyer.announced,
    )


def _with_path(row: AirborneRow, message: FlightBegan | PathChanged) -> AirborneRow:
    if row.path_at is None or row.path_at <= message.time:
        return replace(row, path=message.path, path_at=message.time)
    return row


def with_trace(row: TraceRow, message: LineMoved) -> TraceRow:
    """The line has moved."""
    if row.at is not None and row.at > message.time:
        return row
    return TraceRow(
        key=row.key, party=message.source, at=message.time, trace=message.trace, agreement=message.agreement
    )


def with_presence(row: OfficerRow, message: PresenceChanged) -> OfficerRow:
    """Officers have come or gone."""
    if row.at is not None and row.at > message.time:
        return row
    return OfficerRow(
        key=row.key,
        party=message.source,
        at=message.time,
        tier=message.tier,
        present=message.present,
        reason=message.reason,
    )


LATEST_ROWS: Final[tuple[type[Row], ...]] = (AirborneRow, TraceRow, OfficerRow)
LATEST_OF: Final[dict[type[Message], tuple[type[Row], Callable[[Any], str], Callable[[Any, Any], Row]]]] = {
    **dict.fromkeys(
        (FlightBegan, PathChanged, ConformanceChanged, FlightFlown),
        (AirborneRow, lambda message: airborne_key(message.flyer), with_sky_word),
    ),
    LineMoved: (TraceRow, lambda message: message.source, with_trace),
    PresenceChanged: (OfficerRow, lambda message: f"{message.source}/{message.tier.value}", with_presence),
}
"""For each of these messages: the kind of its row, which one it is, and how the message changes it."""
