"""The outcomes by name: what experiments compare, `hotline simulate --json` prints, and calibration holds to figures.

A measure is None where it has no meaning in a run: the share of flights that conformed, where nothing flew.
"""

import enum
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean, stdev, variance
from typing import Final, NamedTuple

from hotline_protocol.events import EscalationKind, NegotiationOutcome, Stage
from hotline_protocol.flightplan import PlanState
from hotline_protocol.line import CallOutcome, Reason, Tier
from hotline_protocol.sky import Grade

from .outcomes import Outcomes

A_DAY: Final = "a day"
SHARE: Final = "share"
AGREED: Final = (NegotiationOutcome.AGREED_AS_FILED, NegotiationOutcome.AGREED_WITH_CHANGES)


Counts = Mapping[str, int]


class Measure(NamedTuple):
    """One number about a run: its name, its unit, what it is, and how it is had."""

    name: str
    unit: str
    what: str
    of: Callable[[Outcomes], float | None]


def catalogue(parties: Sequence[str]) -> dict[str, Measure]:
    """Every measure by name; those of single parties end in the party's name."""
    measures = [
        *_of_calls(),
        *_of_negotiations(),
        *_of_escalations(),
        *_of_flights(),
        *_of_encounters(),
        *_of_people(),
    ]
    for party in parties:
        measures += _of_party(party)
    return {measure.name: measure for measure in measures}


def measured(outcomes: Outcomes, parties: Sequence[str]) -> dict[str, float | None]:
    """Every measure of this run; counts, too, are floats, as they are when they have been written down and read."""
    values = {name: measure.of(outcomes) for name, measure in catalogue(parties).items()}
    return {name: None if value is None else float(value) for name, value in values.items()}


def dispersion(by_day: Sequence[int]) -> float | None:
    """The index of dispersion: variance by mean. 1 for a Poisson process, more where things come in clusters.

    None where it cannot be told: less than two days, or nothing happened.
    """
    return variance(by_day) / fmean(by_day) if len(by_day) > 1 and any(by_day) else None


def _rate(name: str, what: str, count: Callable[[Outcomes], float]) -> Measure:
    return Measure(f"{name}_per_day", A_DAY, what, lambda run: count(run) / run.days)


def _sum(counts: Counts) -> int:
    return sum(counts.values())


def _under(name: str) -> str:
    return name.replace("-", "_")


def _whole_days(run: Outcomes, by_day: Sequence[int]) -> Sequence[int]:
    return by_day[: int(run.days)]


def _dispersion(name: str, what: str, by_day: Callable[[Outcomes], Sequence[int]]) -> Measure:
    text = f"variance by mean of the number of {what} in each whole day; 1 if they came at random"
    return Measure(f"{name}_dispersion", "ratio", text, lambda run: dispersion(_whole_days(run, by_day(run))))


def _of_each(name: str, what: str, kinds: type[enum.Enum], counts: Callable[[Outcomes], Counts]) -> Iterator[Measure]:
    """A measure for each kind of something."""
    for kind in kinds:
        yield _rate(f"{name}_{_under(kind.value)}", f"{what} {kind.value}", _count_of(kind.value, counts))


def _count_of(kind: str, counts: Callable[[Outcomes], Counts]) -> Callable[[Outcomes], float]:
    return lambda run: counts(run).get(kind, 0)


