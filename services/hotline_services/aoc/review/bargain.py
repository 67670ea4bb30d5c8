"""What a side offers and takes at a line review: so far towards the other at each control point, and less each time."""

import math
from collections.abc import Callable
from typing import Final, Self

import msgspec

from hotline_protocol.agreement import LineReviewRule
from hotline_protocol.arc import Arc
from hotline_services.aoc.config import Review
from hotline_services.aoc.negotiation import Accept, Bids, GiveUp, Offer, Reply

Offsets = tuple[float, ...]

IN_SHARES: Final = (1.0, 0.75, 0.5, 0.25, 0.0)
"""Where no line can be drawn so far out, this much of the way is tried."""
NO_LINE: Final = "no line that we could agree to can be drawn"


class Bargain:
    """One side of alternating offers over the offsets of the control points.

    A *gain* is how far a point moves away from our side, towards the other: ``sign`` times its offset (1 for the side
    that holds the right of the line, -1 for that of the left). We demand ``wish_nm`` of it at our first offer and
    no less than ``-yield_nm`` at our last, with the exponent of the concession in between (Faratin et al. 1998);
    neither is ever further than the agreement lets the line move in one review. A point where the other's last offer
    is good enough is offered back to it. Rounded to 0.01 NM in our own favour. All that it remembers is in ``bids``.

    Two sides that are allowed as many offers agree whenever what one would take overlaps with what the other would.
    """

    def __init__(
        self,
        wants: Review,
        rule: LineReviewRule,
        *,
        sign: int,
        points: int,
        can_run: Callable[[Offsets], bool],
        bids: Bids[Offsets] = Bids(),  # noqa: B008  frozen
    ) -> None:
        furthest = rule.furthest_nm
        self._best: Final = _down(min(max(wants.wish_nm, -furthest), furthest))
        self._worst: Final = min(_up(min(max(-wants.yield_nm, -furthest), furthest)), self._best)
        self._exponent: Final = wants.exponent
        self._rounds: Final = rule.rounds
        self._sign: Final = sign
        self._points: Final = points
        self._can_run: Final = can_run
        self.bids = bids

    @classmethod
    def over(cls, arc: Arc, wants: Review, rule: LineReviewRule, *, sign: int, bids: Bids[Offsets]) -> Self:
        """A side that bargains about this part of a line."""
        return cls(wants, rule, sign=sign, points=len(arc.control), can_run=arc.can_run, bids=bids)

    def opening(self) -> Offsets | None:
        """The first offer; None when no line can be drawn that we would take."""
        return self._offer((self._sign * self._demand(),) * self._points)

    def answer(self, heard: Offsets) -> Reply[Offsets]:
        """What to say to the other's latest offer. The first answer after our last offer takes it or gives up."""
        last = len(self.bids.said) >= self._rounds
        demand = self._worst if last else self._demand()
        enough = [self._sign * offset >= demand for offset in heard]
        if (all(enough) or heard in self.bids.said) and self._can_run(heard):
            return Accept()
        if last:
            return GiveUp(reason=f"no agreement in {self._rounds} offers")
        wanted = tuple(offset if good else self._sign * demand for offset, good in zip(heard, enough, strict=True))
        offer = self._offer(wanted)
        return GiveUp(reason=NO_LINE) if offer is None else Offer(outcome=offer)

    def _demand(self) -> float:
        """What gain we want at our next offer: from best to worst over all our offers."""
        progress = len(self.bids.said) / (self._rounds - 1)
        demand = self._worst + (self._best - self._worst) * (1 - progress ** (1 / self._exponent))
        return min(_up(demand), self._best)

    def _offer(self, wanted: Offsets) -> Offsets | None:
        """Make this offer, or as much of it as can be drawn and is still worth taking to us."""
        for share in IN_SHARES:
            offer = tuple(round(offset * share, 2) + 0.0 for offset in wanted)
            if all(self._sign * offset >= self._worst for offset in offer) and self._can_run(offer):
                self.bids = msgspec.structs.replace(self.bids, said=(*self.bids.said, offer))
                return offer
        return None


def _down(gain: float) -> float:
    return math.floor(round(gain * 100, 6)) / 100


def _up(gain: float) -> float:
    return math.ceil(round(gain * 100, 6)) / 100
