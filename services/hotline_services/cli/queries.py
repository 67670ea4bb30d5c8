"""Commands over the monitor's record: calls, negotiations, agreements, plans, escalations, and the line's traffic."""

import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hotline_protocol.events import EscalationKind
from hotline_services.monitor.rows import (
    AgreementRow,
    CallRow,
    EscalationRow,
    NegotiationRow,
    PlanRow,
    PlanStepRow,
)
from hotline_services.monitor.volume import Grouping, Traffic, call_volume
from hotline_services.monitor.wording import air, duration, mean_and_p90, shift, words
from hotline_services.records.record import rebuild as rebuild_record
from hotline_services.runtime.store import StoreError

from .following import watch
from .query import ALL, Query, Reading, answer, complain, record_path
from .standing import status
from .tables import Column, show
from .texts import time_text, word_text

__all__ = [
    "agreements",
    "calls",
    "escalations",
    "negotiations",
    "plans",
    "rebuild",
    "status",
    "volume",
    "watch",
]


NAMED: Final = frozenset({Grouping.REASON, Grouping.TIER})


def _lasted(seconds: float | None) -> str:
    return "" if seconds is None else duration(seconds)


def _state(row: PlanRow | PlanStepRow) -> str:
    state = word_text(row.state) + ("" if row.as_filed else ", with changes")
    versions = [f"version {row.version}"] if row.version > 1 else []
    if isinstance(row, PlanRow) and row.amendment > row.version:
        versions.append(f"version {row.amendment} {word_text(row.amendment_state)}")
    return "; ".join([state, *versions])


def calls(*, query: Query = ALL) -> int:
    """List the rings: who rang whom, why, who spoke, how long it took, and how it ended.

    A ring that is answered is a call, one that is busy or not answered an attempt. Each is listed once, as the side
    that rang counted it. Waiting is from queued to rang, set-up from rang to answered (or given up), hold from answered
    to hung up.

    For example:

    hotline calls --since 6h --party ru

    hotline calls --json | jq 'map(.hold_s) | add'

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(CallRow, lambda row: (row.caller, row.callee))
        show(rows, CALLS, json=query.json, empty="No calls.")

    return answer("calls", query, respond)


def _ring(row: CallRow) -> str:
    if row.is_call:
        return "call"
    return "attempt" if row.ended_at else "rings"


CALLS = (
    Column("rang", lambda row: time_text(row.rang_at)),
    Column("ring", _ring),
    Column("line", lambda row: f"{row.caller} → {row.callee}"),
    Column("reason", lambda row: word_text(row.reason)),
    Column("tier", lambda row: word_text(row.tier)),
    Column("waiting", lambda row: _lasted(row.waiting_s), at_right=True),
    Column("set-up", lambda row: _lasted(row.set_up_s), at_right=True),
    Column("hold", lambda row: _lasted(row.hold_s if row.answered_at else None), at_right=True),
    Column("outcome", lambda row: word_text(row.outcome) or "in progress"),
    Column("about", lambda row: ", ".join(row.about)),
)


def negotiations(*, query: Query = ALL) -> int:
    """List the negotiations: about which plan, over how many rounds, at which tier, and what came of them.

    For example:

    hotline negotiations --since 2017-06-18T12:00Z

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(NegotiationRow, lambda row: (row.asker, row.responder))
        show(rows, NEGOTIATIONS, json=query.json, empty="No negotiations.")

    return answer("negotiations", query, respond)


def _settled_on(row: NegotiationRow) -> str:
    return f"{row.sector} · {row.block} · {shift(row.shift_min)}" if row.sector else ""


NEGOTIATIONS = (
    Column("began", lambda row: time_text(row.began_at)),
    Column("negotiation", lambda row: row.key),
    Column("between", lambda row: f"{row.asker} → {row.responder}"),
    Column("for", lambda row: word_text(row.kind)),
    Column("rounds", lambda row: str(row.rounds), at_right=True),
    Column("calls", lambda row: str(len(row.calls)), at_right=True),
    Column("tier", lambda row: word_text(row.tier)),
    Column("outcome", lambda row: word_text(row.outcome) or f"open, {words(row.said)} was said"),
    Column("settled on", _settled_on),
)


