"""What can be done about one flight, and what each possibility is worth to either side.

A menu is sectors x altitude blocks x shifts. Worth is between 0 and 1, and -1 where it cannot be done; the
shares come from :class:`~.config.Costs` and are never told, except where an upper tier lays needs open.

The flights of one kind have the same places, blocks and shifts every day: what these are worth is remembered, and
changed only where another use of the air is in the way.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.gars import gars
from hotline_protocol.geometry import area_problem, centre, moved
from hotline_protocol.icao_filed import later
from hotline_protocol.menu import Block, Choice, Menu, Sector, Window
from hotline_protocol.theatre import remembered

from .config import Costs
from .overlay import Areas, Blocks, Flags, Meeting, Outcomes, Shifts, meetings
from .picture import Picture
from .uses import Standing, Use, plan_of

Worth = NDArray[np.float64]

COMPASS: Final = {"": (0.0, 0.0), "N": (0.0, 1.0), "E": (1.0, 0.0), "S": (0.0, -1.0), "W": (-1.0, 0.0)}
SHIFTS_EACH_WAY: Final = 6
BLOCKS: Final = 6
LINE_REACH_NM: Final = 20.0
IMPOSSIBLE: Final = -1.0

Offset = tuple[float, float]


class Bid(msgspec.Struct, frozen=True, kw_only=True):
    """One side's view of a menu: what each outcome is worth to it.

    The asking side knows more: ``legs`` are the numbers of the plan's volumes that are told, and ``offsets_nm`` is how
    far each sector is moved.
    """

    menu: Menu
    worth: tuple[float, ...]
    legs: tuple[int, ...] = ()
    offsets_nm: tuple[Offset, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where a flight could be: to which side of where it was filed, how far east and north, and its legs' areas."""

    side: str
    offset_nm: Offset
    areas: Areas


class Priced(msgspec.Struct, frozen=True, eq=False):
    """What outcomes are worth as long as nothing is in the way: before it is rounded up to 0 where it is less, by
    place, block and shift; and after that, as a menu numbers them.
    """

    table: Worth
    plain: tuple[float, ...]


def moved_volumes(volumes: Sequence[Volume4D], bid: Bid, choice: Choice) -> tuple[Volume4D, ...]:
    """All volumes of the plan, told or not, as this choice would have them."""
    east_nm, north_nm = bid.offsets_nm[choice.sector]
    block = bid.menu.blocks[choice.block]
    shift = timedelta(minutes=bid.menu.shifts_min[choice.shift])
    return tuple(_moved(volume, east_nm, north_nm, block, shift) for volume in volumes)


def moved_plan(plan: FlightPlan, bid: Bid, choice: Choice) -> FlightPlan:
    """The plan as it would have been filed to have it so. It keeps its ICAO message, with the new EOBT."""
    east_nm, north_nm = bid.offsets_nm[choice.sector]
    block, shift = bid.menu.blocks[choice.block], timedelta(minutes=bid.menu.shifts_min[choice.shift])
    return msgspec.structs.replace(
        plan,
        area=moved(plan.area, east_nm, north_nm) if east_nm or north_nm else plan.area,
        lower_ft=block.lower_ft,
        upper_ft=block.upper_ft,
        start=plan.start + shift,
        end=plan.end + shift,
        icao=plan.icao if plan.icao is msgspec.UNSET else later(plan.icao, shift),
    )


def _moved(volume: Volume4D, east_nm: float, north_nm: float, block: Block, shift: timedelta) -> Volume4D:
    return Volume4D(
        area=moved(volume.area, east_nm, north_nm) if east_nm or north_nm else volume.area,
        lower_ft=block.lower_ft,
        upper_ft=block.upper_ft,
        start=volume.start + shift,
        end=volume.end + shift,
    )


