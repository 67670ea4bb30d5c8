"""All that is known of one thing: what was said of it, what began it, what came of it, and what it has to do with.

Messages say what they answer (``cause``) and what they are about; both are followed here, as far back as the plan
or the order from outside with which it all began.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from hotline_services.monitor.history import History, LogRow
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.offers import OfferRow
from hotline_services.monitor.rows import (
    AgreementRow,
    CallRow,
    EscalationRow,
    NegotiationRow,
    PlanRow,
    PlanStepRow,
    RejectedRow,
    Row,
)
from hotline_services.monitor.wording import printable, words
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow, FlightRow, ReviewRow, StrainRow

from .schema import About, Link, Rows

CAUSES_AT_MOST: Final = 50
LINES_AT_MOST: Final = 300
CONSEQUENCES_AT_MOST: Final = 100
RELATED_AT_MOST: Final = 100


class Told(NamedTuple):
    """All that is known of one thing; where it is a message, its number: its text is the caller's to add."""

    about: About
    number: int | None


class Subject(NamedTuple):
    """One kind of thing: its row, the field of the row that messages name it by, and its title."""

    row: type[Row]
    name: str
    title: Callable[[Any], str]

    @property
    def is_message(self) -> bool:
        """Whether each is one message, and not a thing of which many speak."""
        return self.name == "key" and self.row not in {CallRow, NegotiationRow}


def _word(member: Any) -> str:
    return words(member.value) if member is not None else ""


def _between(one: str, other: str) -> str:
    return f"{one.upper()} → {other.upper()}"


SUBJECTS: Final[dict[str, Subject]] = {
    "call": Subject(
        CallRow, "key", lambda r: f"Call {_between(r.caller, r.callee)}, {_word(r.outcome) or 'in progress'}"
    ),
    "negotiation": Subject(
        NegotiationRow,
        "key",
        lambda r: f"Negotiation {_between(r.asker, r.responder)} for {_word(r.kind)}, {_word(r.outcome) or 'open'}",
    ),
    "plan": Subject(
        PlanRow, "plan_id", lambda r: f"Plan {r.callsign or r.plan_id} of {r.party.upper()}, {_word(r.state)}"
    ),
    "agreement": Subject(AgreementRow, "agreement_id", lambda r: f"Agreement {_between(r.granter, r.user)}"),
    "escalation": Subject(EscalationRow, "key", lambda r: f"Escalation of {r.party.upper()}: {_word(r.kind)}"),
    "encounter": Subject(EncounterRow, "key", lambda r: f"Encounter of {r.one} and {r.other}, {_word(r.grade)}"),
    "crossing": Subject(
        CrossingRow, "key", lambda r: f"{r.callsign} {'crosses the line' if r.what == 'line' else f'enters {r.what}'}"
    ),
    "flight": Subject(FlightRow, "key", lambda r: f"Flight of {r.callsign}"),
    "strain": Subject(StrainRow, "key", lambda r: f"Strain of {r.party.upper()}: {_word(r.stage)}"),
    "review": Subject(ReviewRow, "key", lambda r: f"Line review, {'agreed' if r.agreed else 'not agreed'}"),
    "rejected": Subject(RejectedRow, "key", lambda r: f"Input rejected by {r.party.upper()}: {r.code}"),
}


def about(history: History, kind: str, name: str, n: int | None = None) -> Told | None:
    """All that was known of it after message ``n``; None when nothing was, or there is no such kind."""
    n = history.nearest(n)
    if kind == "message":
        return _of_message(history, name, n)
    subject = SUBJECTS.get(kind)
    row = _row(history, subject, name, n) if subject else None
    if subject is None or row is None:
        return None
    named = str(getattr(row, subject.name))
    if subject.is_message:
        numbers = [found] if (found := history.number_of(named)) is not None else []
    else:
        numbers = history.thread(named, n)
    known = _Known(history, n).of(kind, row.key, printable(subject.title(row)), _rows(history, row, n), numbers)
    return Told(known, numbers[0] if subject.is_message and numbers else None)


def _of_message(history: History, name: str, n: int) -> Told | None:
    number = history.number_of(name)
    if number is None or number > n:
        return None
    line = history.line(number)
    title = f"{words(line.type).capitalize()} of {line.source.upper()}" if line else name
    return Told(_Known(history, n).of("message", name, title, {}, [number]), number)


def _row(history: History, subject: Subject, name: str, n: int) -> Row | None:
    """By its key or, newest first, by the name that messages use."""
    if (row := history.row(subject.row, name, n)) is not None or subject.name == "key":
        return row
    return next((row for row in reversed(history.rows(subject.row, n)) if getattr(row, subject.name) == name), None)


def _rows(history: History, row: Row, n: int) -> Rows:
    """The thing's own row and those that tell more of it."""
    rows: Rows = {row.table: [row]}
    match row:
        case PlanRow():
            steps = [
                one for one in history.rows(PlanStepRow, n) if (one.party, one.plan_id) == (row.party, row.plan_id)
            ]
            rows[PlanStepRow.table] = steps
            for kind in (FlightRow, AirborneRow):
                flown = [one for one in history.rows(kind, n) if (one.side, one.plan_id) == (row.party, row.plan_id)]  # type: ignore[attr-defined]
                rows |= {kind.table: flown} if flown else {}
        case NegotiationRow() if (offer := history.row(OfferRow, row.key, n)) is not None:
            rows["offers"] = [offer]
    return {table: some for table, some in rows.items() if some}


