"""One side of alternating offers over the outcomes of a menu."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_services.aoc.config import Strategy

from .concession import Concession, Progress

OWN_SHARE: Final = 1.0
"""How much a side's own worth counts at first beside what it thinks of the peer's, when it picks among outcomes
that it would all settle for. Measured: agreements are as good from 0.5 to 1.5."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Not that, but this."""

    outcome: int


class Accept(msgspec.Struct, frozen=True):
    """What the peer has just offered is agreed to."""


class GiveUp(msgspec.Struct, frozen=True, kw_only=True):
    """No agreement at this tier."""

    reason: str


Answer = Offer | Accept | GiveUp


class Bargainer:
    """Makes at most ``rounds`` offers; the first answer after them accepts or gives up.

    ``worth`` is what each outcome is worth to this side, -1 where it is impossible; only what is worth more
    than ``walk_away`` is offered or accepted. ``shape`` is the menu's (sectors, blocks, shifts); with it a
    side learns what the peer likes of each. No chance and no clock: what a bargainer says depends on its
    arguments and on what it has heard alone. It is plain state and can be copied or pickled between answers.

    Two bargainers with the same ``rounds`` agree whenever either makes an offer that the other can accept. With
    the same kind of strategy they are sure to, if an agreement is possible, when ``rounds`` is at least the
    number of outcomes acceptable to one of them: it comes to offer each. With fewer they rely on what they learn.
    """

    def __init__(
        self,
        worth: Sequence[float] | NDArray[np.float64],
        walk_away: float,
        strategy: Strategy,
        rounds: int,
        shape: tuple[int, int, int] | None = None,
    ) -> None:
        """Raises ValueError when an argument makes no sense."""
        self._worth = np.array(worth, dtype=np.float64)
        shape = shape or (len(self._worth), 1, 1)
        _check(self._worth, walk_away, rounds, shape)
        self._walk_away = walk_away
        self._trade_offs = strategy.trade_offs
        self._rounds = rounds
        acceptable = np.flatnonzero(self._worth > walk_away)
        self._order = acceptable[(-self._worth[acceptable]).argsort(kind="stable")]
        self._sorted = self._worth[self._order]
        self._concession = Concession(strategy, self._sorted, walk_away, rounds)
        self._fresh = np.ones(self._worth.size, dtype=np.bool_)
        self._said = 0
        self._made: dict[int, None] = {}
        self._heard: dict[int, None] = {}
        self._best_heard: int | None = None
        self._likes = tuple(np.zeros(values) for values in shape)
        self._listened = 0

    def opening(self) -> int | None:
        """The first offer; None when nothing on the menu is acceptable. Asked again it says the same."""
        if not self._order.size:
            return None
        return next(iter(self._made)) if self._made else self._say(self._next())

    def answer(self, offer: int) -> Answer:
        """What to say to the peer's ``offer``, its latest. Raises IndexError when that is not on the menu."""
        if not 0 <= offer < self._worth.size:
            raise IndexError(f"outcome {offer} is not on a menu of {self._worth.size}")
        self._listen(offer)
        if not self._order.size:
            return GiveUp(reason="nothing on the menu is acceptable")
        acceptable = bool(self._worth[offer] > self._walk_away)
        if self._said >= self._rounds:
            return Accept() if acceptable else GiveUp(reason=f"no agreement in {self._rounds} offers")
        coming = self._next()
        # What we have offered ourselves we cannot refuse; else as soon as it is no worse than what we would say next.
        if acceptable and (offer in self._made or self._worth[offer] >= self._worth[coming]):
            return Accept()
        return Offer(outcome=self._say(coming))

    def _listen(self, offer: int) -> None:
        """Count what the peer asks for, value by value: what it asks for often it likes (frequency model)."""
        self._heard[offer] = None
        if self._best_heard is None or self._worth[offer] > self._worth[self._best_heard]:
            self._best_heard = offer
        rest, shift = divmod(offer, self._likes[2].size)
        sector, block = divmod(rest, self._likes[1].size)
        for likes, value in zip(self._likes, (sector, block, shift), strict=True):
            likes[value] += 1.0
        self._listened += 1

    def _next(self) -> int:
        within = self._concession.reach(self._progress())
        best = self._best_heard
        # The peer has offered it and is taken to stand by it: no need to go below, and a sure end.
        if best is not None and best not in self._made and self._worth[best] >= self._sorted[within - 1]:
            return best
        return self._pick(self._order[:within])

    def _progress(self) -> Progress:
        best = self._best_heard
        return Progress(
            said=self._said,
            made=len(self._made),
            heard=len(self._heard),
            first_heard=None if best is None else float(self._worth[next(iter(self._heard))]),
            best_heard=None if best is None else float(self._worth[best]),
        )

    def _pick(self, within: NDArray[np.intp]) -> int:
        """Of what this side would settle for and has not offered yet, what should please the peer best.

        Without trade-offs, the outcome worth least to this side. When all has been offered, again from all.
        """
        fresh = within[self._fresh[within]]
        among = fresh if fresh.size else within
        if not self._trade_offs:
            return int(among[-1])
        sectors, blocks, shifts = self._likes
        liked = (sectors[:, None, None] + blocks[:, None] + shifts).ravel()[among]
        # Less towards the end: the last offer is to please, whatever it costs.
        own_share = OWN_SHARE * (1 - (self._said + 1) / self._rounds)
        score = liked + own_share * 3 * self._listened * self._worth[among]
        return int(among[score.argmax()])

    def _say(self, outcome: int) -> int:
        self._said += 1
        self._made[outcome] = None
        self._fresh[outcome] = False
        return outcome


def _check(worth: NDArray[np.float64], walk_away: float, rounds: int, shape: tuple[int, int, int]) -> None:
    if worth.ndim != 1 or not worth.size:
        raise ValueError("worth: wants one number for each outcome of a menu")
    if not np.isfinite(worth).all() or not np.isfinite(walk_away):
        raise ValueError("worth, walk_away: every number is to be finite")
    if rounds < 1:
        raise ValueError(f"rounds: {rounds} is less than 1")
    if shape[0] * shape[1] * shape[2] != worth.size:
        raise ValueError(f"shape: {shape} does not hold {worth.size} outcomes")