class Appraiser:
    """Draws up menus for one side and says what their outcomes are worth to it."""

    def __init__(self, party: str, agreement: Agreement, boundaries: Boundaries, picture: Picture, costs: Costs):
        self._party = party
        self._agreement = agreement
        self._boundaries = boundaries
        self._picture = picture
        self._costs = costs

    def redraw(self, boundaries: Boundaries) -> None:
        """From now on the line and the zones lie so."""
        self._boundaries = boundaries

    def bid(
        self,
        plan: FlightPlan,
        volumes: Sequence[Volume4D],
        peer: str,
        now: datetime,
        *,
        fixed: bool,
        only: tuple[int, ...] = (),
    ) -> Bid:
        """The menu for this plan towards ``peer``: the legs that need its consent, wherever they could be moved.

        ``fixed`` leaves the plan where it is: a distress flight, or one that another side has agreed to. ``only`` are
        the legs to be told where the peer has agreed to the others; with those that it has been granted since.
        """
        blocks = self._blocks(plan, volumes, fixed=fixed)
        shifts = (0,) if fixed else _shifts(plan, now)
        reach_nm = 0.0 if fixed else plan.flexibility.max_offset_nm
        places = _places(tuple(volume.area for volume in volumes), reach_nm)
        legs = self._with_granted(only, volumes, peer) or self._legs(plan, volumes, places, blocks, shifts, peer)
        menu = Menu(
            sectors=tuple(_sector(place.side, tuple(place.areas[leg] for leg in legs)) for place in places),
            blocks=blocks,
            shifts_min=shifts,
            windows=tuple(Window(start=volumes[leg].start, end=volumes[leg].end) for leg in legs),
        )
        whole = Outcomes(
            places=[place.areas for place in places],
            times=[(volume.start, volume.end) for volume in volumes],
            blocks=blocks,
            shifts_min=shifts,
        )
        offsets = tuple(place.offset_nm for place in places)
        return Bid(menu=menu, worth=self._asking(plan, whole, offsets, peer), legs=legs, offsets_nm=offsets)

    def _legs(
        self,
        plan: FlightPlan,
        volumes: Sequence[Volume4D],
        places: Sequence[Place],
        blocks: Blocks,
        shifts: Shifts,
        peer: str,
    ) -> tuple[int, ...]:
        """The legs that need this peer's consent in any of the outcomes: no other is told, unless none does."""
        everything = tuple(range(len(volumes)))
        if plan.priority is Priority.EMERGENCY or len(volumes) == 1:
            return everything
        needed = (
            leg
            for leg, volume in enumerate(volumes)
            if any(self._could_need(_at(volume, place.areas[leg], blocks[0]), blocks, shifts, peer) for place in places)
        )
        return tuple(needed) or everything

    def _with_granted(self, legs: tuple[int, ...], volumes: Sequence[Volume4D], peer: str) -> tuple[int, ...]:
        """These legs, if any, and all others that meet what the peer has been granted."""
        found = (leg for leg, volume in enumerate(volumes) if leg in legs or self._is_theirs(volume, peer))
        return tuple(found) if legs else ()

    def _could_need(self, volume: Volume4D, blocks: Blocks, shifts: Shifts, peer: str) -> bool:
        """Whether it needs this peer's consent at any of these heights and times."""
        if self._needs(volume, peer):
            return True
        at_any_time = msgspec.structs.replace(
            volume,
            start=volume.start + timedelta(minutes=min(shifts)),
            end=volume.end + timedelta(minutes=max(shifts)),
        )
        lowest, highest = min(block.lower_ft for block in blocks), max(block.upper_ft for block in blocks)
        # One look at all heights together spares most legs the look at each.
        return self._needs(_at_height(at_any_time, lowest, highest), peer) and any(
            self._needs(_at_height(at_any_time, block.lower_ft, block.upper_ft), peer) for block in blocks
        )

    def _needs(self, volume: Volume4D, peer: str) -> bool:
        if any(peer in demand.consent_of for demand in self._boundaries.demands(volume, self._party)):
            return True
        return self._is_theirs(volume, peer)

    def _is_theirs(self, volume: Volume4D, peer: str) -> bool:
        return any(use.standing is Standing.THEIRS and use.user == peer for use in self._picture.met([volume]))

    def _blocks(self, plan: FlightPlan, volumes: Sequence[Volume4D], *, fixed: bool) -> Blocks:
        lower, upper = volumes[0].lower_ft, volumes[0].upper_ft
        if fixed or not plan.flexibility.other_blocks:
            return (_as_filed(lower, upper),)
        return _blocks(self._agreement.altitude_blocks, lower, upper)

    def _asking(
        self, plan: FlightPlan, outcomes: Outcomes, offsets: tuple[Offset, ...], peer: str
    ) -> tuple[float, ...]:
        """What the peer itself has been granted is no obstacle to asking: it may give it up, or say no."""
        lowers = tuple(block.lower_ft for block in outcomes.blocks)
        priced = _price_of_asking(self._costs, offsets, lowers, outcomes.shifts_min)
        in_the_way = meetings(
            outcomes,
            self._picture,
            # What we wish for another flight of ours we do not take from it.
            lambda use: plan_of(use.ref) != plan.plan_id and use.user != peer and not gives_way(use, plan.priority),
        )
        return _plain(priced.table, _blocked(in_the_way, outcomes.shape)) if in_the_way else priced.plain

    def granting(self, menu: Menu, priority: Priority, asker: str) -> tuple[float, ...]:
        """What each outcome of the other side's menu is worth to us."""
        outcomes = Outcomes(
            places=[sector.areas for sector in menu.sectors],
            times=[(window.start, window.end) for window in menu.windows],
            blocks=menu.blocks,
            shifts_min=menu.shifts_min,
        )
        nearness = tuple(self._nearness(sector) for sector in menu.sectors)
        priced = _price_of_granting(self._costs.line, nearness, outcomes.shape)
        met = meetings(
            outcomes,
            self._picture,
            lambda use: use.user != asker and not (use.user == self._party and gives_way(use, priority)),
        )
        if not met:
            return priced.plain
        worth = priced.table - self._costs.own_plan * _crowding(met, outcomes.shape)
        firm = [meeting for meeting in met if meeting.use.standing is not Standing.WISHED]
        return _plain(worth, _blocked(firm, outcomes.shape))

    def _nearness(self, sector: Sector) -> float:
        """1 on the line, falling to 0 at 20 NM from it."""
        away = [self._boundaries.distance_to_line_nm(area) for area in sector.areas]
        nearest = min((nm for nm in away if nm is not None), default=LINE_REACH_NM)
        return max(0.0, 1.0 - nearest / LINE_REACH_NM)


