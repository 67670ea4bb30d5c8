"""How things are named on maps, for a person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Position, Volume4D
from hotline_services.monitor.rows import AgreementRow, EscalationRow, PlanRow, utc
from hotline_services.monitor.wording import date_time_group, heights, words
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow

from .story import Story

ILLUSTRATIVE: Final = "illustrative: the coordinates of the real line were never published"


COLOURS: Final = (
    (31, 111, 235),
    (46, 148, 91),
    (214, 69, 65),
    (200, 140, 20),
    (130, 80, 190),
    (0, 140, 150),
    (168, 27, 104),
    (95, 105, 0),
    (110, 118, 126),
)
"""Of the sides in their order, as red, green and blue, the first two as on the page; others have the last one."""

Colour = tuple[int, int, int]


class Block(NamedTuple):
    """A reserved volume to be drawn: ``kind`` is plan or agreement, ``party`` whose it is."""

    key: str
    kind: str
    party: str
    name: str
    told: str
    volume: Volume4D


class Event(NamedTuple):
    """Something that happened, where that is known."""

    key: str
    kind: str
    at: datetime
    place: Position | None
    altitude_ft: float
    name: str
    told: str


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the microsecond where there are any: ``2017-06-18T16:30:00Z``."""
    return utc(at).isoformat().replace("+00:00", "Z") if at else None


def in_order(sides: Iterable[str], agreement: Agreement | None) -> list[str]:
    """These sides as the agreement names its parties, then others by name: the order of their colours everywhere."""
    parties = agreement.parties if agreement else ()
    return sorted(set(sides), key=lambda side: (parties.index(side) if side in parties else len(parties), side))


def colours_of(sides: Iterable[str], agreement: Agreement | None) -> dict[str, Colour]:
    """The colour of each of these sides."""
    ordered = in_order(sides, agreement)
    return {side: COLOURS[min(n, len(COLOURS) - 1)] for n, side in enumerate(ordered)}


def blocks(story: Story) -> list[Block]:
    """Every volume that was reserved: by a side's own plan, or by what the other side granted."""
    found = [
        Block(f"plan/{row.key}/{n}", "plan", row.party, row.callsign or row.plan_id, _plan_told(row, volume), volume)
        for row in story.rows(PlanRow)
        for n, volume in enumerate(row.volumes)
    ]
    found += [
        Block(f"agreement/{row.key}/{n}", "agreement", row.user, row.agreement_id, _grant_told(row, volume), volume)
        for row in story.rows(AgreementRow)
        for n, volume in enumerate(row.volumes)
    ]
    return found


def _plan_told(row: PlanRow, volume: Volume4D) -> str:
    state = row.state.value if row.state else "filed"
    return f"Plan {row.plan_id} of {row.party}, {state}. {_air(volume)}"


def _grant_told(row: AgreementRow, volume: Volume4D) -> str:
    released = f" Given back {date_time_group(row.released_at)}." if row.released_at else ""
    return f"Granted by {row.granter} to {row.user}: {row.agreement_id}. {_air(volume)}{released}"


def _air(volume: Volume4D) -> str:
    times = f"{date_time_group(volume.start)} to {date_time_group(volume.end)}"
    return f"{heights(volume.lower_ft, volume.upper_ft)}, {times}."


def events(story: Story) -> list[Event]:
    """Crossings, encounters and escalations, each kind by time."""
    found = [_crossing(row) for row in story.rows(CrossingRow) if row.at]
    found += [_encounter(row) for row in story.rows(EncounterRow) if row.at]
    return found + [_escalation(row, story) for row in story.rows(EscalationRow) if row.at]


def _crossing(row: CrossingRow) -> Event:
    way = "outbound" if row.outbound else "back"
    name = f"{row.callsign} crosses the line {way}" if row.what == "line" else f"{row.callsign} enters {row.what}"
    right = "as agreed" if row.conforming else "not as agreed"
    told = f"{name}, {right}; flown by {row.operator}."
    return Event(f"crossing/{row.key}", "crossing", _known(row.at), row.position, row.altitude_ft, name, told)


def _encounter(row: EncounterRow) -> Event:
    grade = words(row.grade.value) if row.grade else "encounter"
    name = f"{grade}: {row.one} and {row.other}"
    told = f"{name}: {row.horizontal_nm:.1f} NM and {row.vertical_ft:,.0f} ft apart at the closest."
    return Event(f"encounter/{row.key}", "encounter", _known(row.at), row.position, row.altitude_ft, name, told)


def _escalation(row: EscalationRow, story: Story) -> Event:
    kind = words(row.kind.value) if row.kind else "escalation"
    name = f"{kind}, as {row.party} sees it"
    told = f"{name}: {row.detail or row.about}"
    return Event(f"escalation/{row.key}", "escalation", _known(row.at), story.place_of(row), 0.0, name, told)


def _known(at: datetime | None) -> datetime:
    assert at is not None  # noqa: S101  # those without a time are left out before
    return at
