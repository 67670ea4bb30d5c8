"""One side of alternating offers over the outcomes of a menu."""

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_services.aoc.config import Strategy

from .concession import Concession, Progress
from .offers import Accept, Bids, GiveUp, Offer, Reply

OWN_SHARE: Final = 1.0
"""How much a side's own worth counts at first beside what it thinks of the peer's, when it picks among outcomes
that it would all settle for. Measured: agreements are as good from 0.5 to 1.5."""
STALE: Final = -math.inf
MOST_VIEWS: Final = 256

Shape = tuple[int, int, int]


class _Ranking(msgspec.Struct, frozen=True, eq=False):
    """A menu as one side looks at it: ``order`` numbers the outcomes that are acceptable, best first, and ``sorted``
    is what these are worth. ``prices`` is the worth of all as an array.
    """

    prices: NDArray[np.float64]
    order: NDArray[np.intp]
    sorted: tuple[float, ...]


@lru_cache(maxsize=128)
def _ranking(worth: tuple[float, ...], walk_away: float) -> _Ranking:
    """Remembered by value: the same flight comes back every day, and mostly nothing is in its way."""
    prices = np.array(worth, dtype=np.float64)
    acceptable = np.flatnonzero(prices > walk_away)
    order = acceptable[(-prices[acceptable]).argsort(kind="stable")]
    return _Ranking(prices, order, tuple(prices[order].tolist()))


class _View:
    """What one side holds of a menu, found sound. Most negotiations end with the first offer, and need no ranking."""

    def __init__(self, worth: tuple[float, ...], walk_away: float) -> None:
        if not worth:
            raise ValueError("worth: wants one number for each outcome of a menu")
        if not math.isfinite(sum(worth) + walk_away):
            raise ValueError("worth, walk_away: every number is to be finite")
        self.worth: Final = worth
        self.walk_away: Final = walk_away

    @cached_property
    def ranking(self) -> _Ranking:
        return _ranking(self.worth, self.walk_away)


_views: Final[dict[tuple[int, float], _View]] = {}


def _view(worth: tuple[float, ...], walk_away: float) -> _View:
    """Remembered by identity: a negotiation lays one menu on the table, and the hash of its worth costs more than an
    answer. A view keeps its ``worth`` alive, so that no other has the same id.
    """
    key = id(worth), walk_away
    view = _views.get(key)
    if view is None:
        view = _View(worth, walk_away)
        if len(_views) >= MOST_VIEWS:
            _views.clear()
        _views[key] = view
    return view


@lru_cache(maxsize=256)
def _liked(shape: Shape, heard: tuple[int, ...]) -> NDArray[np.float64]:
    """How much a peer that has made these offers seems to like each outcome: what it asks for often it likes
    (frequency model).

    An outcome is liked as much as its sector, its block and its shift have been asked for, together.
    """
    if not heard:
        return np.zeros(shape).ravel()
    liked = _liked(shape, heard[:-1]).reshape(shape).copy()
    _, blocks, shifts = shape
    rest, shift = divmod(heard[-1], shifts)
    sector, block = divmod(rest, blocks)
    liked[sector] += 1.0
    liked[:, block] += 1.0
    liked[:, :, shift] += 1.0
    return liked.ravel()


