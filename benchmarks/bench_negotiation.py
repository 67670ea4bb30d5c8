"""How good the agreements are that two sides reach without telling each other their needs, and how fast.

NegMAS is the judge: it works out the Nash bargaining solution of each domain as well; and it is the comparison: its
own agents bargain over the same domains, among themselves and against ours (negmas_table.py).

A domain is a menu of 8 sectors, 6 blocks and 13 shifts and two sides' worth of each of its 624 outcomes:

- additive: worth = weighted sum over sector, block and shift; weights uniform, divided by their sum; a value for
  each sector, block and shift uniform, stretched to span 0 to 1;
- distance: the same, but each side wishes for one sector, block and shift, and worth falls evenly with distance
  from each, as an air operations centre's costs do;
- unstructured: each outcome's worth is uniform in 0 to 1, for nothing can be learned from one about another.

What walking away is worth is uniform in 0 to 0.5 for each side (see --reserve). The figures promised are those of
the additive family. Seeds below 1,000 were used while the strategies were made; the default is another.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_services.aoc.config import Strategy, StrategyKind
from hotline_services.aoc.negotiation import Accept, Bargainer, Offer, dominating, settlement
from sizes import parsed

SHAPE: Final = (8, 6, 13)
OUTCOMES: Final = 8 * 6 * 13
THEIR_OFFERS: Final = 200
"""The most that an agreement may allow a tier, and what brings NegMAS's agents near their measured best."""

Worth = NDArray[np.float64]
Verdict = tuple[bool, float, float, int]
"""Agreed or not, share of the best Nash product, the same after an upper tier, offers made."""


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides' worth of each outcome and of walking away, and the largest product of gains."""

    worth: tuple[Worth, Worth]
    walk_away: tuple[float, float]
    best: float

    def score(self, outcome: int | None) -> float:
        """Share of the largest product of gains there is; 0 without agreement."""
        if outcome is None:
            return 0.0
        gains = [float(worth[outcome]) - least for worth, least in zip(self.worth, self.walk_away, strict=True)]
        return gains[0] * gains[1] / self.best if min(gains) > 0 else 0.0


def additive(chance: np.random.Generator) -> Worth:
    """A weighted sum of random values."""
    values = [chance.random(n) for n in SHAPE]
    return _sum(chance.random(3), [(v - v.min()) / (v.max() - v.min()) for v in values])


def distance(chance: np.random.Generator) -> Worth:
    """A weighted sum of distances from a wish."""
    return _sum(chance.random(3), [1 - np.abs(np.arange(n) - chance.integers(n)) / (n - 1) for n in SHAPE])


def unstructured(chance: np.random.Generator) -> Worth:
    """Every outcome for itself."""
    return chance.random(OUTCOMES)


def _sum(weights: Worth, values: Sequence[Worth]) -> Worth:
    a, b, c = weights / weights.sum()
    worth: Worth = (a * values[0][:, None, None] + b * values[1][:, None] + c * values[2]).ravel()
    return worth


FAMILIES: Final = {"additive": additive, "distance": distance, "unstructured": unstructured}


def draw(family: str, count: int, seed: int, reserve: float) -> Iterator[Domain]:
    """The first ``count`` domains of this seed in which there is something to agree on."""
    for number in range(100 * count):
        chance = np.random.default_rng((seed, list(FAMILIES).index(family), number))
        worth = FAMILIES[family](chance), FAMILIES[family](chance)
        walk_away = chance.uniform(0, reserve), chance.uniform(0, reserve)
        domain = judged(worth, walk_away)
        if domain is not None:
            yield domain
            count -= 1
        if not count:
            return


def judged(worth: tuple[Worth, Worth], walk_away: tuple[float, float]) -> Domain | None:
    """The domain with its best product; None when no outcome is worth more than walking away to both."""
    # Only of what both prefer to walking away: two losses have a product above zero too.
    gains = [np.clip(each - least, 0.0, None) for each, least in zip(worth, walk_away, strict=True)]
    best = float((gains[0] * gains[1]).max())
    return Domain(worth=worth, walk_away=walk_away, best=best) if best > 0 else None


def bargain(domain: Domain, strategy: Strategy, rounds: int) -> tuple[int | None, int]:
    """Two of our bargainers from beginning to end: the outcome, and how many offers were made."""
    first, second = (
        Bargainer(worth, walk_away, strategy, rounds, SHAPE)
        for worth, walk_away in zip(domain.worth, domain.walk_away, strict=True)
    )
    offer, offers = first.opening(), 1
    while offer is not None:
        for side in (second, first):
            answer = side.answer(offer)
            if not isinstance(answer, Offer):
                return (offer if isinstance(answer, Accept) else None), offers
            offer, offers = answer.outcome, offers + 1
    return None, 0


def verdict(domain: Domain, outcome: int | None, offers: int) -> Verdict:
    """What an outcome is worth, and what an upper tier would make of it with needs laid open."""
    if outcome is not None:
        upper: int | None = dominating(*domain.worth, outcome)
    else:
        upper = settlement(domain.worth[0], domain.walk_away[0], domain.worth[1], domain.walk_away[1])
    return outcome is not None, domain.score(outcome), domain.score(upper), offers


