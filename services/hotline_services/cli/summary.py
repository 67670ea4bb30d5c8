"""What a simulated run came to, as a table for a person."""

from collections.abc import Iterator, Mapping
from statistics import stdev
from typing import NamedTuple

from rich.table import Table

from hotline_protocol.events import EscalationKind, Stage
from hotline_services.experiment.analysis.outcomes import Calls, Outcomes, Tension
from hotline_services.monitor.volume import Spread
from hotline_services.monitor.wording import duration, words


class Line(NamedTuple):
    """One line of the table; what is shown once for several lines is the ``group``."""

    group: str
    name: str
    total: str
    a_day: str = ""
    note: str = ""


def summary_table(run: Outcomes) -> Table:
    """The whole summary. Groups of which there is nothing are left out."""
    table = Table(box=None, pad_edge=False)
    for heading, justify in (("", "left"), ("", "left"), ("total", "right"), ("a day", "right"), ("", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    shown = ""
    for line in (*_calls(run), *_talks(run), *_sky(run), *_people(run), *_load(run.calls)):
        table.add_row("" if line.group == shown else line.group, *line[1:])
        shown = line.group
    return table


def _counted(group: str, counts: Mapping[str, int], days: float, *, as_words: bool = True) -> Iterator[Line]:
    for name, count in counts.items():
        yield Line(group, words(name) if as_words else name, f"{count:,}", f"{count / days:.1f}")


def _calls(run: Outcomes) -> Iterator[Line]:
    calls = run.calls
    whole = calls.by_day[: int(run.days)]
    note = f"{min(whole)} to {max(whole)}, sd {stdev(whole):.1f}" if len(whole) > 1 else ""
    yield Line("calls", "", f"{calls.total:,}", f"{calls.total / run.days:.1f}", note)
    yield from _counted("  by caller", calls.by_party, run.days, as_words=False)
    yield from _counted("  by reason", calls.by_reason, run.days)
    yield from _counted("  by tier", calls.by_tier, run.days)
    note = "busy, or not answered"
    yield Line("attempts", "", f"{calls.attempts:,}", f"{calls.attempts / run.days:.1f}", note)
    yield from _counted("  rings by outcome", calls.by_outcome, run.days)


def _talks(run: Outcomes) -> Iterator[Line]:
    yield from _counted("negotiations", run.negotiations, run.days)
    late = run.escalations.get(EscalationKind.LATE_NOTICE.value, 0)
    yield Line("negotiations", "late", f"{late:,}", f"{late / run.days:.1f}", "short of notice")
    yield from _counted("escalations", run.escalations, run.days)
    yield from _counted("plans", run.plans, run.days)
    yield from _counted("rejected", run.rejected, run.days)
    yield Line(
        "agreements", "", f"{run.agreements:,}", f"{run.agreements / run.days:.1f}", f"{run.released:,} given back"
    )
    if run.reviews:
        yield Line("line reviews", "", f"{run.reviews:,}", note=f"{run.reviews_agreed:,} agreed")


def _sky(run: Outcomes) -> Iterator[Line]:
    flights, crossings, met = run.flights, run.crossings, run.encounters
    yield from _counted("flights", flights.by_side, run.days, as_words=False)
    yield from _counted("  that deviated", flights.deviations, run.days)
    if flights.total:
        share = f"{flights.conforming / flights.total:.0%}"
        yield Line("  that conformed", "", f"{flights.conforming:,}", f"{flights.conforming / run.days:.1f}", share)
    yield from _counted("crossings, outbound", crossings.outbound, run.days, as_words=False)
    yield from _counted("  unagreed", crossings.unagreed, run.days, as_words=False)
    yield from _counted("zone entries", crossings.zone_entries, run.days, as_words=False)
    yield from _counted("  unagreed ", crossings.zone_entries_unagreed, run.days, as_words=False)
    yield from _counted("encounters", met.by_grade, run.days)
    if flights.total:
        note = f"{met.between_parties:,} between the sides"
        yield Line("close calls", "", f"{met.close_calls:,}", f"{met.close_calls / run.days:.2f}", note)


def _people(run: Outcomes) -> Iterator[Line]:
    people = run.people
    for party, tension in run.tension.items():
        yield Line("tension, greatest", party, f"{tension.greatest:.1f}", note=_told(tension))
    for party, hours in people.absent_h.items():
        if hours:
            yield Line("desk empty", party, f"{hours:.1f} h", f"{hours / run.days:.1f}")
    if people.misheard:
        note = f"{people.misheard_uncaught:,} not caught"
        yield Line("misheard", "", f"{people.misheard:,}", f"{people.misheard / run.days:.1f}", note)
    if people.mails:
        yield Line("mails", "", f"{people.mails:,}", f"{people.mails / run.days:.1f}", f"{people.mails_read:,} read")
    if people.stops:
        note = f"{duration(people.stopped.mean_s)} after understanding"
        yield Line("stopped on request", "", f"{people.stops:,}", note=note)


def _told(tension: Tension) -> str:
    stages = [f"{stage.value} {share:.0%}" for stage in Stage if (share := tension.stages[stage.value])]
    return f"mean {tension.mean:.1f}; {', '.join(stages)}"


def _load(calls: Calls) -> Iterator[Line]:
    yield Line("line load", "Erlang", f"{calls.erlang:.3f}")
    for name, times in (("waiting", calls.waiting), ("set-up", calls.set_up), ("hold", calls.hold)):
        yield Line("  mean times", name, duration(times.mean_s) if times.is_known else "—", note=_spread(times))


def _spread(times: Spread) -> str:
    return f"p90 {duration(times.p90_s)}, longest {duration(times.max_s)}" if times.max_s else ""
