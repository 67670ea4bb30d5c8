"""Filed flight plan (FPL) messages in the ICAO 2012 format (PANS-ATM, Doc 4444, Appendices 2 and 3).

``(FPL-EXER11-IM -2F18/M-SDFG/S -OSDZ1400 -N0471F310 RAQQA 3520N04010E -OSDZ0130 -DOF/170618 RMK/PATROL)``

What becomes of a message:

* the plan is a corridor of 5 NM to either side along departure, route and destination, 500 ft either way of every
  level of field 15;
* it lasts from DOF and EOBT until EET later, all UTC. Without DOF it is of the first day, from today on, on which
  its end has not passed yet: EOBT 0015 handed in at 2330 is tomorrow's, EOBT 1400 handed in at 1405 is today's;
* points outside the theatre before the first and after the last one inside it are cut off, as when a tanker comes
  up from the Gulf: the plan then lasts for that share of the time that the rest is of the way;
* an area that is held (``icao_held``) is taken as it is, for the whole time from EOBT on;
* STS/EMER makes it an emergency; STS/MEDEVAC, HOSP, SAR, FFR and ATFMX give it priority;
* the first word of RMK may name a kind of flight (``RMK/TANKER``); otherwise an aircraft type of one use decides
  (``icao_types``); otherwise military flights (field 8, type M) are patrols and all others transports;
* ``plan_id`` is made of callsign, date and EOBT, so that filing the same flight again is seen as such.

A CNL message cancels the plan that it names; CHG, DLA, DEP and ARR are for the centre, which knows the plan
(``icao_changes``).

Equipment (field 10), alternates and field 19 are not kept. Lower case, line breaks and stray blanks do not matter.
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

import msgspec

from .airspace import MAX_VERTICES, Area, Corridor, Position
from .flightplan import FlightKind, FlightPlan, Priority, Problem
from .geodesy import route_nm
from .icao_changes import CHANGES, read_cancellation, read_change
from .icao_field18 import DateError, dates, day_of, has_item, read_items, statuses, without_supplement
from .icao_filed import kept
from .icao_held import HeldError, held_area
from .icao_route import FIELD_15, HIGHEST_FT, RouteError, in_theatre, read_aerodrome, read_point, read_route
from .icao_types import kind_of_type

HALF_WIDTH_NM: Final = 5.0
HALF_BLOCK_FT: Final = 500
LONGEST: Final = 10_000
LONGEST_REMARKS: Final = 500
TYPE_NOT_GIVEN: Final = "NOTGIVEN"
"""TYP of field 18 in a message that Hotline writes of a plan without a type."""

_OPENING: Final = re.compile(r"\((?=\s{0,9}[A-Za-z]{3}[A-Za-z0-9/]{0,12}\s{0,9}-)")
_CALLSIGN: Final = re.compile("[A-Z0-9]{2,7}")
_PLACE_AND_TIME: Final = re.compile(r"([A-Z][A-Z0-9]{3})\s?([0-9]{4})(?:\s[A-Z0-9 ]*)?")
_PRIORITY_STATUS: Final = frozenset({"MEDEVAC", "HOSP", "SAR", "FFR", "ATFMX"})


class FiledPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One ICAO message as read. Exactly one of these is set: ``plan``, ``cancels``, ``changes``, ``problems``.

    ``cancels`` is the id of the plan that a CNL names; ``changes`` the text of a CHG, DLA, DEP or ARR.
    """

    text: str
    callsign: str = ""
    plan_id: str = ""
    plan: FlightPlan | None = None
    cancels: str = ""
    changes: str = ""
    problems: tuple[Problem, ...] = ()


def split_messages(text: str) -> list[str]:
    """The messages of a text, each from its opening bracket on; what stands before the first is dropped."""
    return _OPENING.split(text)[1:]


