"""What every model of escalation does: it is told what is felt and says how far that has brought it."""

import enum
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from hotline_protocol.decay import Decay
from hotline_protocol.events import Stage
from hotline_protocol.slices import Slice

from .felt import Felt

LEVEL_DIGITS: Final = 2
"""To so many decimals a level is kept: what is printed is what is gone on with, so that every sum can be checked."""
HOURS_DIGITS: Final = 4

Stages = tuple[float, float, float]


class Rung(enum.Enum):
    """Where the relation stands."""

    ROUTINE = "routine"
    FRICTION = "friction"
    COMPLAINT = "complaint"
    DISPUTE = "dispute"
    CONFRONTATION = "confrontation"
    STANDOFF = "standoff"
    RUPTURE = "rupture"


class FadingState(Slice, kw_only=True, tag="fading"):
    """The level that the last step which moved it has left, and when; None before the first."""

    level: float
    at: datetime | None = None


class LadderState(Slice, kw_only=True, tag="ladder"):
    """The rung, the rung that the last step which moved it has led to, since when, and points by when they came."""

    rung: Rung = Rung.ROUTINE
    said: Rung = Rung.ROUTINE
    since: datetime | None = None
    account: list[tuple[datetime, float]] = []


ModelState = FadingState | LadderState


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing felt. ``before`` is what time has left of the level by now, ``after`` what it is from now on;
    ``arithmetic`` is the sum, up to a semicolon: it begins with what the last step that moved it had left."""

    before: float
    after: float
    stage: Stage
    because: Felt
    arithmetic: str

    @property
    def moved(self) -> bool:
        """Whether what was felt made any difference."""
        return self.after != self.before


class Model(Protocol):
    """How strained one side is with one other. Between steps its level falls by itself: that is computed when it is
    asked for, and no time needs to be told to it. ``now`` never runs backwards."""

    state: Any
    """Its :data:`ModelState`."""

    def felt(self, event: Felt, now: datetime) -> Step:
        """Take this in."""
        ...

    def level(self, now: datetime) -> float:
        """Points of strain, 0 or more, on the scale of the configuration's ``stages``."""
        ...

    def stage(self, now: datetime) -> Stage:
        """The level in words."""
        ...

    def decay(self) -> Decay:
        """How the level falls from the last step on, if nothing more is felt."""
        ...

    def calm_from(self, stage: Stage) -> datetime | None:
        """From when on it is below this stage if nothing more is felt; None when it is so already or never will be."""
        ...

    def prone(self, now: datetime) -> float:
        """How many acts of its own each grave thing that it feels brings about, from 0 to less than 1."""
        ...


def stage_at(level: float, stages: Stages) -> Stage:
    """Which stage a level belongs to: each begins at its threshold."""
    tense, strained, crisis = stages
    if level < strained:
        return Stage.CALM if level < tense else Stage.TENSE
    return Stage.STRAINED if level < crisis else Stage.CRISIS


def threshold(stage: Stage, stages: Stages) -> float:
    """The level at which this stage begins."""
    return (0.0, *stages)[stage.rank]


def hours_between(earlier: datetime, later: datetime) -> float:
    """Hours, rounded as they are printed; never below 0."""
    return max(round((later - earlier).total_seconds() / 3_600, HOURS_DIGITS), 0.0)


def figure(value: float) -> str:
    """The shortest way to write this number so that it reads back as the same."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
