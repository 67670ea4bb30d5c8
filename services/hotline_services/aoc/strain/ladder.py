"""An escalation ladder: named rungs, and a table of what leads from one to another.

Three slight things, or one offence, lead one rung up; an outrage leads two. Slights alone lead no further than a
dispute, and from a standoff only an outrage leads on. Amends lead down again as long as it is no more than a dispute;
beyond that only time does: a rung for each window in which nothing stirred it, and the higher, the more that takes.
"""

import enum
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from hotline_protocol.decay import Decay, Fall
from hotline_protocol.events import Stage
from hotline_services.aoc.config import Strain

from .felt import WEIGHTS, Felt, Severity
from .model import LadderState, Rung, Stages, Step, figure, stage_at


class Push(enum.Enum):
    """What leads from rung to rung."""

    SLIGHTS = "slights add up"
    OFFENCE = "an offence"
    OUTRAGE = "an outrage"
    AMENDS = "amends add up"
    QUIET = "a quiet window"


_R, _P = Rung, Push
LADDER: Final[Mapping[tuple[Rung, Push], Rung]] = MappingProxyType(
    {
        (_R.ROUTINE, _P.SLIGHTS): _R.FRICTION,
        (_R.ROUTINE, _P.OFFENCE): _R.FRICTION,
        (_R.ROUTINE, _P.OUTRAGE): _R.COMPLAINT,
        (_R.FRICTION, _P.SLIGHTS): _R.COMPLAINT,
        (_R.FRICTION, _P.OFFENCE): _R.COMPLAINT,
        (_R.FRICTION, _P.OUTRAGE): _R.DISPUTE,
        (_R.COMPLAINT, _P.SLIGHTS): _R.DISPUTE,
        (_R.COMPLAINT, _P.OFFENCE): _R.DISPUTE,
        (_R.COMPLAINT, _P.OUTRAGE): _R.CONFRONTATION,
        (_R.DISPUTE, _P.OFFENCE): _R.CONFRONTATION,
        (_R.DISPUTE, _P.OUTRAGE): _R.STANDOFF,
        (_R.CONFRONTATION, _P.OFFENCE): _R.STANDOFF,
        (_R.CONFRONTATION, _P.OUTRAGE): _R.RUPTURE,
        (_R.STANDOFF, _P.OUTRAGE): _R.RUPTURE,
        (_R.FRICTION, _P.AMENDS): _R.ROUTINE,
        (_R.COMPLAINT, _P.AMENDS): _R.FRICTION,
        (_R.DISPUTE, _P.AMENDS): _R.COMPLAINT,
        (_R.FRICTION, _P.QUIET): _R.ROUTINE,
        (_R.COMPLAINT, _P.QUIET): _R.FRICTION,
        (_R.DISPUTE, _P.QUIET): _R.COMPLAINT,
        (_R.CONFRONTATION, _P.QUIET): _R.DISPUTE,
        (_R.STANDOFF, _P.QUIET): _R.CONFRONTATION,
        (_R.RUPTURE, _P.QUIET): _R.STANDOFF,
    }
)

PUSHES: Final[Mapping[Severity, Push]] = MappingProxyType(
    {Severity.SLIGHT: Push.SLIGHTS, Severity.OFFENCE: Push.OFFENCE, Severity.OUTRAGE: Push.OUTRAGE}
)
STIRS: Final[Mapping[Rung, frozenset[Severity]]] = MappingProxyType(
    {
        **dict.fromkeys((_R.ROUTINE, _R.FRICTION, _R.COMPLAINT), frozenset(PUSHES)),
        **dict.fromkeys((_R.DISPUTE, _R.CONFRONTATION), frozenset({Severity.OFFENCE, Severity.OUTRAGE})),
        **dict.fromkeys((_R.STANDOFF, _R.RUPTURE), frozenset({Severity.OUTRAGE})),
    }
)
"""What keeps it on its rung: a window is quiet if nothing of these kinds was felt in it."""

POINTS: Final[Mapping[Severity, float]] = MappingProxyType(
    {
        Severity.AMENDS: -1.0,
        Severity.CIVILITY: -0.2,
        Severity.SLIGHT: 1.0,
        Severity.OFFENCE: 3.0,
        Severity.OUTRAGE: 9.0,
    }
)
POINTS_DIGITS: Final = 4
ENOUGH: Final = 3.0
"""Points, of one thing or of all within the window, that push up."""
AMENDS: Final = -6.0
"""Points within the window that lead down."""


