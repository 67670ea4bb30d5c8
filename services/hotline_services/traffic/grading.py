"""How bad an encounter was, from how close the two came.

The NMAC's cylinder is the one of the collision-avoidance literature. The Airprox categories are words, not figures
(ICAO Doc 4444: A serious risk of collision, B safety not assured, C no risk of collision, D risk not determined), and
boards of experts assign them with all that they know of an occurrence. **This project's choice** is to read them off
the share of the separation minima that was left, in quarters. What has more than three quarters left is below
separation and no more.
No threshold was chosen for what comes out of it.

That a flight of which no centre had been told was there at all says that nobody can know how much worse it might
have been: what would be A, B or C is then D. An NMAC remains one, since that is geometry alone.
"""

from typing import Final

from hotline_protocol.agreement import Separation
from hotline_protocol.geometry import METRES_PER_FOOT, METRES_PER_NM
from hotline_protocol.sky import Grade

NMAC_LATERAL_NM: Final = 500 * METRES_PER_FOOT / METRES_PER_NM
NMAC_VERTICAL_FT: Final = 100.0
"""Under 500 ft horizontally and under 100 ft vertically: a near mid-air collision."""

QUARTERS: Final = ((0.25, Grade.AIRPROX_A), (0.50, Grade.AIRPROX_B), (0.75, Grade.AIRPROX_C))
"""Up to which share of the minima what is which category: this project's choice, see above."""


def share_left(horizontal_nm: float, vertical_ft: float, separation: Separation, *, high: bool) -> float:
    """How much of the separation was left: the better kept of the two minima counts, since either is enough.

    ``high``: one of the two was above ``separation.high_above_ft``. 1 or more is no loss at all.
    """
    vertical_minimum_ft = separation.vertical_high_ft if high else separation.vertical_ft
    return max(horizontal_nm / separation.lateral_nm, vertical_ft / vertical_minimum_ft)


def grade(
    horizontal_nm: float, vertical_ft: float, separation: Separation, *, high: bool = False, known: bool = True
) -> Grade:
    """What two aircraft that came so close have had. ``known``: of both flights some centre had been told."""
    if horizontal_nm < NMAC_LATERAL_NM and vertical_ft < NMAC_VERTICAL_FT:
        return Grade.NMAC
    left = share_left(horizontal_nm, vertical_ft, separation, high=high)
    for bound, category in QUARTERS:
        if left <= bound:
            return category if known else Grade.AIRPROX_D
    return Grade.BELOW_SEPARATION