def _of_calls() -> Iterator[Measure]:
    yield _rate("calls", "calls: rings that were answered", lambda run: run.calls.total)
    yield _rate("attempts", "rings that were not answered", lambda run: run.calls.attempts)
    yield Measure("calls_per_day_sd", A_DAY, "standard deviation of the calls of each whole day", _calls_sd)
    yield _dispersion("calls", "calls", lambda run: run.calls.by_day)
    yield from _of_each("calls", "calls made for the reason", Reason, lambda run: run.calls.by_reason)
    yield from _of_each("calls", "calls made by the tier", Tier, lambda run: run.calls.by_tier)
    yield from _of_each("calls", "rings that ended as", CallOutcome, lambda run: run.calls.by_outcome)
    load = "load that the line carried: the share of the time for which it was taken"
    yield Measure("erlang", "Erlang", load, lambda run: run.calls.erlang)
    yield Measure(
        "waiting_mean", "s", "mean time from wanting to ring to ringing", lambda run: run.calls.waiting.mean_s
    )
    yield Measure("set_up_mean", "s", "mean time from ringing to answered", lambda run: run.calls.set_up.mean_s)
    yield Measure("set_up_p90", "s", "90th percentile of the same", lambda run: run.calls.set_up.p90_s)
    yield Measure("hold_mean", "s", "mean time from answered to hung up", lambda run: run.calls.hold.mean_s)
    yield Measure("hold_p90", "s", "90th percentile of the same", lambda run: run.calls.hold.p90_s)


def _calls_sd(run: Outcomes) -> float | None:
    days = _whole_days(run, run.calls.by_day)
    return stdev(days) if len(days) > 1 else None


def _of_negotiations() -> Iterator[Measure]:
    yield _rate("negotiations", "negotiations that ended", lambda run: _sum(run.negotiations))
    yield from _of_each("negotiations", "negotiations that ended as", NegotiationOutcome, lambda run: run.negotiations)
    yield Measure("agreed_share", SHARE, "share of the negotiations that ended in agreement", _agreed_share)
    yield _rate("agreements", "grants entered in the ledgers", lambda run: run.agreements)
    yield _rate("released", "grants given back before their time", lambda run: run.released)
    yield _rate("plans_refused", "plans that were refused", lambda run: run.plans.get(PlanState.REFUSED.value, 0))


def _agreed_share(run: Outcomes) -> float | None:
    ended = _sum(run.negotiations)
    return sum(run.negotiations.get(kind.value, 0) for kind in AGREED) / ended if ended else None


def _of_escalations() -> Iterator[Measure]:
    yield _rate("escalations", "steps up of any kind, in either side's eyes", lambda run: _sum(run.escalations))
    yield _dispersion("escalations", "escalations", lambda run: run.escalations_by_day)
    yield from _of_each("escalations", "escalations of the kind", EscalationKind, lambda run: run.escalations)
    yield _rate("suspensions_announced", "declarations of suspension", lambda run: run.suspensions_announced)


def _of_flights() -> Iterator[Measure]:
    yield _rate("flights", "flights flown to their end", lambda run: run.flights.total)
    yield _rate("flights_unannounced", "flights of which no centre was told", lambda run: run.flights.unannounced)
    yield _rate("deviations", "flights that departed from their plan", lambda run: _sum(run.flights.deviations))
    inside = "mean share of a flight's time inside its air"
    yield Measure("conforming_share", SHARE, inside, lambda run: run.flights.conforming_share)
    yield Measure("conforming_flights", SHARE, "share of the flights that conformed (95 %, 10 s)", _conforming_flights)
    yield _rate("crossings", "crossings of the line, each way", lambda run: _sum(run.crossings.both_ways))
    yield _rate("crossings_outbound", "crossings to the other's side", lambda run: _sum(run.crossings.outbound))
    unagreed = "crossings to the other's side without plan or consent"
    yield _rate("crossings_unagreed", unagreed, lambda run: _sum(run.crossings.unagreed))
    yield _dispersion("crossings", "crossings to the other's side", lambda run: run.crossings.outbound_by_day)
    yield _rate("zone_entries", "entries of a zone under a rule", lambda run: _sum(run.crossings.zone_entries))
    unagreed = "entries of a zone without plan or consent"
    yield _rate("zone_entries_unagreed", unagreed, lambda run: _sum(run.crossings.zone_entries_unagreed))


def _conforming_flights(run: Outcomes) -> float | None:
    return run.flights.conforming / run.flights.total if run.flights.total else None