def agreements(*, query: Query = ALL) -> int:
    """List what was granted: by whom, to whom, which air and when, and whether it was given back.

    For example:

    hotline agreements --party us --json

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(AgreementRow, lambda row: (row.granter, row.user))
        show(rows, AGREEMENTS, json=query.json, empty="No agreements.")

    return answer("agreements", query, respond)


AGREEMENTS = (
    Column("entered", lambda row: time_text(row.entered_at)),
    Column("agreement", lambda row: row.agreement_id),
    Column("granter", lambda row: row.granter),
    Column("entry", lambda row: str(row.entry), at_right=True),
    Column("user", lambda row: row.user),
    Column("air", lambda row: air(row.volumes)),
    Column("released", lambda row: time_text(row.released_at)),
)


def plans(*, history: Annotated[bool, Parameter(negative="")] = False, query: Query = ALL) -> int:
    """List the plans with the state that each is in, and why it was refused where it was.

    For example:

    hotline plans --party us

    hotline plans --history --since 1h

    The exit code is 0, or 2 with a sentence on what is wrong.

    Parameters
    ----------
    history
        Every change of every plan instead of its state now.
    """

    def respond(opened: Reading) -> None:
        if history:
            steps = opened.rows(PlanStepRow, lambda row: (row.party,))
            show(steps, PLAN_STEPS, json=query.json, empty="No plans.")
        else:
            rows = opened.rows(PlanRow, lambda row: (row.party,))
            show(rows, PLANS, json=query.json, empty="No plans.")

    return answer("plans", query, respond)


PLANS = (
    Column("last word", lambda row: time_text(row.at)),
    Column("party", lambda row: row.party),
    Column("plan", lambda row: row.plan_id),
    Column("callsign", lambda row: row.callsign),
    Column("state", _state),
    Column("air", lambda row: air(row.volumes)),
    Column("why", lambda row: f"{row.code}: {row.field}: {row.reason}" if row.code else ""),
)
PLAN_STEPS = (
    Column("at", lambda row: time_text(row.at)),
    Column("party", lambda row: row.party),
    Column("plan", lambda row: row.plan_id),
    Column("state", _state),
    Column("why", lambda row: f"{row.code}: {row.reason}" if row.code else ""),
)


def escalations(*, query: Query = ALL) -> int:
    """List the escalations: what strained the relation, in whose eyes, and what it answered (— when no message did it).

    For example:

    hotline escalations --since 1d

    The exit code is 0, or 2 with a sentence on what is wrong.
    """

    def respond(opened: Reading) -> None:
        rows = opened.rows(EscalationRow, lambda row: (row.party, row.peer))
        cause = Column("cause", lambda row: opened.origin(row.cause) or _cause(row))
        show(rows, (*ESCALATIONS, cause), json=query.json, empty="No escalations.")

    return answer("escalations", query, respond)


def _cause(row: EscalationRow) -> str:
    """Of one that names no message: a side that thinks before it answers, or waits in vain, goes by its clock."""
    return f"protest of {row.peer}" if row.kind is EscalationKind.PROTEST else "—"


ESCALATIONS = (
    Column("at", lambda row: time_text(row.at)),
    Column("seen by", lambda row: row.party),
    Column("peer", lambda row: row.peer),
    Column("kind", lambda row: word_text(row.kind)),
    Column("tier", lambda row: word_text(row.tier)),
    Column("about", lambda row: row.about),
    Column("detail", lambda row: row.detail),
)


def volume(*, by: Grouping = Grouping.DAY, query: Query = ALL) -> int:
    """Count the calls, and how long they waited, rang and lasted, in groups; with the load of the line in Erlang.

    Rings that were busy or not answered are attempts, and counted apart. A ring that goes on is in progress; once it is
    answered it is a call, too.
    Load is the time for which the line was taken (set-up and hold of all rings) by the time that was watched.
    Times are means, with the 90th percentile after the stroke. How many calls there are a day is not told of less than
    one.

    For example:

    hotline volume --by hour --since 1d

    hotline volume --by reason --json

    The exit code is 0, or 2 with a sentence on what is wrong.

    Parameters
    ----------
    by
        The hour or day in which a call rang, the party that rang, the line, the reason, the tier; or the total.
    """

    def respond(opened: Reading) -> None:
        period = opened.period
        rows = opened.rows(CallRow, lambda row: (row.caller, row.callee))
        groups = call_volume(rows, period, by) if period else []
        name = Column(by.value, lambda row: words(row.group) if by in NAMED else row.group)
        show(groups, (name, *TRAFFIC), json=query.json, empty="No calls.")

    return answer("volume", query, respond)


def _a_day(row: Traffic) -> str:
    return "—" if row.calls_per_day is None else f"{row.calls_per_day:.1f}"


def _failed(row: Traffic) -> str:
    return f"{row.busy} / {row.no_answer} / {row.dropped}"


TRAFFIC = (
    Column("calls", lambda row: str(row.calls), at_right=True),
    Column("a day", _a_day, at_right=True),
    Column("attempts", lambda row: str(row.attempts), at_right=True),
    Column("completed", lambda row: str(row.completed), at_right=True),
    Column("busy / no answer / dropped", _failed, at_right=True),
    Column("in progress", lambda row: str(row.in_progress + row.ringing), at_right=True),
    Column("waiting: mean / p90", lambda row: mean_and_p90(row.waiting), at_right=True),
    Column("set-up: mean / p90", lambda row: mean_and_p90(row.set_up), at_right=True),
    Column("hold: mean / p90", lambda row: mean_and_p90(row.hold), at_right=True),
    Column("Erlang", lambda row: f"{row.erlang:.4f}", at_right=True),
)


def rebuild(*, record: Path | None = None) -> int:
    """Make the tables of a record again from its messages; the monitor must be stopped.

    For example:

    hotline rebuild --record var/monitor.sqlite3

    The exit code is 0, or 2 with a sentence on what is wrong.

    Parameters
    ----------
    record
        The monitor's record; by default HOTLINE_RECORD of the environment, else monitor.sqlite3
        in HOTLINE_DATA, else in var.
    """
    path = record_path(record)
    try:
        count = rebuild_record(path)
    except StoreError as error:
        return complain("rebuild", str(error))
    sys.stdout.write(f"{path}: made the tables again from {count:,} messages\n")
    return 0
