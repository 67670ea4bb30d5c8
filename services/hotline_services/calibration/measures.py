"""How each published figure is measured in runs."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from statistics import fmean, variance
from typing import Final

from hotline_protocol.events import ActivityStopped, CallEnded, Escalated, EscalationKind
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import CallOutcome, Noted, Reason, Ring
from hotline_protocol.sky import CLOSE, Encountered, FlightBegan, FlightFlown, Grade, LineCrossed

from .figures import FIGURES, Result
from .recipes import OUTAGE, OUTAGE_FROM
from .trials import Log, Trials

Found = tuple[float, str]

BUSY: Final = "valley-2017"
DISTANCES_NM: Final = (0, 10, 20, 40, 80)
TEMPOS: Final = (0.5, 1.0, 2.0, 4.0)
PASSES: Final = 37
INCIDENTS: Final = frozenset({EscalationKind.SIGHTING, EscalationKind.CROSSING_WITHOUT_CONSENT})
PYRAMID: Final = (
    {Grade.NMAC, Grade.AIRPROX_A},
    {Grade.AIRPROX_B},
    {Grade.AIRPROX_C, Grade.BELOW_SEPARATION},
)
SIDES: Final = {"us", "ru"}


def _a_day(logs: Sequence[Log], count: Callable[[Log], int]) -> float:
    return sum(count(log) for log in logs) / sum(log.days for log in logs)


def _calls(log: Log) -> int:
    return len(_answered(log))


def _answered(log: Log) -> list[CallEnded]:
    """The calls; a ring that nobody answered is none."""
    return [ring for ring in log.of(CallEnded) if ring.is_call]


def between_sides(log: Log) -> list[Encountered]:
    """Losses of separation between the two sides, partners included."""
    return [each for each in log.of(Encountered) if {each.one.side, each.other.side} == SIDES]


def calls_busy(trials: Trials) -> Found:
    """Figure 1."""
    logs = trials.runs(BUSY)
    days = [count for log in logs for count in log.by_day(call.rang_at for call in _answered(log))]
    return _a_day(logs, _calls), f"{min(days)} to {max(days)} on single days"


def calls_quiet(trials: Trials) -> Found:
    """Figure 2."""
    return _a_day(_at_distance(trials, DISTANCES_NM[-1]), _calls), ""


def _at_distance(trials: Trials, nm: int) -> list[Log]:
    return trials.runs(BUSY, changes={"fronts.distance": [{"at": "+00:00", "distance_nm": nm}]})


def distance_of_fronts(trials: Trials) -> Found:
    """Figure 3."""
    logs = [_at_distance(trials, nm) for nm in DISTANCES_NM]
    calls = [_a_day(each, _calls) for each in logs]
    losses = [_a_day(each, lambda log: len(between_sides(log))) for each in logs]
    told = ", ".join(f"{nm} NM {c:.1f} / {x:.2f}" for nm, c, x in zip(DISTANCES_NM, calls, losses, strict=True))
    return max(kendall(DISTANCES_NM, calls), kendall(DISTANCES_NM, losses)), f"calls / approaches a day: {told}"


def kendall(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Kendall's tau-a: pairs in the same order less pairs in the opposite order, by all pairs."""
    pairs = list(combinations(zip(xs, ys, strict=True), 2))
    return sum(_sign((a[0] - b[0]) * (a[1] - b[1])) for a, b in pairs) / len(pairs)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def crossings(trials: Trials) -> Found:
    """Figure 4."""
    logs = trials.runs(BUSY)
    unagreed = _a_day(logs, lambda log: len(_unagreed(log)))
    return unagreed, f"{_a_day(logs, lambda log: len(log.of(LineCrossed))):.1f} of all kinds and sides"


def _unagreed(log: Log) -> list[LineCrossed]:
    return [x for x in log.of(LineCrossed) if x.outbound and not x.conforming and x.flyer.side == "ru"]


def close_calls_2016(trials: Trials) -> Found:
    """Figure 5: rare, and so over four times as many days."""
    logs = trials.runs("autumn-2016", days=4 * trials.days)
    close = _a_day(logs, lambda log: sum(each.grade in CLOSE for each in between_sides(log)))
    days = sum(log.days for log in logs)
    return close, f"{close * days:.0f} in {days} days"


def absent_27_min(trials: Trials) -> Found:
    """Figure 6."""
    log = trials.alone("deir-ez-zor-2016-09-17")
    rang, understood = _stop_request(log)
    there = (log.of(FlightFlown)[0].ended_at - log.of(FlightBegan)[0].time) / timedelta(minutes=1)
    waited = (understood - rang) / timedelta(minutes=1)
    return PASSES * waited / there, f"{waited:.1f} min of {there:.1f} min"


def _stop_request(log: Log) -> tuple[datetime, datetime]:
    """When the other side first rang about it, and when it was understood."""
    rang = next(ring.time for ring in log.of(Ring) if ring.source == "ru" and ring.reason is Reason.INCIDENT)
    return rang, next(noted.time for noted in log.of(Noted) if noted.source == "us" and noted.time > rang)


def stopped(trials: Trials) -> Found:
    """Figure 7."""
    (stop,) = trials.alone("deir-ez-zor-2016-09-17").of(ActivityStopped)
    return (stop.time - stop.understood_at) / timedelta(minutes=1), ""