def gives_way(use: Use, to: Priority) -> bool:
    """Everything of lower priority gives way to a flight in distress; nothing gives way to any other."""
    return to is Priority.EMERGENCY and use.priority.rank < to.rank


@remembered(maxsize=512)
def _places(areas: Areas, reach_nm: float) -> tuple[Place, ...]:
    """Where the flight was filed, and a reach away to each side, as long as that does not leave the theatre."""
    sides = COMPASS.items() if reach_nm > 0 else [("", (0.0, 0.0))]
    places = (
        Place(name, offset, tuple(moved(area, *offset) for area in areas))
        for name, offset in ((name, (east * reach_nm, north * reach_nm)) for name, (east, north) in sides)
    )
    return tuple(place for place in places if not place.side or not any(map(area_problem, place.areas)))


def _as_filed(lower_ft: int, upper_ft: int) -> Block:
    return Block(name="as filed", lower_ft=lower_ft, upper_ft=upper_ft)


@remembered(maxsize=256)
def _blocks(agreed: Blocks, lower_ft: int, upper_ft: int) -> Blocks:
    """The heights that were filed, and as much room in the agreed blocks, the nearest first."""
    room = upper_ft - lower_ft
    others = [
        Block(name=block.name, lower_ft=block.lower_ft, upper_ft=block.lower_ft + room)
        for block in agreed
        if room <= block.upper_ft - block.lower_ft and block.lower_ft != lower_ft
    ]
    others.sort(key=lambda block: (abs(block.lower_ft - lower_ft), block.lower_ft))
    return (_as_filed(lower_ft, upper_ft), *others[: BLOCKS - 1])


@remembered(maxsize=256)
def _price_of_asking(costs: Costs, offsets: tuple[Offset, ...], lowers_ft: tuple[int, ...], shifts: Shifts) -> Priced:
    away = np.abs(np.array(shifts, dtype=float))
    lowers = np.array(lowers_ft, dtype=float)
    places = np.hypot(*np.array(offsets).T)
    return _priced(
        1.0
        - costs.sector * _share(places)[:, None, None]
        - costs.block * _share(np.abs(lowers - lowers[0]))[None, :, None]
        - costs.shift * _share(away)[None, None, :]
    )


@remembered(maxsize=256)
def _price_of_granting(line: float, nearness: tuple[float, ...], shape: tuple[int, int, int]) -> Priced:
    return _priced(np.ones(shape) - line * np.array(nearness)[:, None, None])


def _priced(table: Worth) -> Priced:
    return Priced(table, tuple(np.maximum(table, 0.0).ravel().tolist()))


def _plain(table: Worth, blocked: Flags) -> tuple[float, ...]:
    return tuple(np.where(blocked, IMPOSSIBLE, np.maximum(table, 0.0)).ravel().tolist())


def _blocked(met: Sequence[Meeting], shape: tuple[int, int, int]) -> Flags:
    """Which outcomes run into any of these uses."""
    blocked = np.zeros(shape, dtype=bool)
    for meeting in met:
        blocked[meeting.place] |= meeting.overlap.blocked[:, None] & meeting.overlap.at_once
    return blocked


def _crowding(met: Sequence[Meeting], shape: tuple[int, int, int]) -> Worth:
    """How close each outcome comes to any of these uses, from 0 to 1."""
    crowding = np.zeros(shape)
    for meeting in met:
        here = crowding[meeting.place]
        np.maximum(here, meeting.overlap.close[:, None] * meeting.overlap.at_once, out=here)
    return crowding


def _shifts(plan: FlightPlan, now: datetime) -> Shifts:
    """None of these shifts would have the flight start in the past."""
    minutes = _minutes(plan.flexibility.max_shift_min)
    if plan.start + timedelta(minutes=minutes[0]) > now:
        return minutes
    return tuple(m for m in minutes if m == 0 or plan.start + timedelta(minutes=m) > now)


@remembered(maxsize=512)
def _minutes(furthest_min: int) -> Shifts:
    """Shifts in whole minutes, evenly spread."""
    step = furthest_min / SHIFTS_EACH_WAY
    return tuple(sorted({round(step * n) for n in range(-SHIFTS_EACH_WAY, SHIFTS_EACH_WAY + 1)} | {0}))


@remembered(maxsize=1024)
def _sector(side: str, areas: Areas) -> Sector:
    here = gars(centre(areas[0]), "keypad")
    return Sector(name=f"{here}-{side}" if side else here, areas=areas)


def _share(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = amounts.max()
    return amounts / largest if largest else amounts


def _at_height(volume: Volume4D, lower_ft: int, upper_ft: int) -> Volume4D:
    return msgspec.structs.replace(volume, lower_ft=lower_ft, upper_ft=upper_ft)


def _at(volume: Volume4D, area: Area, block: Block) -> Volume4D:
    return msgspec.structs.replace(volume, area=area, lower_ft=block.lower_ft, upper_ft=block.upper_ft)
