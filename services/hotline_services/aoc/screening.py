"""What can be wrong with a proposal that is well-formed: nothing that passes can overtax or mislead its reader."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon
from hotline_protocol.geometry import area_problem
from hotline_protocol.intake import FURTHEST_AHEAD, LONGEST_FLIGHT
from hotline_protocol.line import Propose, offer_digest
from hotline_protocol.menu import Menu, Window
from hotline_protocol.message import digest_of

LARGEST_MENU: Final = 4_096
MOST_POSITIONS: Final = 10_000
LONGEST_ID: Final = 87
"""The id of an agreement is that of its negotiation and nine characters more, and may have 96."""
FURTHEST_SHIFT_MIN: Final = 24 * 60
REACH: Final = timedelta(minutes=FURTHEST_SHIFT_MIN)


def screen(propose: Propose, now: datetime) -> str | None:
    """What is wrong with a proposal heard at ``now``, in a sentence for its sender, or None."""
    if len(propose.negotiation_id) > LONGEST_ID:
        return f"negotiation_id: has more than {LONGEST_ID} characters"
    menu = propose.menu
    fault = _shape_fault(menu) or _time_fault(menu, now)
    if fault is not None:
        return fault
    try:
        menu.outcome(propose.choice)
    except IndexError:
        return "choice: not on the menu"
    if propose.offer != offer_digest(propose.negotiation_id, propose.call_id, digest_of(menu), propose.choice):
        return "offer: is not the digest of this choice of this menu"
    return _area_fault(menu)


def _shape_fault(menu: Menu) -> str | None:
    if menu.size > LARGEST_MENU:
        return f"menu: {menu.size} outcomes, at most {LARGEST_MENU} are weighed"
    if any(len(sector.areas) != len(menu.windows) for sector in menu.sectors):
        return "menu.sectors: each needs one area for each window"
    if any(block.lower_ft >= block.upper_ft for block in menu.blocks):
        return "menu.blocks: lower_ft must be below upper_ft"
    return None


def _time_fault(menu: Menu, now: datetime) -> str | None:
    if any(abs(shift) > FURTHEST_SHIFT_MIN for shift in menu.shifts_min):
        return f"menu.shifts_min: at most {FURTHEST_SHIFT_MIN} either way"
    reasons = (_window_fault(window, now) for window in menu.windows)
    reason = next((reason for reason in reasons if reason is not None), None)
    if reason is not None:
        return f"menu.windows: {reason}"
    if max(window.end for window in menu.windows) <= now - timedelta(minutes=max(menu.shifts_min)):
        return "menu.windows: all have passed"
    return None


def _window_fault(window: Window, now: datetime) -> str | None:
    if window.end <= window.start:
        return "each must end after it starts"
    if window.end - window.start > LONGEST_FLIGHT:
        return "24 hours is the longest"
    if window.start < now - LONGEST_FLIGHT - REACH:
        return "one has long passed"
    if window.start > now + FURTHEST_AHEAD + REACH:
        return f"{FURTHEST_AHEAD.days} days ahead is the furthest"
    return None


def _area_fault(menu: Menu) -> str | None:
    areas = [area for sector in menu.sectors for area in sector.areas]
    if sum(map(_positions, areas)) > MOST_POSITIONS:
        return f"menu.sectors: more than {MOST_POSITIONS:,} positions"
    for area in areas:
        problem = area_problem(area)
        if problem is not None:
            return f"menu.sectors.areas.{problem[0]}: {problem[1]}"
    return None


def _positions(area: Area) -> int:
    match area:
        case Polygon():
            return len(area.vertices)
        case Corridor():
            return len(area.route)
        case Circle():
            return 1
        case _:
            assert_never(area)