class Bargainer:
    """Makes at most ``rounds`` offers; the first answer after them accepts or gives up.

    ``worth`` is what each outcome is worth to this side, -1 where it is impossible; only what is worth more
    than ``walk_away`` is offered or accepted. ``shape`` is the menu's (sectors, blocks, shifts); with it a
    side learns what the peer likes of each. No chance and no clock: what a bargainer says depends on its
    arguments and on what it has heard alone. All that it remembers is in ``bids``: another one that is given these
    goes on where this one was.

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
        shape: Shape | None = None,
        bids: Bids[int] = Bids(),  # noqa: B008  frozen
    ) -> None:
        """Raises ValueError when an argument makes no sense."""
        if rounds < 1:
            raise ValueError(f"rounds: {rounds} is less than 1")
        self._view = _view(worth if isinstance(worth, tuple) else _plain(worth), walk_away)
        self._worth = self._view.worth
        self._shape = shape or (len(self._worth), 1, 1)
        if math.prod(self._shape) != len(self._worth):
            raise ValueError(f"shape: {shape} does not hold {len(self._worth)} outcomes")
        self._walk_away = walk_away
        self._strategy = strategy
        self.rounds: Final = rounds
        self._said, self._heard, self._demand = bids.said, bids.heard, bids.demand

    @property
    def bids(self) -> Bids[int]:
        """See :class:`~.offers.Strategist`."""
        return Bids(said=self._said, heard=self._heard, demand=self._demand)

    def opening(self) -> int | None:
        """The first offer; None when nothing on the menu is acceptable. Asked again it says the same."""
        if self._said:
            return self._said[0]
        best = max(self._worth)
        if best <= self._walk_away:
            return None
        if self._strategy.trade_offs and not self._heard:
            return self._say(self._worth.index(best))  # all that is known of the peer's likes is nothing
        return self._say(self._next())

    def answer(self, offer: int) -> Reply[int]:
        """What to say to the peer's ``offer``, its latest. Raises IndexError when that is not on the menu."""
        if not 0 <= offer < len(self._worth):
            raise IndexError(f"outcome {offer} is not on a menu of {len(self._worth)}")
        self._listen(offer)
        if not self._view.ranking.sorted:
            return GiveUp(reason="nothing on the menu is acceptable")
        acceptable = self._worth[offer] > self._walk_away
        if not self.rounds_left:
            return Accept() if acceptable else GiveUp(reason=f"no agreement in {self.rounds} offers")
        coming = self._next()
        # What we have offered ourselves we cannot refuse; else as soon as it is no worse than what we would say next.
        if acceptable and (offer in self._said or self._worth[offer] >= self._worth[coming]):
            return Accept()
        return Offer(outcome=self._say(coming))

    @property
    def rounds_left(self) -> int:
        """How many more offers may be made."""
        return max(self.rounds - len(self._said), 0)

    def _listen(self, offer: int) -> None:
        self._heard = (*self._heard, offer)

    def _say(self, outcome: int) -> int:
        self._said = (*self._said, outcome)
        return outcome

    def _next(self) -> int:
        ranking = self._view.ranking
        best = max(self._heard, key=self._worth.__getitem__, default=None)  # to us, and of equals the first
        concession = Concession(self._strategy, ranking.sorted, self._walk_away, self.rounds, self._demand)
        within = concession.reach(self._progress(best))
        self._demand = concession.demand
        # The peer has offered it and is taken to stand by it: no need to go below, and a sure end.
        if best is not None and best not in self._said and self._worth[best] >= ranking.sorted[within - 1]:
            return best
        return self._pick(ranking.order[:within])

    def _progress(self, best: int | None) -> Progress:
        return Progress(
            said=len(self._said),
            made=len(set(self._said)),
            heard=len(set(self._heard)),
            first_heard=None if best is None else self._worth[self._heard[0]],
            best_heard=None if best is None else self._worth[best],
        )

    def _pick(self, within: NDArray[np.intp]) -> int:
        """Of what this side would settle for and has not offered yet, what should please the peer best.

        Without trade-offs, the outcome worth least to this side. When all has been offered, again from all.
        """
        if not self._strategy.trade_offs:
            settled_for: list[int] = within.tolist()
            return next((outcome for outcome in reversed(settled_for) if outcome not in self._said), settled_for[-1])
        # Less towards the end: the last offer is to please, whatever it costs.
        own_share = OWN_SHARE * (1 - (len(self._said) + 1) / self.rounds)
        score = own_share * 3 * len(self._heard) * self._view.ranking.prices + _liked(self._shape, self._heard)
        fresh = score.copy()
        fresh[list(self._said)] = STALE
        fresh = fresh[within]
        best = fresh.argmax()
        return int(within[score[within].argmax() if fresh[best] == STALE else best])


def _plain(worth: Sequence[float] | NDArray[np.float64]) -> tuple[float, ...]:
    prices = np.asarray(worth, dtype=np.float64)
    if prices.ndim != 1:
        raise ValueError("worth: wants one number for each outcome of a menu")
    return tuple(prices.tolist())
