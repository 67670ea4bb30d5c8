"""What an upper tier can see once both sides have laid their needs open."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Priced = NDArray[np.float64]
Worth = Sequence[float] | Priced


def settlement(worth_a: Worth, walk_a: float, worth_b: Worth, walk_b: float) -> int | None:
    """The outcome with the largest product of both sides' gains over walking away (Nash 1950).

    None when there is no outcome that both prefer to walking away. It is Pareto-efficient, and does not
    depend on which side is called a. Raises ValueError when the sides price menus of different sizes.
    """
    a, b = _paired(worth_a, worth_b)
    return _best(a, a - walk_a, b, b - walk_b, among=(a > walk_a) & (b > walk_b))


def dominating(worth_a: Worth, worth_b: Worth, agreed: int) -> int:
    """A Pareto-efficient outcome worth at least as much as ``agreed`` to both sides, and more to one.

    Bargained anew with ``agreed`` as what either side falls back upon (Raiffa 1985, post-settlement
    settlement). ``agreed`` itself when nothing is better. Raises ValueError on menus of different sizes.
    """
    a, b = _paired(worth_a, worth_b)
    gain_a, gain_b = a - a[agreed], b - b[agreed]
    better = (a >= a[agreed]) & (b >= b[agreed]) & ((a > a[agreed]) | (b > b[agreed]))
    best = _best(a, gain_a, b, gain_b, among=better)
    return agreed if best is None else best


def _paired(worth_a: Worth, worth_b: Worth) -> tuple[Priced, Priced]:
    a, b = np.asarray(worth_a, dtype=np.float64), np.asarray(worth_b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"worth: one side prices {a.size} outcomes, the other {b.size}")
    return a, b


def _best(a: Priced, gain_a: Priced, b: Priced, gain_b: Priced, *, among: NDArray[np.bool_]) -> int | None:
    """The largest product of gains; of equals the fairest, then the most for anybody, then the first on the menu.

    Gains and products that differ by less than a rounding come out equal, worths do not: without comparing
    these as well, an outcome could win over one that dominates it.
    """
    candidates = np.flatnonzero(among)
    if not candidates.size:
        return None
    product = gain_a[candidates] * gain_b[candidates]
    candidates = candidates[product == product.max()]
    gains = np.sort(np.stack([gain_a[candidates], gain_b[candidates]]), axis=0)
    worths = np.sort(np.stack([a[candidates], b[candidates]]), axis=0)
    return int(candidates[np.lexsort((candidates, *-worths[::-1], *-gains[::-1]))[0]])