def _of_encounters() -> Iterator[Measure]:
    yield _rate("encounters", "pairs that lost separation, of any grade", lambda run: _sum(run.encounters.by_grade))
    yield from _of_each("encounters", "encounters graded", Grade, lambda run: run.encounters.by_grade)
    yield _rate("close_calls", "encounters graded NMAC, Airprox A or Airprox B", lambda run: run.encounters.close_calls)
    between = "close calls of a flight of one side with one of the other"
    yield _rate("close_calls_between_parties", between, lambda run: run.encounters.between_parties)
    yield _dispersion("close_calls", "close calls", lambda run: run.encounters.close_calls_by_day)
    yield Measure(
        "nearest_nm", "NM", "least horizontal distance in any encounter", lambda run: run.encounters.nearest_nm
    )


def _of_people() -> Iterator[Measure]:
    yield _rate("misheard", "places misheard", lambda run: run.people.misheard)
    uncaught = "places misheard that reading back did not set right"
    yield _rate("misheard_uncaught", uncaught, lambda run: run.people.misheard_uncaught)
    yield _rate("mails", "mails sent", lambda run: run.people.mails)
    yield _rate("stops", "activities ended on the other's request", lambda run: run.people.stops)
    yield Measure("stop_mean", "s", "mean time from understanding a request to stop to having stopped", _stop_mean)
    yield Measure("reviews", "count", "line reviews held in the run", lambda run: run.reviews)
    yield Measure("reviews_agreed", "count", "line reviews that ended in agreement", lambda run: run.reviews_agreed)
    away = "hours with nobody at the desk, of the duty officers of all sides"
    yield Measure("absent_hours", "h", away, lambda run: math.fsum(run.people.absent_h.values()))


def _stop_mean(run: Outcomes) -> float | None:
    return run.people.stopped.mean_s if run.people.stops else None


def _of_party(party: str) -> Iterator[Measure]:
    end = f"_per_day_{_under(party)}"

    def rate(name: str, what: str, counts: Callable[[Outcomes], Counts]) -> Measure:
        return Measure(f"{name}{end}", A_DAY, f"{what} {party}", lambda run: counts(run).get(party, 0) / run.days)

    yield rate("calls", "calls made by", lambda run: run.calls.by_party)
    yield rate("flights", "flights under", lambda run: run.flights.by_side)
    yield rate("crossings_outbound", "crossings to the other's side by", lambda run: run.crossings.outbound)
    yield rate("crossings_unagreed", "unagreed crossings to the other's side by", lambda run: run.crossings.unagreed)
    yield rate(
        "zone_entries_unagreed", "unagreed entries of a zone by", lambda run: run.crossings.zone_entries_unagreed
    )
    yield from _tension_of(party)
    name, text = f"absent_hours_{_under(party)}", f"hours for which the duty officers of {party} were away"
    yield Measure(name, "h", text, lambda run: run.people.absent_h.get(party, 0.0))


def _tension_of(party: str) -> Iterator[Measure]:
    def mean(run: Outcomes) -> float:
        return run.tension[party].mean if party in run.tension else 0.0

    def greatest(run: Outcomes) -> float:
        return run.tension[party].greatest if party in run.tension else 0.0

    name = _under(party)
    yield Measure(f"tension_mean_{name}", "level", f"mean level of the escalation model of {party}", mean)
    yield Measure(f"tension_max_{name}", "level", f"greatest level of the escalation model of {party}", greatest)
    for stage in (Stage.TENSE, Stage.STRAINED, Stage.CRISIS):
        text = f"share of the time in which {party} was in the stage {stage.value}, or in a higher one"
        yield Measure(f"{stage.value}_share_{name}", SHARE, text, _share_from(party, stage))


def _share_from(party: str, stage: Stage) -> Callable[[Outcomes], float]:
    higher = [each.value for each in Stage if each.rank >= stage.rank]

    def share(run: Outcomes) -> float:
        return math.fsum(run.tension[party].stages[each] for each in higher) if party in run.tension else 0.0

    return share