def read_fpl(text: str, now: date) -> list[FiledPlan]:
    """Every message of a text. Never raises: what cannot be read has its problems listed.

    ``now`` is the time at which it is handed in, for messages without DOF; of a date, its beginning.
    """
    at = now.astimezone(UTC) if isinstance(now, datetime) else datetime.combine(now, time(), UTC)
    return [_Reading(message, at).result() for message in split_messages(text)]


class _Fields(msgspec.Struct, frozen=True):
    """The fields of a message by their ICAO numbers; 10 and 19 are not kept."""

    f7: str
    f8: str
    f9: str
    f13: str
    f15: str
    f16: str
    f18: dict[str, str]
    days: set[str]


class _Reading:
    """One message being read. Everything wrong is noted, so that its author hears of it all at once."""

    def __init__(self, message: str, now: datetime) -> None:
        self._message = message
        self._now = now
        self._callsign = ""
        self._plan_id = ""
        self._day = now.date()
        self._problems: list[Problem] = []

    def result(self) -> FiledPlan:
        body = self._body()
        if body and body.startswith("CNL"):
            return self._cancellation(body)
        if body and body[:3] in CHANGES:
            return self._change(body)
        fields = self._fields(body) if body else None
        plan = self._plan(fields) if fields else None
        if plan and body and not self._problems and (message := kept(body, self._day)):
            plan = msgspec.structs.replace(plan, icao=message)
        return FiledPlan(
            text=f"({self._message}",
            callsign=self._callsign,
            plan_id=self._plan_id,
            plan=plan,
            problems=tuple(self._problems),
        )

    def _note(self, code: str, field: str, reason: str) -> None:
        self._problems.append(Problem(code=code, field=field, reason=reason))

    def _cancellation(self, body: str) -> FiledPlan:
        read = read_cancellation(body, self._now)
        self._problems += read.problems
        return FiledPlan(
            text=f"({self._message}",
            callsign=read.callsign,
            plan_id=read.plan_id,
            cancels="" if self._problems else read.plan_id,
            problems=tuple(self._problems),
        )

    def _change(self, body: str) -> FiledPlan:
        read = read_change(body)
        self._problems += read.problems
        changes = "" if self._problems else f"({body})"
        return FiledPlan(
            text=f"({self._message}", callsign=read.callsign, changes=changes, problems=tuple(self._problems)
        )

    def _body(self) -> str | None:
        """The message in capitals, with single blanks and without its brackets."""
        if len(self._message) > LONGEST:
            self._note("too-long", "message", f"has {len(self._message):,} characters; {LONGEST:,} is the most")
            return None
        body, closed, after = " ".join(self._message.upper().split()).rpartition(")")
        body = body or after
        if not body.startswith(("FPL", "CNL", *CHANGES)):
            reason = f"{body[:10]!r}: only FPL, CNL, CHG, DLA, DEP and ARR messages are read"
            self._note("unknown-message", "field 3", reason)
            callsign = body.split("-", 2)[1].partition("/")[0].strip() if "-" in body else ""
            self._callsign = callsign if _CALLSIGN.fullmatch(callsign) else ""
            return None
        if not closed:
            self._note("not-closed", "message", "the closing bracket is missing: it may be cut short")
        elif has_item(after):
            self._note("closed-early", "field 18", f"the closing bracket stands before {after.strip()[:20]!r}")
        return body

    def _fields(self, body: str) -> _Fields | None:
        parts = [part.strip() for part in body.split("-", 8)]
        if len(parts) < 8:
            self._note("missing-fields", "message", f"has {len(parts) - 1} fields: 7, 8, 9, 10, 13, 15, 16 are needed")
            return None
        other = read_items(without_supplement(parts[8])) if len(parts) > 8 else {}
        return _Fields(parts[1], parts[2], parts[3], parts[5], parts[6], parts[7], other, dates(body, other))

    def _plan(self, fields: _Fields) -> FlightPlan | None:
        callsign = self._read_callsign(fields.f7)
        military = self._read_rules(fields.f8)
        aircraft = self._read_type(fields.f9, fields.f18)
        departure, off_block = self._read_departure(fields)
        destination, elapsed = self._read_destination(fields)
        day = self._read_day(fields.days) if fields.days else self._first_day(off_block, elapsed)
        self._name(callsign, day, off_block)
        self._day = day or self._day
        route = read_route(fields.f15)
        if isinstance(route, list):
            self._problems += route
        if self._problems or isinstance(route, list) or day is None or off_block is None or elapsed is None:
            return None
        way = (*departure, *route.points, *destination)
        track = self._track(fields.f18, way, datetime.combine(day, off_block, UTC), elapsed)
        if track is None:
            return None
        status, remarks = statuses(fields.f18), fields.f18.get("RMK", "")
        return FlightPlan(
            plan_id=self._plan_id,
            callsign=callsign,
            kind=_named_kind(status, remarks)
            or kind_of_type(aircraft)
            or (FlightKind.PATROL if military else FlightKind.TRANSPORT),
            priority=_priority(status),
            area=track.area,
            lower_ft=max(min(route.levels_ft) - HALF_BLOCK_FT, 0),
            upper_ft=min(max(route.levels_ft) + HALF_BLOCK_FT, HIGHEST_FT),
            start=track.start,
            end=track.end,
            aircraft_type=aircraft,
            remarks=remarks[:LONGEST_REMARKS],
        )

    def _name(self, callsign: str, day: date | None, off_block: time | None) -> None:
        if callsign and day and off_block is not None:
            self._plan_id = f"{callsign}-{day:%Y%m%d}-{off_block:%H%M}"

    def _read_callsign(self, text: str) -> str:
        callsign = text.partition("/")[0].strip()
        if not _CALLSIGN.fullmatch(callsign):
            self._note("bad-callsign", "field 7", f"{text[:20]!r} is not two to seven letters and digits")
            return ""
        self._callsign = callsign
        return callsign

    def _read_rules(self, text: str) -> bool:
        """Whether the flight is military."""
        if not re.fullmatch(r"[IVYZ][SNGMX]?", text):
            self._note("bad-rules", "field 8", f"{text[:20]!r} is not flight rules and type, such as IM")
        return text.endswith("M")

    def _read_type(self, text: str, other: dict[str, str]) -> str:
        found = re.fullmatch(r"([0-9]{0,2}) ?([A-Z][A-Z0-9]{1,3}) ?/ ?[LMHJ]", text)
        if not found:
            self._note("bad-type", "field 9", f"{text[:20]!r} is not aircraft type and wake category, such as F18/M")
            return ""
        if found[2] == "ZZZZ":
            named = re.sub(r"[^A-Z0-9]", "", other.get("TYP", ""))[:8]
            return "" if named == TYPE_NOT_GIVEN else named
        return found[1] + found[2]

    def _read_day(self, given: set[str]) -> date | None:
        try:
            return day_of(given)
        except DateError as error:
            self._note("bad-date", "field 18 DOF", str(error))
            return None

    def _first_day(self, off_block: time | None, elapsed: timedelta | None) -> date:
        """The first day, from today on, on which this flight is not over yet."""
        today = self._now.date()
        if off_block is None or elapsed is None:
            return today
        is_over = self._now - datetime.combine(today, off_block, UTC) >= elapsed
        return today + timedelta(days=1) if is_over and today < date.max else today

    def _read_departure(self, fields: _Fields) -> tuple[list[Position], time | None]:
        found = _PLACE_AND_TIME.fullmatch(fields.f13)
        if not found:
            self._note("bad-departure", "field 13", f"{fields.f13[:20]!r} is not aerodrome and time, such as OSLK1430")
            return [], None
        off_block = None
        if int(found[2][:2]) < 24 and int(found[2][2:]) < 60:
            off_block = time(int(found[2][:2]), int(found[2][2:]))
        else:
            self._note("bad-time", "field 13 EOBT", f"{found[2]} is not a time of day between 0000 and 2359")
        return self._aerodrome("field 13", found[1], "DEP", fields.f18), off_block

    def _read_destination(self, fields: _Fields) -> tuple[list[Position], timedelta | None]:
        found = _PLACE_AND_TIME.fullmatch(fields.f16)
        if not found:
            reason = f"{fields.f16[:20]!r} is not aerodrome and elapsed time, such as OSLK0215"
            self._note("bad-destination", "field 16", reason)
            return [], None
        hours, minutes = int(found[2][:2]), int(found[2][2:])
        elapsed = timedelta(hours=hours, minutes=minutes) if minutes < 60 and hours + minutes > 0 else None
        if elapsed is None:
            self._note("bad-time", "field 16 EET", f"{found[2]} is not hours and minutes of flight, more than 0000")
        return self._aerodrome("field 16", found[1], "DEST", fields.f18), elapsed

    def _aerodrome(self, field: str, code: str, item: str, other: dict[str, str]) -> list[Position]:
        """Where an aerodrome is: ZZZZ is where field 18 says. Nothing with AFIL, and ZZZZ left unexplained."""
        if code == "AFIL":
            return []
        if code != "ZZZZ":
            words = [code]
        elif words := other.get(item, "").split():
            field = f"field 18 {item}"
        else:
            return []
        read = read_aerodrome if len(words) == 1 else read_point
        for word in words:
            with suppress(RouteError):
                return [read(word)]
        reason = f"{' '.join(words)[:30]!r} is not a known place: file ZZZZ, and {item}/3520N04010E in field 18"
        self._note("unknown-place", field, reason)
        return []

    def _track(
        self, other: dict[str, str], way: tuple[Position, ...], start: datetime, elapsed: timedelta
    ) -> "_Track | None":
        """Where it is and until when: the area that it holds or else its way."""
        held = self._read_held(other)
        if self._problems:
            return None
        try:
            return _Track(held, start, start + elapsed) if held else self._cut(way, start, elapsed)
        except OverflowError:
            self._note("bad-time", "field 16 EET", "the flight would go on beyond the end of the calendar")
            return None

    def _read_held(self, other: dict[str, str]) -> Area | None:
        try:
            return held_area(other)
        except HeldError as error:
            self._note("bad-area", "field 18 STAYINFO", str(error))
            return None

    def _cut(self, points: tuple[Position, ...], start: datetime, elapsed: timedelta) -> "_Track | None":
        """The part between the first and the last point in the theatre, flown at one speed throughout."""
        inside = [index for index, point in enumerate(points) if in_theatre(point)]
        first, last = (inside[0], inside[-1]) if inside else (0, -1)
        kept = tuple(point for point, _ in groupby(points[first : last + 1]))
        if len(kept) < 2:
            reason = "has fewer than two different points in the theatre, aerodromes included"
            self._note("too-short", FIELD_15, reason)
            return None
        if len(kept) > MAX_VERTICES:
            self._note("too-many-points", FIELD_15, f"has {len(kept):,} points; at most {MAX_VERTICES} are taken")
            return None
        whole = route_nm(points)
        begin = elapsed * (route_nm(points[: first + 1]) / whole)
        end = elapsed * (route_nm(points[: last + 1]) / whole)
        area = Corridor(route=kept, half_width_nm=HALF_WIDTH_NM)
        return _Track(area, (start + begin).replace(microsecond=0), (start + end).replace(microsecond=0))


class _Track(msgspec.Struct, frozen=True):
    """Where a flight is in the theatre, and from when until when."""

    area: Area
    start: datetime
    end: datetime


def _named_kind(status: set[str], remarks: str) -> FlightKind | None:
    """The kind of flight that field 18 names."""
    if "MEDEVAC" in status:
        return FlightKind.MEDEVAC
    first = re.match(r"[A-Z]*", remarks)
    word = first[0].lower() if first else ""
    return FlightKind(word) if word in {kind.value for kind in FlightKind} else None


def _priority(status: set[str]) -> Priority:
    if "EMER" in status:
        return Priority.EMERGENCY
    return Priority.PRIORITY if status & _PRIORITY_STATUS else Priority.ROUTINE