def june_18(trials: Trials) -> Found:
    """Figure 8."""
    log = trials.alone("euphrates-2017-06-18")
    first = next(each.time for each in log.of(ReportSighting) if each.kind is SightingKind.GROUND_INCIDENT)
    lost = next(each.time for each in log.of(ReportSighting) if each.kind is SightingKind.AIRCRAFT_LOST)
    between = [call for call in log.of(CallEnded) if first < call.rang_at < lost]
    done = sum(call.outcome is CallOutcome.COMPLETED for call in between)
    return (lost - first) / timedelta(minutes=1) if done else math.nan, f"{done} calls completed in between"


def pyramid(trials: Trials) -> Found:
    """Figure 9: how far the steps are from 11 / 3 and 25 / 11, as a factor."""
    grades = [each.grade for log in trials.runs(BUSY) for each in between_sides(log)]
    high, serious, lesser = (sum(grade in step for grade in grades) for step in PYRAMID)
    told = f"{high} : {serious} : {lesser}"
    if not (high and serious and lesser):
        return math.inf, told
    off = [math.log(serious / high / (11 / 3)), math.log(lesser / serious / (25 / 11))]
    return math.exp(max(map(abs, off))), told


def clustering(trials: Trials) -> Found:
    """Figure 10: variance by mean of incidents a day, pooled over the runs."""
    days = [
        count
        for log in trials.runs(BUSY)
        for count in log.by_day(each.time for each in log.of(Escalated) if each.kind in INCIDENTS)
    ]
    if not sum(days):
        return math.nan, "no incidents"
    return variance(days) / fmean(days), f"{fmean(days):.1f} a day over {len(days)} days"


def conflicts_by_flights(trials: Trials) -> Found:
    """Figure 11: least squares through the logarithms."""
    points = []
    for tempo in TEMPOS:
        changes = {"traffic.*.tempo": tempo, "circuit.available": False}
        logs = trials.runs(BUSY, changes=changes)
        flights = sum(len(log.of(FlightFlown)) for log in logs)
        losses = sum(len(between_sides(log)) for log in logs)
        points.append((flights, losses))
    return slope(points), ", ".join(f"{flights} flights {losses}" for flights, losses in points)


def slope(points: Iterable[tuple[float, float]]) -> float:
    """Of the straight line of least squares through (log x, log y); points with a 0 are left out.

    Not a number where fewer than two are left.
    """
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len(logs) < 2:
        return math.nan
    mean_x, mean_y = fmean(x for x, _ in logs), fmean(y for _, y in logs)
    return math.fsum((x - mean_x) * (y - mean_y) for x, y in logs) / math.fsum((x - mean_x) ** 2 for x, _ in logs)


def outage_calls(trials: Trials) -> Found:
    """Figure 12: the same days with and without the outages."""
    without = trials.runs(BUSY, recipe="constant", days=3 * trials.days)
    with_them = trials.runs(BUSY, recipe="outages", days=3 * trials.days)
    days = sum(log.days for log in without)
    lost = (sum(map(_completed_in_outages, without)) - sum(map(_completed_in_outages, with_them))) / days
    crossed = [
        count > 0
        for log in with_them
        for count in log.by_day(x.time for x in log.of(LineCrossed) if x.outbound and _in_outage(log, x.time))
    ]
    share = fmean(crossed)
    return (
        lost if 0.78 <= share <= 0.88 else math.nan,
        f"{lost:.2f} lost; a crossing in {share:.0%} of {len(crossed)} outages",
    )


def _in_outage(log: Log, at: datetime) -> bool:
    return OUTAGE_FROM <= (at - log.start) % timedelta(days=1) < OUTAGE_FROM + OUTAGE


def _completed_in_outages(log: Log) -> int:
    calls = log.of(CallEnded)
    return sum(call.outcome is CallOutcome.COMPLETED and _in_outage(log, call.rang_at) for call in calls)


def line_load(trials: Trials) -> Found:
    """Figure 13: how long the line was taken, and how many calls found it so."""
    logs = trials.runs(BUSY, recipe="long-calls", days=3 * trials.days)
    calls = [call for log in logs for call in _answered(log)]
    taken = math.fsum((call.ended_at - call.rang_at).total_seconds() for call in calls)
    erlang = taken / sum(86_400 * log.days for log in logs)
    blocked = fmean((call.rang_at - call.queued_at).total_seconds() > 1 for call in calls)
    mean = taken / len(calls) / 60
    told = f"{blocked:.1%} of {len(calls)} calls found the line taken; {mean:.1f} min each"
    return erlang if 0.06 <= blocked <= 0.085 else math.nan, f"{erlang:.4f} Erlang; {told}"


MEASURES: Final[dict[str, Callable[[Trials], Found]]] = {
    "calls-busy": calls_busy,
    "calls-quiet": calls_quiet,
    "distance-of-fronts": distance_of_fronts,
    "crossings": crossings,
    "close-calls-2016": close_calls_2016,
    "absent-27-min": absent_27_min,
    "stopped": stopped,
    "june-18": june_18,
    "pyramid": pyramid,
    "clustering": clustering,
    "conflicts-by-flights": conflicts_by_flights,
    "outage-calls": outage_calls,
    "line-load": line_load,
}


def calibrate(trials: Trials) -> list[Result]:
    """Every figure, in order."""
    results = []
    for figure in FIGURES:
        value, detail = MEASURES[figure.name](trials)
        results.append(Result(figure=figure, value=value, detail=detail))
    return results
