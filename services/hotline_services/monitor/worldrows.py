"""Rows of what happens about the line: in the sky, in how strained the sides are, and where the line runs.

Each is made of one message alone, and so is the same whatever the order in which messages come.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.decay import Decay
from hotline_protocol.events import ReviewEnded, Stage, StateLost, StrainChanged
from hotline_protocol.message import Message
from hotline_protocol.sky import Encountered, FlightFlown, Flyer, Grade, LineCrossed, ZoneEntered

from .rows import Row

THE_LINE: Final = "line"


class CrossingRow(Row, frozen=True, kw_only=True):
    """A flight that crossed the line, or entered the zone named by ``what``.

    ``side`` answers for it (empty: nobody does); ``conforming`` is as planned and with the consent that it needed.
    """

    table: ClassVar[str] = "crossings"

    at: datetime | None = None
    what: str = ""
    side: str = ""
    operator: str = ""
    callsign: str = ""
    plan_id: str = ""
    announced: bool = True
    outbound: bool = True
    conforming: bool = True
    position: Position | None = None
    altitude_ft: float = 0.0


class EncounterRow(Row, frozen=True, kw_only=True):
    """Two aircraft that lost separation, at the time at which they were closest."""

    table: ClassVar[str] = "encounters"

    at: datetime | None = None
    grade: Grade | None = None
    one: str = ""
    one_side: str = ""
    other: str = ""
    other_side: str = ""
    horizontal_nm: float = 0.0
    vertical_ft: float = 0.0
    lasted_s: float = 0.0
    position: Position | None = None
    altitude_ft: float = 0.0


class FlightRow(Row, frozen=True, kw_only=True):
    """A flight as it was flown."""

    table: ClassVar[str] = "flights"

    at: datetime | None = None
    side: str = ""
    operator: str = ""
    callsign: str = ""
    plan_id: str = ""
    announced: bool = True
    began_at: datetime | None = None
    conforming_share: float = 1.0
    longest_excursion_s: float = 0.0
    deviation: str = ""


class LossRow(Row, frozen=True, kw_only=True):
    """A service has lost the end of its journal, and goes on in another epoch."""

    table: ClassVar[str] = "losses"

    at: datetime | None = None
    party: str = ""
    lost_epoch: str = ""
    last_seq: int = 0
    epoch: str = ""
    reason: str = ""


class StrainRow(Row, frozen=True, kw_only=True):
    """One step of a side's escalation model, with the sum that was done."""

    table: ClassVar[str] = "strain"

    at: datetime | None = None
    party: str = ""
    peer: str = ""
    model: str = ""
    before: float = 0.0
    after: float = 0.0
    stage: Stage | None = None
    because: str = ""
    arithmetic: str = ""
    cause: str = ""
    decay: Decay | None = None


class ReviewRow(Row, frozen=True, kw_only=True):
    """A line review that has ended; ``offsets_nm`` is how far the line moved at each control point."""

    table: ClassVar[str] = "reviews"

    at: datetime | None = None
    party: str = ""
    peer: str = ""
    agreed: bool = False
    rounds: int = 0
    offsets_nm: tuple[float, ...] = ()
    reason: str = ""


def _who(flyer: Flyer) -> dict[str, Any]:
    return {
        "side": flyer.side or "",
        "operator": flyer.operator,
        "callsign": flyer.callsign,
        "plan_id": flyer.plan_id,
        "announced": flyer.announced,
    }


def _crossing(message: LineCrossed | ZoneEntered) -> CrossingRow:
    return CrossingRow(
        key=message.id,
        at=message.time,
        what=message.zone if isinstance(message, ZoneEntered) else THE_LINE,
        **_who(message.flyer),
        outbound=message.outbound if isinstance(message, LineCrossed) else True,
        conforming=message.conforming,
        position=message.at,
        altitude_ft=message.altitude_ft,
    )


def _encounter(message: Encountered) -> EncounterRow:
    return EncounterRow(
        key=message.id,
        at=message.time,
        grade=message.grade,
        one=message.one.callsign,
        one_side=message.one.side or message.one.operator,
        other=message.other.callsign,
        other_side=message.other.side or message.other.operator,
        horizontal_nm=message.horizontal_nm,
        vertical_ft=message.vertical_ft,
        lasted_s=(message.ended_at - message.began_at).total_seconds(),
        position=message.at,
        altitude_ft=message.altitude_ft,
    )


def _flight(message: FlightFlown) -> FlightRow:
    return FlightRow(
        key=message.id,
        at=message.time,
        **_who(message.flyer),
        began_at=message.began_at,
        conforming_share=message.conforming_share,
        longest_excursion_s=message.longest_excursion_s,
        deviation=message.deviation,
    )


def _loss(message: StateLost) -> LossRow:
    return LossRow(
        key=message.id,
        at=message.time,
        party=message.source,
        lost_epoch=message.lost_epoch,
        last_seq=message.last_seq,
        epoch=message.epoch,
        reason=message.reason,
    )


def _strain(message: StrainChanged) -> StrainRow:
    return StrainRow(
        key=message.id,
        at=message.time,
        party=message.source,
        peer=message.peer,
        model=message.model,
        before=message.before,
        after=message.after,
        stage=message.stage,
        because=message.because,
        arithmetic=message.arithmetic,
        cause=message.cause or "",
        decay=None if message.decay is msgspec.UNSET else message.decay,
    )


def _review(message: ReviewEnded) -> ReviewRow:
    return ReviewRow(
        key=message.id,
        at=message.time,
        party=message.source,
        peer=message.peer,
        agreed=message.agreed,
        rounds=message.rounds,
        offsets_nm=message.offsets_nm,
        reason=message.reason,
    )


WORLD_ROWS: Final[tuple[type[Row], ...]] = (CrossingRow, EncounterRow, FlightRow, LossRow, StrainRow, ReviewRow)
ROW_OF: Final[dict[type[Message], Callable[[Any], Row]]] = {
    LineCrossed: _crossing,
    ZoneEntered: _crossing,
    Encountered: _encounter,
    FlightFlown: _flight,
    StateLost: _loss,
    StrainChanged: _strain,
    ReviewEnded: _review,
}
"""How the row of each of these messages is made."""
