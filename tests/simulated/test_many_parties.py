"""Several centres that ring each other at once: they get through, nothing expires, and equal seeds give equal bytes.

The figures over 20 seeds are those of benchmarks/bench_parties.py.
"""

import hashlib
import runpy
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.events import CallEnded, NegotiationEnded, NegotiationOutcome
from hotline_protocol.line import CallOutcome
from hotline_protocol.message import Message
from hotline_services.director.scenario import read_scenario
from hotline_services.simulation.network import Faults, NetworkModel
from hotline_services.world import build

WRITE: Callable[..., Path] = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "many_parties.py"))["write"]
ROUGH = NetworkModel(delay_s=1, jitter_s=1, loss=0.05, duplication=0.1, reordering=0.1)
AGREED = {NegotiationOutcome.AGREED_AS_FILED, NegotiationOutcome.AGREED_WITH_CHANGES}
SEEDS = (1, 2)
TWO_PARTIES_RING = 11


class Day:
    """What is said on one day of a scenario, and what it comes to."""

    def __init__(self, path: Path, seed: int, **trouble: Any) -> None:
        simulation = build(read_scenario(str(path)), seed, 1, **trouble)
        self.said: list[Message] = []
        simulation.run(simulation.start + timedelta(days=1), lambda message, _at: self.said.append(message))
        self.rings = [message for message in self.said if isinstance(message, CallEnded)]
        self.ended = [message for message in self.said if isinstance(message, NegotiationEnded)]

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self.said)).hexdigest()


def busy_share(days: Sequence[Day]) -> float:
    outcomes = Counter(ring.outcome for day in days for ring in day.rings)
    return outcomes[CallOutcome.BUSY] / outcomes.total()


def expired(days: Sequence[Day]) -> int:
    return sum(ended.outcome is NegotiationOutcome.EXPIRED for day in days for ended in day.ended)


def consents_s(days: Sequence[Day]) -> list[float]:
    """Seconds from the filing of a plan to each consent, shortest first."""
    agreed = (ended for day in days for ended in day.ended if ended.outcome in AGREED)
    return sorted((ended.time - ended.began_at).total_seconds() for ended in agreed)


@pytest.mark.parametrize("count", [3, 4, 6, 8])
@pytest.mark.parametrize("lines", [None, 1])
def test_centres_that_each_ring_the_next_one_get_through(count: int, lines: int | None, tmp_path: Path) -> None:
    days = [Day(WRITE(tmp_path, count, "pair", lines), seed) for seed in SEEDS]
    assert expired(days) == 0
    assert busy_share(days) < 0.25
    assert len(consents_s(days)) >= 9 * count * len(days)  # whoever never rings is never busy


@pytest.mark.parametrize("count", [3, 8])
def test_an_agreement_takes_among_many_no_more_than_half_longer_than_between_two(count: int, tmp_path: Path) -> None:
    two = consents_s([Day(WRITE(tmp_path, 2, "pair"), seed) for seed in SEEDS])
    many = consents_s([Day(WRITE(tmp_path, count, "pair"), seed) for seed in SEEDS])
    assert statistics.median(many) <= 1.5 * statistics.median(two)
    assert many[int(0.95 * len(many))] <= 1.5 * two[int(0.95 * len(two))]


@pytest.mark.parametrize(("count", "lines"), [(4, 2), (8, 2), (8, 1)])
def test_centres_that_all_want_the_same_zone_get_through(count: int, lines: int, tmp_path: Path) -> None:
    days = [Day(WRITE(tmp_path, count, "all", lines), seed) for seed in SEEDS]
    assert expired(days) == 0
    assert busy_share(days) < (0.25 if lines == 2 else 0.3)


def test_centres_that_die_and_lines_that_lose_do_not_keep_many_from_getting_through(tmp_path: Path) -> None:
    faults = Faults(parties=("us", "ru", "tr", "il"), crashes_per_day=12, down_s=300)
    days = [Day(WRITE(tmp_path, 4, "pair"), seed, faults=faults, network=ROUGH) for seed in SEEDS]
    assert expired(days) == 0
    assert busy_share(days) < 0.25


@pytest.mark.parametrize("lines", [None, 1])
def test_equal_seeds_give_equal_bytes_among_many_and_others_do_not(lines: int | None, tmp_path: Path) -> None:
    path = WRITE(tmp_path, 4, "pair", lines)
    assert Day(path, 1).digest == Day(path, 1).digest != Day(path, 2).digest


@pytest.mark.parametrize("mode", ["pair", "all"])
def test_two_centres_ring_no_more_often_than_they_did(mode: str, tmp_path: Path) -> None:
    assert [len(Day(WRITE(tmp_path, 2, mode), seed).rings) for seed in SEEDS] == [TWO_PARTIES_RING] * len(SEEDS)