class _Known:
    """What was told up to one message, followed from message to message."""

    def __init__(self, history: History, n: int) -> None:
        self._history: Final = history
        self._n: Final = n
        self._log: Final = history.log(n)
        self._cut_off = False

    def of(self, kind: str, name: str, title: str, rows: Rows, numbers: Sequence[int]) -> About:
        """All of it, of what these messages are about."""
        numbers = numbers[-LINES_AT_MOST:]
        log = [line for number in numbers if (line := self._logged(number)) is not None]
        causes, consequences = self._causes(numbers[:1]), self._consequences(numbers)
        names = [name for line in (*log, *causes, *consequences) for name in line.ids]
        cut_off = self._cut_off or self._began_earlier(row for some in rows.values() for row in some)
        return About(
            kind=kind,
            id=name,
            title=title,
            rows=rows,
            log=log,
            causes=causes,
            consequences=consequences,
            related=_links(self._history, self._n, [*_named_in(rows), *names], (kind, name)),
            cut_off=cut_off,
        )

    def _began_earlier(self, rows: Iterable[Row]) -> bool:
        start = self._history.time_of(self._history.horizon)
        return start is not None and any((at := getattr(row, row.when)) and at < start for row in rows)

    def _causes(self, first: Sequence[int]) -> list[LogRow]:
        """From what the first message answered, to what that answered, and so on; what is rung about is what a ring
        answers, each by itself."""
        line = self._history.line(first[0]) if first else None
        if line is None:
            return []
        begun = [self._began(name, line) for name in line.ids[1:]] if line.type == "ring" else [self._before(line)]
        lines: dict[int, LogRow] = {}
        for answered in begun:
            before = answered
            while before is not None and before.n not in lines and len(lines) < CAUSES_AT_MOST:
                lines[before.n] = before
                before = self._before(before)
        return [lines[n] for n in sorted(lines, reverse=True)]

    def _began(self, name: str, line: LogRow) -> LogRow | None:
        """The message of this name, or the one that filed the plan of this negotiation, if it came before the line."""
        number = self._history.number_of(name)
        talk = self._history.row(NegotiationRow, name, self._n)
        if number is None and talk is not None and talk.plan_id:
            number = next(iter(self._history.thread(talk.plan_id, self._n)), None)
        return self._history.line(number) if number is not None and number < line.n else None

    def _before(self, line: LogRow) -> LogRow | None:
        """What this answers. In one call several things are talked over, one after the other: who begins to talk of a
        flight answers the plan of that flight, and not what was talked of before."""
        cause = self._history.cause_of(line.key)
        number = self._history.number_of(cause) if cause else None
        answered = self._history.line(number) if number is not None else None
        self._cut_off |= cause is not None and number is None and self._history.horizon > 0
        negotiations = (self._history.row(NegotiationRow, name, self._n) for name in line.ids)
        talk = next(filter(None, negotiations), None)
        if talk is None or (answered is not None and talk.key in answered.ids):
            return answered
        return self._began(talk.key, line) or answered

    def _consequences(self, numbers: Sequence[int]) -> list[LogRow]:
        """What answers these messages, and is not one of them."""
        own = set(numbers)
        lines = [line for number in numbers if (line := self._history.line(number)) is not None]
        after = sorted({number for line in lines for number in self._history.thread(line.key, self._n)} - own)
        return [line for number in after[:CONSEQUENCES_AT_MOST] if (line := self._history.line(number)) is not None]

    def _logged(self, n: int) -> LogRow | None:
        found = bisect_left(self._log, n, key=lambda line: line.n)
        return self._log[found] if found < len(self._log) and self._log[found].n == n else None


_NAMING: Final = ("plan_id", "negotiation_id", "agreement_id", "call_id", "about", "calls", "cause")


def _named_in(rows: Rows) -> Iterable[str]:
    for row in (row for some in rows.values() for row in some):
        for field in _NAMING:
            value = getattr(row, field, ())
            yield from (value,) if isinstance(value, str) else value


def _links(history: History, n: int, names: Iterable[str], own: tuple[str, str]) -> list[Link]:
    """What these are names of, each once, without the thing itself."""
    by_name: dict[str, tuple[str, Row]] = {}
    for kind in ("plan", "agreement"):
        subject = SUBJECTS[kind]
        by_name.update((getattr(row, subject.name), (kind, row)) for row in history.rows(subject.row, n))
    links: dict[tuple[str, str], Link] = {}
    for name in dict.fromkeys(filter(None, names)):
        found = by_name.get(name) or _event(history, n, name)
        if found is not None and (found[0], found[1].key) != own:
            kind, row = found
            links[kind, row.key] = Link(kind=kind, id=row.key, title=printable(SUBJECTS[kind].title(row)))
        if len(links) == RELATED_AT_MOST:
            break
    return list(links.values())


def _event(history: History, n: int, name: str) -> tuple[str, Row] | None:
    for kind, subject in SUBJECTS.items():
        if subject.name == "key" and (row := history.row(subject.row, name, n)) is not None:
            return kind, row
    return None
