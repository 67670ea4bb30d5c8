"""The after-action report in words: Markdown that can be read aloud. Figures with units; no marks are given."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from hotline_protocol.line import CallOutcome
from hotline_services.monitor.wording import clock_time, date_time_group, duration, printable, words

from .debrief_report import AfterAction, Agreed, CallMade, Decision, Ending, OwnTalk


def report_text(report: AfterAction) -> str:
    """The whole report, ending in a line break."""
    parts = (_heading, _sittings, _calls, _decisions, _agreements, _strain)
    return "\n".join(line for part in parts for line in part(report)).rstrip() + "\n"


def _heading(report: AfterAction) -> Iterator[str]:
    yield f"# After-action report: the desk of {report.party.upper()}"
    yield ""
    if report.began_at is None or report.ended_at is None:
        yield "Nothing was said."
        return
    span = duration((report.ended_at - report.began_at).total_seconds())
    yield f"{date_time_group(report.began_at)} to {date_time_group(report.ended_at)}, {span} of simulated time."
    if report.sitting is not None:
        yield f"Of the sitting {report.sitting} alone: what was said while it had the desk, and is heard there."
    if report.times_cut:
        times = _times(report.times_cut)
        lost = f"The line to the broker was lost {times} meanwhile: what was said then is not known here."
        yield f"{lost} The monitor's record has it: hotline debrief --sitting {report.sitting}."
    yield ""


def _sittings(report: AfterAction) -> Iterator[str]:
    if not report.sittings:
        yield "Nobody took the desk: the automatic officer decided everything."
    for sat in report.sittings:
        until = "still there" if sat.left_at is None else f"until {clock_time(sat.left_at)}"
        how = f" ({words(sat.how.value)})" if sat.how is not None else ""
        told = f"- {sat.operator} had the desk from {clock_time(sat.taken_at)}, {until}{how}; sitting {sat.sitting}."
        yield printable(told)
    yield ""


def _calls(report: AfterAction) -> Iterator[str]:
    theirs = [call for call in report.calls if not call.ours]
    ours = [call for call in report.calls if call.ours]
    yield "## Calls"
    yield ""
    yield f"- They rang {_times(len(theirs))}{_outcomes(theirs)}."
    times = [seconds for call in theirs if (seconds := call.answer_s) is not None]
    if times:
        yield f"- Time to answer: median {duration(median(times))}, longest {duration(max(times))}."
    yield f"- We rang {_times(len(ours))}{_outcomes(ours)}."
    for call in theirs:
        if call.outcome is CallOutcome.NO_ANSWER or (call.answered_at is None and call.outcome is None):
            manner = f"{words(call.reason.value)}, {words(call.tier.value)}"
            yield f"- Missed: {call.peer.upper()} at {clock_time(call.rang_at)} ({manner})."
    yield ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _outcomes(calls: Sequence[CallMade]) -> str:
    if not calls:
        return ""
    taken = sum(call.answered_at is not None for call in calls)
    busy = sum(call.outcome is CallOutcome.BUSY for call in calls)
    dropped = sum(call.answered_at is not None and call.outcome is CallOutcome.DROPPED for call in calls)
    return f": {taken} answered ({dropped} of them dropped), {busy} busy, {len(calls) - taken - busy} not answered"


def _decisions(report: AfterAction) -> Iterator[str]:
    yield "## Decisions"
    yield ""
    if not report.decisions:
        yield "No offer was laid before a person."
        yield ""
        return
    said = [decision for decision in report.decisions if decision.as_officer is not None and decision.by_order]
    same = sum(bool(decision.as_officer) for decision in said)
    lapsed = sum(decision.ending is Ending.LAPSED for decision in report.decisions)
    yield f"- Offers laid before a person: {len(report.decisions)}; answered by order: {len(said)}; lapsed: {lapsed}."
    if said:
        took = [(each.answered_at - each.laid_at).total_seconds() for each in said if each.answered_at is not None]
        yield f"- Time to decide: median {duration(median(took))}, longest {duration(max(took))}."
        yield f"- The automatic officer would have said the same to {same} of {len(said)}."
    yield ""
    for number, decision in enumerate(report.decisions, 1):
        yield from _decision(number, decision)
    yield ""


def _decision(number: int, decision: Decision) -> Iterator[str]:
    about = f"for our {decision.plan_id}" if decision.plan_id else f"asked by {decision.peer.upper()}"
    worth = "air not free" if decision.worth < 0 else f"worth {decision.worth:.2f} to us"
    yield printable(f"{number}. {clock_time(decision.laid_at)}, {about}: {decision.offered} ({worth}).")
    yield printable(f"   - Said: {_answer(decision)}.")
    instead = f"{decision.officer.value} {decision.officer_said}".strip()
    yield printable(f"   - The automatic officer: {'the same' if decision.as_officer else instead}.")


def _answer(decision: Decision) -> str:
    if decision.as_officer is None:
        return decision.ending.value
    by = "" if decision.by_order else ", by the automatic officer, who took over"
    worth = f" (worth {decision.said_worth:.2f})" if decision.said_worth is not None else ""
    took = ""
    if decision.answered_at is not None:
        took = f" after {duration((decision.answered_at - decision.laid_at).total_seconds())}"
    return f"{decision.ending.value} {decision.said}".strip() + worth + took + by


def _agreements(report: AfterAction) -> Iterator[str]:
    gained = [agreed for agreed in report.agreements if agreed.ours]
    granted = [agreed for agreed in report.agreements if not agreed.ours]
    yield "## Agreements"
    yield ""
    yield f"- Granted to us: {len(gained)}; granted by us: {len(granted)}."
    yield f"- Offers lapsed, of either side: {report.offers_lapsed}; holds lapsed: {report.holds_lapsed}."
    for agreed in (*gained, *granted):
        yield printable(_agreed(agreed))
    for talk in report.talks:
        yield printable(_talk(talk))
    for refused in report.orders_refused:
        yield printable(f"- Order refused: {refused}.")
    yield ""


def _agreed(agreed: Agreed) -> str:
    way = f"from {agreed.peer.upper()}" if agreed.ours else f"to {agreed.peer.upper()}"
    worth = ""
    if agreed.worth is not None and agreed.best is not None:
        worth = f"; worth {agreed.worth:.2f} to us, {max(agreed.best - agreed.worth, 0):.2f} below the best on the menu"
    return f"- {agreed.agreement_id} {way}: {agreed.air}{worth}."


def _talk(talk: OwnTalk) -> str:
    moved = f", {talk.sector}, {talk.block}, {talk.shift_min:+d} min" if talk.sector else ""
    took = f"{talk.rounds} round{'' if talk.rounds == 1 else 's'} in {duration(talk.took_s)}, {words(talk.tier.value)}"
    return f"- Our {talk.plan_id}: {words(talk.outcome)}{moved} ({took})."


def _strain(report: AfterAction) -> Iterator[str]:
    yield "## Escalations"
    yield ""
    yield f"- Recorded by us: {_counts(report.escalations_by_us)}."
    by_others = report.escalations_by_others
    told = "not known: a desk hears of its own centre's alone" if by_others is None else _counts(by_others)
    yield f"- Recorded by others, towards us: {told}."


def _counts(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{words(kind)} {count}" for kind, count in kinds.items()) or "none"
