"""Where strain breeds strain incidents come in clusters, even if what is seen in the sky comes evenly by chance."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from statistics import fmean, variance

import pytest

from hotline_protocol.agreement import Agreement, read_agreement
from hotline_protocol.airspace import Position
from hotline_protocol.events import Escalated, EscalationKind
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.message import Message
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import PartyConfig, Strain, StrainModel
from hotline_services.director.play import Act, Director
from hotline_services.resources import scenarios_folder
from hotline_services.simulation.chance import Chance
from hotline_services.simulation.shell import Simulation

START = datetime(2017, 7, 1, tzinfo=UTC)
DAYS, SIGHTINGS_A_DAY, SEEDS = 40, 6.0, range(4)
SIDES = ("us", "ru")
VALLEY = Position(40.2, 35.2)
INCIDENTS = {EscalationKind.SIGHTING, EscalationKind.CROSSING_WITHOUT_CONSENT, EscalationKind.WARNING}
SEEN = (
    *[SightingKind.LINE_CROSSING] * 12,
    *[SightingKind.CLOSE_APPROACH] * 4,
    *[SightingKind.UNANNOUNCED_FLIGHT] * 4,
    *[SightingKind.SHOW_OF_FORCE] * 3,
    SightingKind.GROUND_INCIDENT,
)


@cache
def memorandum() -> Agreement:
    return read_agreement((scenarios_folder() / "agreements" / "valley.toml").read_text(encoding="utf-8"))


def poisson_sightings(chance: Chance) -> Iterator[Act]:
    """Each independent of every other."""
    draw = chance.stream("sightings").random
    at = START
    while True:
        at += timedelta(days=-math.log(1 - draw()) / SIGHTINGS_A_DAY)
        if at >= START + timedelta(days=DAYS):
            return
        who, by = SIDES if draw() < 0.5 else reversed(SIDES)
        kind = SEEN[int(draw() * len(SEEN))]
        yield Act(at=at, kind=ReportSighting, fields={"to": who, "kind": kind, "by": by, "at": VALLEY, "seen_at": at})


def incidents_a_day(strain: Strain, seed: int) -> list[int]:
    simulation = Simulation(START, seed)
    config = PartyConfig(strain=strain)
    for party in SIDES:
        simulation.add(
            party, partial(Centre, party, config, memorandum(), epoch="0", chance=simulation.chance), hears=[]
        )
    acts = tuple(poisson_sightings(simulation.chance))
    simulation.add("director", lambda: Director(acts))
    counts: Counter[int] = Counter()

    def note(message: Message, at: datetime) -> None:
        if isinstance(message, Escalated) and message.kind in INCIDENTS:
            counts[(at - START).days] += 1

    simulation.run(START + timedelta(days=DAYS), note)
    return [counts[day] for day in range(DAYS)]


def dispersion(strain: Strain) -> float:
    """Variance by mean of incidents a day: 1 for a Poisson process."""
    days = [count for seed in SEEDS for count in incidents_a_day(strain, seed)]
    return variance(days) / fmean(days)


@pytest.mark.parametrize("model", [StrainModel.LADDER, StrainModel.GOLDSTEIN, StrainModel.HAWKES])
def test_incidents_cluster_where_strain_is_acted_upon_and_not_where_it_is_only_recorded(model: StrainModel) -> None:
    acted_upon, recorded = dispersion(Strain(model=model)), dispersion(Strain(model=model, reacts=False))
    print(f"{model.value}: index of dispersion {acted_upon:.2f}, recorded only {recorded:.2f}")  # noqa: T201
    assert acted_upon > 1.2
    assert 0.7 < recorded < 1.2
    assert acted_upon > recorded + 0.2
