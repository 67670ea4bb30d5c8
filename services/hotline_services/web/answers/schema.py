"""What the page and other programs are told over HTTP. The OpenAPI document is made from these types and the routes.

Everything is read from a *source*: ``live``, the record that a monitor is writing, or a recording under its own name.
``n`` numbers the messages of a source: the same ``n`` is the same state, at any time and for everybody.
"""

from datetime import datetime
from typing import Any

import msgspec

from hotline_protocol.agreement import DeconflictionLine, Partner, Zone
from hotline_protocol.airspace import Volume4D
from hotline_protocol.decay import Decay
from hotline_protocol.flightplan import Problem
from hotline_protocol.menu import Block
from hotline_protocol.message import AwareTime, PartyName
from hotline_protocol.sky import Track
from hotline_protocol.theatre import Bounds
from hotline_services.monitor.history import LogRow

Rows = dict[str, list[Any]]
"""Rows by the name of their table, each with a ``key``; a row replaces the one of the same key."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be looked at. ``start`` and ``end`` are None as long as nothing has been recorded.

    ``loaded`` is the share of it that has been read: what is asked of it waits until that is 1. ``uploaded``: somebody
    handed it to the server, which was started without it.
    """

    name: str
    title: str
    live: bool
    scenario: str
    seed: int | None
    start: AwareTime | None
    end: AwareTime | None
    n: int
    loaded: float = 1.0
    uploaded: bool = False


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a source plays in. ``note`` says why the line and zones are not known, when they are not.

    ``bounds_deg`` are those of the theatre: west, south, east, north. ``tension`` is whether any party goes by a model
    of tension; None where the scenario is not known.
    """

    source: Source
    disclaimer: str
    parties: dict[PartyName, str]
    partners: tuple[Partner, ...] = ()
    line: DeconflictionLine | None = None
    zones: tuple[Zone, ...] = ()
    blocks: tuple[Block, ...] = ()
    note: str = ""
    tension: bool | None = None
    bounds_deg: Bounds


class ClockReading(msgspec.Struct, frozen=True, kw_only=True):
    """It is ``simulated`` now, and so many simulated seconds pass in a real one: 0 when time stands still."""

    simulated: AwareTime
    speed: float


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """How things stood after message ``n``, recorded at ``at``: all that a page shows before anybody asks for more.

    ``clock`` is that of a live source. ``epoch`` is the life of the record: numbers of another life mean nothing.
    """

    source: str
    n: int
    at: AwareTime | None
    rows: Rows
    clock: ClockReading | None = None
    epoch: str = ""


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that messages after ``after``, up to ``n``, have changed. With ``reset`` they cannot be told one by one,
    being too many, or of another life of the record, or to be taken back: ask for a picture."""

    after: int
    n: int
    at: AwareTime | None
    rows: Rows
    reset: bool = False
    epoch: str = ""


class TracksNow(msgspec.Struct, frozen=True, kw_only=True):
    """Where those aircraft are now of which no path was told."""

    time: AwareTime
    tracks: tuple[Track, ...]


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Something on the time line: a call, escalation or encounter; ``what`` is its outcome, kind or grade."""

    at: AwareTime
    kind: str
    id: str
    title: str
    what: str
    end: AwareTime | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """Something else that can be asked about."""

    kind: str
    id: str
    title: str


class About(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of one thing: its rows, what was said of it, what caused it, and what it is related to.

    ``kind`` is call, negotiation, plan, agreement, escalation, encounter, crossing, flight, strain, review or message.
    ``causes`` leads from the thing back to what began it all; ``message`` is the message itself, where it is one.
    When some of that was said before the source's ``start``, and so is not known here any more, it is ``cut_off``.
    """

    kind: str
    id: str
    title: str
    rows: Rows
    log: list[LogRow]
    causes: list[LogRow]
    consequences: list[LogRow]
    related: list[Link]
    cut_off: bool = False
    message: msgspec.Raw | None = None


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """Air of somebody's that a plan would share: ``kind`` is plan, agreement or offer."""

    kind: str
    id: str
    party: str
    title: str
    volumes: tuple[Volume4D, ...]


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Whose consent a plan needs, and why."""

    party: PartyName
    reason: str


class CheckedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as a check sees it: its errors, the air that it needs, and the plans and agreements in conflict with it.

    ``notes`` tell what stands in its text that is no field, and so is not read.
    """

    plan_id: str
    callsign: str
    problems: tuple[Problem, ...]
    volumes: tuple[Volume4D, ...]
    consents: tuple[Consent, ...]
    meets: tuple[Meeting, ...]
    notes: tuple[Problem, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a text of plans; ``refused`` is what could not be read as a plan at all."""

    plans: tuple[CheckedPlan, ...]
    refused: tuple[Problem, ...]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A plan handed to a centre, or cancelled there (no digest); its plan-status tells what becomes of it."""

    to: PartyName
    plan_id: str
    digest: str
    notes: tuple[Problem, ...] = ()


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not met: in a sentence, and field by field where there are fields."""

    error: str
    problems: tuple[Problem, ...] = ()


class StrainPoint(msgspec.Struct, frozen=True, array_like=True):
    """How strained ``party`` was towards ``peer`` from this time on, and just ``before``.

    ``decay`` is how the level falls until the next point; None where the program that ran did not say.
    """

    at: datetime
    party: str
    peer: str
    level: float
    stage: str
    before: float = 0.0
    decay: Decay | None = None
