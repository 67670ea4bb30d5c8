"""NegMAS as the judge of a domain, and as the table at which its agents and ours bargain."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from negmas.outcomes import make_issue, make_os
from negmas.preferences import MappingUtilityFunction
from negmas.preferences.ops import nash_points, pareto_frontier
from negmas.sao import (
    BoulwareTBNegotiator,
    LinearTBNegotiator,
    MiCRONegotiator,
    ResponseType,
    SAOMechanism,
    SAONegotiator,
    SAOResponse,
    SAOState,
)
from numpy.typing import NDArray

from hotline_services.aoc.config import Strategy
from hotline_services.aoc.negotiation import Accept, Bargainer, Offer

SHAPE: Final = (8, 6, 13)
MENU: Final = make_os([make_issue(n, name) for n, name in zip(SHAPE, ("sector", "block", "shift"), strict=True)])
CHOICES: Final = list(np.ndindex(*SHAPE))
AGENTS: Final[dict[str, Callable[[], Any]]] = {
    "Boulware": BoulwareTBNegotiator,
    "linear": LinearTBNegotiator,
    "MiCRO": MiCRONegotiator,
}

Worth = NDArray[np.float64]


class Judged:
    """A domain as NegMAS holds it: both sides' utility functions, and its Nash bargaining solution."""

    def __init__(self, worth: tuple[Worth, Worth], walk_away: tuple[float, float]) -> None:
        self.ufuns: Final = tuple(
            MappingUtilityFunction(dict(zip(CHOICES, w.tolist(), strict=True)), outcome_space=MENU, reserved_value=r)
            for w, r in zip(worth, walk_away, strict=True)
        )
        frontier, _ = pareto_frontier(self.ufuns, outcomes=CHOICES)
        # Only of what both prefer to walking away: two losses have a product above zero too.
        zone = [point for point in frontier if point[0] > walk_away[0] and point[1] > walk_away[1]]
        (a, b), _ = nash_points(self.ufuns, zone, outcomes=CHOICES)[0]
        self.best: Final = float((a - walk_away[0]) * (b - walk_away[1]))

    def played(self, sides: Sequence[Callable[[], Any]], rounds: int) -> tuple[int | None, int]:
        """The outcome by NegMAS's mechanism with these agents, and how many offers were made."""
        table = SAOMechanism(outcome_space=MENU, n_steps=rounds)
        for side, ufun in zip(sides, self.ufuns, strict=True):
            table.add(side(), ufun=ufun)
        state = table.run()
        outcome = None if state.agreement is None else CHOICES.index(tuple(state.agreement))
        return outcome, len(table.extended_trace)


class Ours(SAONegotiator):  # type: ignore[misc]  # NegMAS is untyped
    """A bargainer of ours at a NegMAS table. Who moves second there never has its last offer answered: one less."""

    def __init__(self, rounds: int, **given: Any) -> None:
        super().__init__(**given)
        self._rounds = rounds
        self._bargainer: Bargainer | None = None

    def __call__(self, state: SAOState, dest: str | None = None) -> SAOResponse:  # noqa: ARG002  NegMAS's signature
        opens = state.current_offer is None
        if self._bargainer is None:
            worth = [float(self.ufun(choice)) for choice in CHOICES]
            rounds = self._rounds if opens else self._rounds - 1
            self._bargainer = Bargainer(worth, float(self.ufun.reserved_value), Strategy(), rounds, SHAPE)
        if opens:
            outcome = self._bargainer.opening()
            return _leave() if outcome is None else SAOResponse(ResponseType.REJECT_OFFER, CHOICES[outcome])
        answer = self._bargainer.answer(CHOICES.index(tuple(state.current_offer)))
        if isinstance(answer, Offer):
            return SAOResponse(ResponseType.REJECT_OFFER, CHOICES[answer.outcome])
        return SAOResponse(ResponseType.ACCEPT_OFFER, state.current_offer) if isinstance(answer, Accept) else _leave()


def _leave() -> SAOResponse:
    return SAOResponse(ResponseType.END_NEGOTIATION, None)
