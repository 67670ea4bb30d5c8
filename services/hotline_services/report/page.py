"""The page: what the run came to in tables and charts, from the calls to how it was made.

Everything on it is folded from the messages of the run: figures as
:mod:`hotline_services.experiment.analysis.outcomes` defines them, rows as the queries show them. Whatever others wrote
is escaped where it becomes markup.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Final

import msgspec

from hotline_protocol.agreement import Agreement
from hotline_services.experiment.analysis.outcomes import Outcomes
from hotline_services.export.formats.captions import ILLUSTRATIVE, in_order, stamp
from hotline_services.export.formats.story import Story
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.rows import AgreementRow, CallRow, EscalationRow, Row, utc
from hotline_services.monitor.tension import curve
from hotline_services.monitor.volume import Grouping, Period, call_volume
from hotline_services.monitor.wording import air, date_time_group, duration, mean_and_p90, printable, words
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow, FlightRow, StrainRow
from hotline_services.report.frame import FOOT, HEAD, details, figure, number_cell, table, text_cell

from .charts import Count, Point, counts_chart, lines_chart, shares_chart, times_chart
from .origin import provenance, run_again
from .theatre import theatre_map

SKY_ROWS: Final[tuple[type[Row], ...]] = (AirborneRow, FlightRow, CrossingRow, EncounterRow)
HOURLY: Final = timedelta(days=3)
"""A run up to this long is shown hour by hour, a longer one day by day."""
MOST_TIMES: Final = 3_660
SHORT: Final = 40
"""A list of more rows is folded up."""
READING: Final = """
Every figure is of this one run. Another seed gives another run: how far chance alone moves a figure is not to be seen
here, but in an experiment.
"""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """How the report came about: of which file with which digest, by which program, and what was not to be read."""

    file: str
    digest: str
    program: str
    cut_off: str = ""


def page(story: Story, run: Outcomes, made: Made) -> str:
    """The report of this run, which has at least one message. Raises MissingExtraError."""
    return "".join(_page(story, run, made))


def _page(story: Story, run: Outcomes, made: Made) -> Iterator[str]:
    title = f"{story.header.scenario}: report of a run"
    yield HEAD.format(title=escape(title))
    yield f"<main><h1>{escape(title)}</h1>"
    yield from _summary(story, run, made)
    yield from _calls(story, run)
    yield from _talks(run)
    yield from _escalations(story)
    yield from _tension(story, run)
    yield from _sky(story, run)
    yield from _map(story)
    yield from _agreements(story)
    yield from _making(story, made)
    yield "</main>" + FOOT


def _period(story: Story) -> Period:
    return story.period or Period(start=story.header.start, end=story.header.start)


def _summary(story: Story, run: Outcomes, made: Made) -> Iterator[str]:
    period = _period(story)
    seed = "live" if story.header.is_live else f"seed {story.header.seed}"
    yield (
        f"<p>{run.days:.4g} {'day' if run.days == 1 else 'days'} from {date_time_group(period.start)} "
        f"{period.start.year}, {seed}; {story.messages:,} messages.</p>"
    )
    if made.cut_off:
        yield f"<p><strong>{escape(made.cut_off)}.</strong></p>"
    yield f"<p class=note>{READING}</p><h2 id=summary>Summary</h2>"
    line = run.calls
    figures = [
        ("calls", f"{line.total:,}", f"{line.total / run.days:.1f}"),
        ("attempts to call", f"{line.attempts:,}", f"{line.attempts / run.days:.1f}"),
        ("negotiations", f"{sum(run.negotiations.values()):,}", f"{sum(run.negotiations.values()) / run.days:.1f}"),
        ("agreements", f"{run.agreements:,}", f"{run.agreements / run.days:.1f}"),
        ("escalations", f"{sum(run.escalations.values()):,}", f"{sum(run.escalations.values()) / run.days:.1f}"),
        *_sky_figures(story, run),
    ]
    rows = ([text_cell(name), number_cell(total), number_cell(a_day)] for name, total, a_day in figures)
    yield table(["", "total", "a day"], rows, "What the run came to.")


def _sky_figures(story: Story, run: Outcomes) -> Iterator[tuple[str, str, str]]:
    """What flew, and met; dashes where no message of the sky is on record, so that nothing is known of it."""
    outbound = sum(run.crossings.outbound.values())
    counts = (
        ("flights", run.flights.total, 1),
        ("crossings of the line, outbound", outbound, 1),
        ("close calls", run.encounters.close_calls, 2),
    )
    is_known = _knows_sky(story)
    for name, count, digits in counts:
        yield (name, f"{count:,}", f"{count / run.days:.{digits}f}") if is_known else (name, "—", "—")


def _knows_sky(story: Story) -> bool:
    """Whether anything that flew is on record."""
    return any(story.rows(kind) for kind in SKY_ROWS)


def _calls(story: Story, run: Outcomes) -> Iterator[str]:
    yield "<h2 id=calls>Calls</h2>"
    rings = [ring for ring in story.rows(CallRow) if ring.ended_at]
    calls = [ring for ring in rings if ring.is_call]
    if not rings:
        yield "<p>Nobody rang.</p>"
        return
    hourly = _is_hourly(story)
    unit = "calls an hour (UTC)" if hourly else "calls a day (UTC)"
    told = f"{len(calls)} calls by reason and {'hour' if hourly else 'day'}; the numbers are in the tables below."
    yield figure(counts_chart(_counts(calls, hourly=hourly), _times(story), unit), f"{unit}, by reason.", told)
    yield _traffic(story, Grouping.REASON)
    yield from details(f"By {'hour' if hourly else 'day'}", _traffic(story, Grouping.HOUR if hourly else Grouping.DAY))
    yield _outcomes_table(run.calls.by_outcome, "Rings by how they ended: calls, and attempts that were not answered.")
    for name, spread, values in (
        ("set-up", run.calls.set_up, [call.set_up_s for call in calls if call.set_up_s is not None]),
        ("hold", run.calls.hold, [call.hold_s for call in calls if call.hold_s is not None]),
    ):
        if values:
            told = f"Mean {duration(spread.mean_s)}, longest {duration(spread.max_s)}."
            yield figure(times_chart(values, f"{name}, seconds"), f"How long {name} took. {told}", told)
    yield (
        f"<p>Load of the line: <strong>{run.calls.erlang:.4f} Erlang</strong> (the time for which it was taken, set-up "
        "and hold, by the time of the run).</p>"
    )


def _is_hourly(story: Story) -> bool:
    period = _period(story)
    return period.end - period.start <= HOURLY


def _name(at: datetime, *, hourly: bool) -> str:
    return f"{utc(at):%d %b %H:00}" if hourly else utc(at).date().isoformat()


def _times(story: Story) -> list[str]:
    """The names of every hour or day of the run."""
    period, hourly = _period(story), _is_hourly(story)
    step = timedelta(hours=1) if hourly else timedelta(days=1)
    first = utc(period.start).replace(minute=0, second=0, microsecond=0)
    first = first if hourly else first.replace(hour=0)
    count = min((period.end - first) // step + 1, MOST_TIMES)
    return [_name(first + n * step, hourly=hourly) for n in range(count)]


def _counts(calls: Iterable[CallRow], *, hourly: bool) -> list[Count]:
    counted = Counter(
        (_name(call.rang_at, hourly=hourly), call.reason.value if call.reason else "unknown")
        for call in calls
        if call.rang_at
    )
    return [Count(*key, count) for key, count in counted.items()]


def _traffic(story: Story, by: Grouping) -> str:
    groups = call_volume(story.rows(CallRow), _period(story), by)
    rows = (
        [
            text_cell(words(group.group) if by is Grouping.REASON else group.group),
            number_cell(f"{group.calls:,}"),
            number_cell(f"{group.attempts:,}"),
            number_cell(f"{group.completed:,}"),
            *(number_cell(mean_and_p90(each)) for each in (group.waiting, group.set_up, group.hold)),
            number_cell(f"{group.erlang:.4f}"),
        ]
        for group in groups
    )
    headings = [by.value, "calls", "attempts", "completed", "waiting: mean / p90", "set-up", "hold", "Erlang"]
    return table(headings, rows, f"Calls by {by.value}; times are means and 90th percentiles.")


def _outcomes_table(counts: Mapping[str, int], caption: str) -> str:
    return table(
        ["", "how many"],
        ([text_cell(words(name)), number_cell(f"{count:,}")] for name, count in counts.items()),
        caption,
    )


def _talks(run: Outcomes) -> Iterator[str]:
    yield "<h2 id=negotiations>Negotiations</h2>"
    if not run.negotiations:
        yield "<p>Nothing was negotiated to an end.</p>"
        return
    told = ", ".join(f"{words(name)} {count}" for name, count in run.negotiations.items())
    yield figure(shares_chart(list(run.negotiations.items()), "negotiations"), "How negotiations ended.", told)
    yield _outcomes_table(run.plans, "Plans by the state that each was in at the end.")


def _escalations(story: Story) -> Iterator[str]:
    yield "<h2 id=escalations>Escalations</h2>"
    rows = story.rows(EscalationRow)
    if not rows:
        yield "<p>There were none.</p>"
        return
    cells = (
        [
            number_cell(date_time_group(row.at) if row.at else ""),
            text_cell(row.party),
            text_cell(row.peer),
            text_cell(words(row.kind.value) if row.kind else ""),
            text_cell(words(row.tier.value) if row.tier else ""),
            text_cell(printable(row.detail or row.about)),
        ]
        for row in rows
    )
    headings = ["at", "seen by", "peer", "kind", "tier", "detail"]
    listed = table(headings, cells, "What strained the relation, in whose eyes.")
    if len(rows) <= SHORT:
        yield listed
        return
    kinds = Counter(row.kind.value for row in rows if row.kind)
    yield _outcomes_table(dict(sorted(kinds.items())), "Escalations by kind.")
    yield from details(f"All {len(rows):,}", listed)


def _tension(story: Story, run: Outcomes) -> Iterator[str]:
    yield "<h2 id=tension>Tension</h2>"
    rows = [row for row in story.rows(StrainRow) if row.at]
    if not rows:
        yield "<p>No change of tension is on record: this scenario does not model it, or nothing changed it.</p>"
        return
    points = _levels(rows, _period(story), story.agreement)
    sides = list(dict.fromkeys(point.side for point in points))
    told = "; ".join(
        f"{party} at most {each.greatest:.1f}, mean {each.mean:.1f}" for party, each in run.tension.items()
    )
    caption = "Level of each side's own model over time; levels of two models cannot be compared."
    yield figure(lines_chart(points, sides, "tension"), caption, told)
    cells = (
        [
            text_cell(party),
            number_cell(f"{each.greatest:.1f}"),
            number_cell(f"{each.mean:.1f}"),
            text_cell(", ".join(f"{words(stage)} {share:.0%}" for stage, share in each.stages.items() if share)),
        ]
        for party, each in run.tension.items()
    )
    yield table(["side", "greatest", "mean", "share of the time"], cells, "Tension by side.")


def _levels(rows: Sequence[StrainRow], period: Period, agreement: Agreement | None) -> list[Point]:
    """How strained each side was towards each peer, in the order of sides."""
    steps: dict[tuple[str, str], list[StrainRow]] = {}
    for row in rows:
        steps.setdefault((row.party, row.peer), []).append(row)
    peers = Counter(party for party, _ in steps)
    ordered = [pair for side in in_order(peers, agreement) for pair in sorted(steps) if pair[0] == side]
    names = {(side, peer): side if peers[side] == 1 else f"{side} → {peer}" for side, peer in ordered}
    return [
        Point(at, names[pair], level) for pair in ordered for at, level in curve(steps[pair], period.start, period.end)
    ]


def _sky(story: Story, run: Outcomes) -> Iterator[str]:
    yield "<h2 id=sky>Crossings and encounters</h2>"
    if not _knows_sky(story):
        yield "<p>No flight is on record: what flew, crossed or met is not known.</p>"
        return
    crossings = run.crossings
    cells = (
        [
            text_cell(who),
            number_cell(f"{crossings.outbound.get(who, 0):,}"),
            number_cell(f"{crossings.unagreed.get(who, 0):,}"),
            number_cell(f"{crossings.zone_entries.get(who, 0):,}"),
            number_cell(f"{crossings.zone_entries_unagreed.get(who, 0):,}"),
        ]
        for who in sorted({*crossings.both_ways, *crossings.zone_entries})
    )
    headings = ["who answers", "over the line", "of them unagreed", "into zones", "of them unagreed"]
    yield table(headings, cells, "Crossings of the line, outbound, and entries of zones.")
    yield from details("Each crossing", _crossings(story.rows(CrossingRow)))
    met = story.rows(EncounterRow)
    if not met:
        yield "<p>No aircraft lost separation.</p>"
        return
    yield _outcomes_table(run.encounters.by_grade, "Encounters by grade.")
    yield _encounters(met)


def _crossings(rows: Iterable[CrossingRow]) -> str:
    cells = (
        [
            number_cell(date_time_group(row.at) if row.at else ""),
            text_cell(row.side or row.operator),
            text_cell(printable(row.callsign)),
            text_cell(printable(row.what)),
            text_cell("outbound" if row.outbound else "back"),
            text_cell("yes" if row.conforming else "no"),
            number_cell(f"{row.altitude_ft:,.0f}"),
        ]
        for row in rows
    )
    return table(["at", "who", "callsign", "what", "way", "as agreed", "height, ft"], cells, "Crossings, by time.")


def _encounters(rows: Sequence[EncounterRow]) -> str:
    cells = (
        [
            number_cell(date_time_group(row.at) if row.at else ""),
            text_cell(words(row.grade.value) if row.grade else ""),
            text_cell(f"{printable(row.one)} ({row.one_side})"),
            text_cell(f"{printable(row.other)} ({row.other_side})"),
            number_cell(f"{row.horizontal_nm:.2f}"),
            number_cell(f"{row.vertical_ft:,.0f}"),
        ]
        for row in rows
    )
    return table(["at", "grade", "one", "other", "NM", "ft"], cells, "Aircraft that lost separation, at the closest.")


def _map(story: Story) -> Iterator[str]:
    yield "<h2 id=map>Map</h2>"
    granted = sum(len(row.volumes) for row in story.rows(AgreementRow))
    told = (
        f"A map of the theatre with {granted} granted volumes, the line (illustrative), zones, crossings, encounters."
    )
    line = f"The line is {ILLUSTRATIVE}." if story.traces else "The line is not known for this run, and is not drawn."
    caption = (
        "Granted volumes, hatched by who uses them; zones dashed; crossings as crosses, encounters as triangles. "
        f"{line} Geography: Natural Earth, CIA World Data Bank II; towns: GeoNames, CC BY 4.0."
    )
    yield figure(theatre_map(story), caption, told)


def _agreements(story: Story) -> Iterator[str]:
    yield "<h2 id=agreements>Agreements</h2>"
    rows = story.rows(AgreementRow)
    cells = (
        [
            number_cell(date_time_group(row.entered_at) if row.entered_at else ""),
            text_cell(row.granter),
            text_cell(row.user),
            number_cell(f"{row.entry:,}"),
            text_cell(air(row.volumes)),
            number_cell(date_time_group(row.released_at) if row.released_at else ""),
            f"<td><code>{escape(row.entry_hash[:16])}</code></td>",
        ]
        for row in rows
    )
    headings = ["entered", "granter", "user", "entry", "air", "given back", "digest"]
    yield from details(f"{len(rows):,} agreements", table(headings, cells, "What was granted, by time."))


def _making(story: Story, made: Made) -> Iterator[str]:
    yield "<h2 id=made>How it was made</h2>"
    header, period = story.header, _period(story)
    facts = [
        ("scenario", header.scenario),
        ("seed", "not known" if header.seed is None else str(header.seed)),
        *provenance(header),
        ("from", stamp(period.start) or ""),
        ("to", stamp(period.end) or ""),
        ("agreement's digest", header.agreement),
        ("file", made.file),
        ("file's SHA-256", made.digest or "none: a record that goes on"),
        ("program of this report", made.program),
        ("Python of this report", sys.version.split()[0]),
    ]
    yield table(["what", "value"], ([text_cell(name), text_cell(value)] for name, value in facts), "Where it is from.")
    yield from run_again(header, made.file)
    yield (
        "<p>Figures are reckoned from the recorded messages alone. A call is a ring that was answered, an attempt one "
        "that was not; a close call is an encounter graded NMAC, Airprox A or B. It is a simulation for exercise and "
        "research: its officers, aircraft and sensors are models with assumed values.</p>"
    )
