"""An experiment as data: which scenarios, what is varied in them, how often each is run, and what is looked at.

Every arm is run with the same seeds, and chance is drawn by purpose: so two arms differ only where what was changed
makes them differ, and are compared run by run.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import digest_of
from hotline_services.simulation.chance import Chance

SCENARIO: Final = "scenario"
"""The name under which several scenarios are a factor."""

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,31}$")]
Text = Annotated[str, Meta(max_length=4_000)]
Changes = dict[str, Any]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which a factor can stand: what it ``set``s in the scenario, as `--set` does."""

    name: Name
    title: Text = ""
    set: Changes = {}


class Factor(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is varied. The first of its levels is what the others are compared with."""

    name: Name
    title: Text = ""
    levels: Annotated[tuple[Level, ...], Meta(min_length=2, max_length=50)]


class Design(enum.Enum):
    """Which combinations of levels are run: all of them, or those in which one factor at most leaves its first."""

    FULL_FACTORIAL = "full-factorial"
    ONE_AT_A_TIME = "one-at-a-time"


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it. ``set`` holds in every arm."""

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Text = ""
    scenario: str | Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    days: Annotated[float, Meta(gt=0, le=366)]
    replications: Annotated[int, Meta(ge=1, le=100_000)]
    seed: Annotated[int, Meta(ge=0, le=2**53)] = 1
    design: Design = Design.FULL_FACTORIAL
    set: Changes = {}
    factors: Annotated[tuple[Factor, ...], Meta(max_length=20)] = ()
    outcomes: Annotated[tuple[str, ...], Meta(min_length=1, max_length=200)]

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios' names or paths as they are written."""
        return (self.scenario,) if isinstance(self.scenario, str) else self.scenario

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each replication, the same in every arm: it follows from the experiment's seed and its number."""
        return tuple(seed_of(self.seed, replication) for replication in range(1, self.replications + 1))

    @property
    def all_factors(self) -> tuple[Factor, ...]:
        """The factors, led by the scenarios where there are several."""
        if len(self.scenarios) == 1:
            return self.factors
        levels = tuple(Level(name=which) for which in self.scenarios)
        return (Factor(name=SCENARIO, title="which scenario", levels=levels), *self.factors)


class Arm(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One combination of levels, with all that a run of it needs but the seed: ``raw`` is the scenario as it was read
    from ``file``, with its agreement and its changes in it."""

    scenario: str
    levels: dict[str, str]
    changes: Changes
    days: float
    file: str
    raw: dict[str, Any]

    @property
    def label(self) -> str:
        """Its levels in short: ``line off, tempo twice``."""
        return ", ".join(f"{factor} {level}" for factor, level in self.levels.items()) or self.scenario

    @cached_property
    def digest(self) -> str:
        """Two arms with the same digest run the same, whatever they are called."""
        return digest_of((self.raw, self.days))


def seed_of(seed: int, replication: int) -> int:
    """The seed of this replication, below 2**48."""
    return int(Chance(seed).share(f"replication/{replication}") * 2**48)


def paths_of(changes: Mapping[str, Any], within: str = "") -> Changes:
    """These changes by path: a table in them stands for the paths of its fields, not for itself.

    In TOML ``{ circuit.available = false }`` is a table in a table; it is not meant to replace all of ``circuit``.
    """
    paths: Changes = {}
    for name, value in changes.items():
        path = f"{within}{name}"
        paths |= paths_of(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return paths


def combinations(factors: Sequence[Factor], design: Design) -> Iterator[dict[str, Level]]:
    """The levels of each arm by factor, the one with all the first ones first."""
    firsts = {factor.name: factor.levels[0] for factor in factors}
    if design is Design.FULL_FACTORIAL:
        for levels in product(*(factor.levels for factor in factors)):
            yield dict(zip(firsts, levels, strict=True))
        return
    yield firsts
    for factor in factors:
        for level in factor.levels[1:]:
            yield firsts | {factor.name: level}


def number_of_arms(factors: Iterable[Factor], design: Design) -> int:
    """How many combinations there will be, without making them."""
    sizes = [len(factor.levels) for factor in factors]
    total = 1
    for size in sizes:
        total *= size
    return total if design is Design.FULL_FACTORIAL else 1 + sum(size - 1 for size in sizes)