Play = Callable[[Domain], tuple[int | None, int]]


def row(title: str, domains: Sequence[Domain], play: Play, passes: int = 1) -> tuple[float, float, float, float]:
    """Play all, print a line; returns agreement rate, both mean shares and negotiations a second."""
    times = []
    for _ in range(passes):
        # Of the processor, which others may be using too: the figure is for one core to itself.
        start = time.process_time()
        played = [play(domain) for domain in domains]
        times.append(time.process_time() - start)
    verdicts = [verdict(domain, *result) for domain, result in zip(domains, played, strict=True)]
    agreed, share, upper, offers = (statistics.fmean(column) for column in zip(*verdicts, strict=True))
    rate = len(domains) / statistics.median(times)
    print(f"  {title:<46}{agreed:>8.2f}{share:>9.3f}{upper:>13.3f}{offers:>9.1f}{rate:>11,.0f}", flush=True)
    return agreed, share, upper, rate


DEFAULT: Final = "Boulware (the default)"
STRATEGIES: Final = {
    DEFAULT: Strategy(),
    "Boulware that weighs no risk": Strategy(weighs_risk=False),
    "linear": Strategy(exponent=1.0),
    "Conceder": Strategy(exponent=2.0),
    "MiCRO": Strategy(kind=StrategyKind.MICRO),
    "tit-for-tat": Strategy(kind=StrategyKind.TIT_FOR_TAT),
    "Boulware without trade-offs": Strategy(trade_offs=False),
}


def our_rows(family: str, domains: Sequence[Domain], rounds: int) -> tuple[float, ...]:
    """Our strategies over one family; returns the figures of the default one."""
    print(f"\n{family}: {len(domains)} domains with a zone of agreement")
    print(f"  {'':<46}{'agreed':>8}{'private':>9}{'upper tier':>13}{'offers':>9}{'a second':>11}")
    figures: dict[str, tuple[float, ...]] = {}
    for name, strategy in STRATEGIES.items():
        title = f"ours, {name}, {rounds} offers"
        figures[name] = row(title, domains, lambda d, s=strategy: bargain(d, s, rounds), passes=5)  # type: ignore[misc]
    for more in (2 * rounds, THEIR_OFFERS):
        row(f"ours, {DEFAULT}, {more} offers", domains, lambda d, r=more: bargain(d, Strategy(), r))  # type: ignore[misc]
    return figures[DEFAULT]


def their_rows(family: str, domains: Sequence[Domain]) -> None:
    """NegMAS's agents over one family, and for the first family ours against theirs. It judges the domains as well."""
    from negmas_table import AGENTS, Judged, Ours

    judged_by_negmas = [Judged(domain.worth, domain.walk_away) for domain in domains]
    products = np.array([(each.best, domain.best) for each, domain in zip(judged_by_negmas, domains, strict=True)])
    if (products[:, 0] > products[:, 1] + 1e-9).any():
        raise SystemExit("NegMAS finds a better Nash bargaining solution")
    same = int(np.isclose(products[:, 0], products[:, 1]).sum())
    print(
        f"  the Nash bargaining solution of {same} of {len(domains)} domains is NegMAS's too, of the rest it is better"
    )
    by_domain = dict(zip(map(id, domains), judged_by_negmas, strict=True))

    def at_their_table(*sides: Callable[[], Any]) -> Play:
        return lambda domain: by_domain[id(domain)].played(sides, THEIR_OFFERS)

    for name, agent in AGENTS.items():
        row(f"NegMAS, {name}, {THEIR_OFFERS} offers", domains, at_their_table(agent, agent))
    for name, agent in AGENTS.items() if family == "additive" else ():
        title = f"ours against NegMAS's {name}, {THEIR_OFFERS} offers"
        row(title, domains, at_their_table(lambda: Ours(THEIR_OFFERS), agent))


def main() -> None:
    """Print a table for each family, then the promised figures beside the measured ones."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=12, help="offers that each of our sides may make")
    parser.add_argument("--seed", type=int, default=2017)
    parser.add_argument("--reserve", type=float, default=0.5, help="the most that walking away is worth")
    parser.add_argument("--quick", action="store_true", help="only 10 domains for everything of NegMAS's")
    given = parsed(parser, domains=1)
    measured: dict[str, tuple[float, ...]] = {}
    for family in FAMILIES:
        domains = list(draw(family, given.domains, given.seed, given.reserve))
        measured[family] = our_rows(family, domains, given.rounds)
        if not given.smoke or find_spec("negmas"):
            their_rows(family, domains[:10] if given.quick else domains)
    agreed, share, upper, rate = measured["additive"]
    print(f"\nour default, additive: agreement {agreed:.2f} (wanted 1.00); of the best Nash product")
    print(f"{share:.3f} in private (0.96), {upper:.3f} with the upper tier (0.97); {rate:,.0f} a second (1,000)")


if __name__ == "__main__":
    main()