def marks(stages: Stages) -> dict[Rung, float]:
    """The level of each rung: two rungs to a stage, the crisis has one."""
    tense, strained, crisis = stages
    levels = (0.0, tense / 2, tense, (tense + strained) / 2, strained, (strained + crisis) / 2, crisis)
    return dict(zip(Rung, levels, strict=True))


class Ladder:
    """A :class:`~.model.Model`. Its window is the configuration's half life."""

    def __init__(self, config: Strain) -> None:
        self._gain = config.gain
        self._window = timedelta(hours=config.half_life_h)
        self._stages = config.stages
        self._marks = marks(config.stages)
        self.state = LadderState()

    def level(self, now: datetime) -> float:
        """The mark of the rung at this time."""
        return self._marks[self._waned(now)[0]]

    def stage(self, now: datetime) -> Stage:
        """The stage of the rung at this time."""
        return stage_at(self.level(now), self._stages)

    def calm_from(self, stage: Stage) -> datetime | None:
        """After as many quiet windows as there are rungs down from here to below this stage."""
        rung, windows = self.state.rung, 0
        while stage_at(self._marks[rung], self._stages).rank >= stage.rank and (rung, Push.QUIET) in LADDER:
            rung, windows = LADDER[rung, Push.QUIET], windows + 1
        return self.state.since + windows * self._window if self.state.since is not None and windows else None

    def decay(self) -> Decay:
        """A rung down at the end of each quiet window."""
        falls, rung, at = [], self.state.rung, self.state.since
        while at is not None and (rung, Push.QUIET) in LADDER:
            rung, at = LADDER[rung, Push.QUIET], at + self._window
            falls.append(Fall(at=at, level=self._marks[rung]))
        return Decay(stages=self._stages, falls=tuple(falls))

    def prone(self, now: datetime) -> float:  # noqa: ARG002  the same at any time
        """Nothing beyond what its stage brings about."""
        return 0.0

    def felt(self, event: Felt, now: datetime) -> Step:
        """Take this in."""
        left = self._marks[self.state.said]
        waned, quiet_since = self._waned(now)
        if waned is not self.state.rung:
            self.state.rung, self.state.since, self.state.account = waned, quiet_since, []
        severity = WEIGHTS[event].severity
        points = POINTS[severity] * self._gain
        if points > 0 and severity in STIRS[waned]:
            self.state.since = now
        total = self._enter(points, now)
        push = self._push(severity, points, total)
        self.state.rung = LADDER.get((waned, push), waned) if push is not None else waned
        if push is Push.AMENDS or self.state.rung is not waned:
            self.state.account = []
        if self.state.rung is not waned:
            self.state.said, self.state.since = self.state.rung, now
        return self._step(event, left, waned, total)

    def _waned(self, now: datetime) -> tuple[Rung, datetime | None]:
        """The rung that quiet has led to, and since when that counts."""
        rung, since = self.state.rung, self.state.since
        while since is not None and now - since >= self._window and (rung, Push.QUIET) in LADDER:
            rung, since = LADDER[rung, Push.QUIET], since + self._window
        return rung, since

    def _enter(self, points: float, now: datetime) -> float:
        """Put these on the account; returns what is on it for the window that ends now."""
        self.state.account = [(at, entry) for at, entry in self.state.account if now - at < self._window]
        self.state.account.append((now, points))
        return round(math.fsum(entry for _, entry in self.state.account), POINTS_DIGITS)

    @staticmethod
    def _push(severity: Severity, points: float, total: float) -> Push | None:
        if severity in PUSHES:
            return PUSHES[severity] if max(points, total) >= ENOUGH else None
        return Push.AMENDS if total <= AMENDS else None

    def _step(self, event: Felt, left: float, waned: Rung, total: float) -> Step:
        """``left`` is the level that the last step which moved it had left."""
        before, after = self._marks[waned], self._marks[self.state.rung]
        quiet = f" - {figure(left - before)}" if before != left else ""
        led = after - before
        sum_ = f"{figure(left)}{quiet} {'+' if led >= 0 else '-'} {figure(abs(led))} = {figure(after)}"
        return Step(
            before=before,
            after=after,
            stage=stage_at(after, self._stages),
            because=event,
            arithmetic=f"{sum_}; {waned.value} to {self.state.rung.value} with {figure(total)} points in the window",
        )
