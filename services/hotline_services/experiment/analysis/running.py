"""One run of an experiment: what is asked for, how it is done, and what comes back of it."""

import math
from datetime import timedelta
from typing import Final

import msgspec

from hotline_protocol.message import digest_of
from hotline_services.director.scenario import scenario_in
from hotline_services.director.script import Scenario
from hotline_services.world import build

from .catalogue import measured
from .design import Arm
from .run_tally import Tally

KEPT: Final = 64
_read: Final[dict[str, Scenario]] = {}
"""The scenarios that this process has read, by their arms' digests: it reads each once, not once a run."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One run that is asked for. Nothing else is needed to do it, wherever that is."""

    key: str
    arm: Arm
    replication: int
    seed: int


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to; ``key`` says of what and with which program."""

    key: str
    levels: dict[str, str]
    replication: int
    seed: int
    values: dict[str, float | None]


class RunFailedError(Exception):
    """A run could not be finished: says which, so that it can be repeated alone."""


def task(arm: Arm, replication: int, seed: int, program: str) -> Task:
    """This replication of this arm, by this program."""
    key = digest_of((arm.digest, seed, program))
    return Task(key=key, arm=arm, replication=replication, seed=seed)


def perform(asked: Task) -> Finished:
    """Do this run. The same task gives the same on every machine."""
    arm, scenario = asked.arm, _scenario(asked.arm)
    simulation = build(scenario, asked.seed, math.ceil(arm.days))
    tally = Tally()
    simulation.run(simulation.start + timedelta(days=arm.days), tally.take)
    return Finished(
        key=asked.key,
        levels=arm.levels,
        replication=asked.replication,
        seed=asked.seed,
        values=measured(tally.outcomes(simulation.start, arm.days), scenario.agreement.parties),
    )


def _scenario(arm: Arm) -> Scenario:
    if arm.digest not in _read:
        if len(_read) >= KEPT:
            _read.clear()
        _read[arm.digest] = scenario_in(arm.raw, arm.file)
    return _read[arm.digest]
