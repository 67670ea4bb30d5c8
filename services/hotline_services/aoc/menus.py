"""What can be done about one flight, and what each possibility is worth to either side.

A menu is sectors x altitude blocks x shifts. Worth is between 0 and 1, and -1 where it cannot be done; the
shares come from :class:`~.config.Costs` and are never told, except where an upper tier lays needs open.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from hotline_protocol.agreement import Agreement, BoundaryRule
from hotline_protocol.airspace import Area, Volume4D
from hotline_protocol.boundaries import Boundaries
from hotline_protocol.flightplan import FlightPlan, Priority
from hotline_protocol.gars import gars
from hotline_protocol.geometry import area_problem, centre, moved
from hotline_protocol.line import Block, Choice, Menu, Sector, Window

from .config import Costs
from .picture import Picture, Standing, Use

Worth = NDArray[np.float64]

COMPASS: Final = {"": (0.0, 0.0), "N": (0.0, 1.0), "E": (1.0, 0.0), "S": (0.0, -1.0), "W": (-1.0, 0.0)}
SHIFTS_EACH_WAY: Final = 6
BLOCKS: Final = 6
ROOM_FT: Final = 4_000
LINE_REACH_NM: Final = 20.0
MINUTE_US: Final = 60_000_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
IMPOSSIBLE: Final = -1.0

Blocks = tuple[Block, ...]
Shifts = tuple[int, ...]
Offset = tuple[float, float]
Move = tuple[str, Offset, list[Volume4D]]


class Bid(msgspec.Struct, frozen=True, kw_only=True):
    """The asking side's view of its own menu. ``legs`` are the numbers of the plan's volumes that are told."""

    menu: Menu
    worth: tuple[float, ...]
    legs: tuple[int, ...]
    offsets_nm: tuple[Offset, ...]


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Every place, height and time at which a flight could be: for each place the areas of its legs, in order."""

    places: Sequence[Sequence[Area]]
    times: Sequence[tuple[datetime, datetime]]
    blocks: Blocks
    shifts_min: Shifts

    def envelopes(self) -> Iterator[tuple[int, Volume4D, int, int]]:
        """For each leg at each place: the number of the place; wherever the leg could be, with room above and
        below; and from when until when it is there at shift 0, in microseconds.
        """
        lowest = max(0, min(block.lower_ft for block in self.blocks) - ROOM_FT)
        highest = max(block.upper_ft for block in self.blocks) + ROOM_FT
        earlier, later = timedelta(minutes=min(self.shifts_min)), timedelta(minutes=max(self.shifts_min))
        for place, areas in enumerate(self.places):
            for area, (start, end) in zip(areas, self.times, strict=True):
                leg = Volume4D(area=area, lower_ft=lowest, upper_ft=highest, start=start + earlier, end=end + later)
                yield place, leg, _us(start), _us(end)


def moved_volumes(volumes: Sequence[Volume4D], bid: Bid, choice: Choice) -> tuple[Volume4D, ...]:
    """All volumes of the plan, told or not, as this choice would have them."""
    east_nm, north_nm = bid.offsets_nm[choice.sector]
    block = bid.menu.blocks[choice.block]
    shift = timedelta(minutes=bid.menu.shifts_min[choice.shift])
    return tuple(_moved(volume, east_nm, north_nm, block, shift) for volume in volumes)


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

    def bid(self, plan: FlightPlan, volumes: Sequence[Volume4D], peer: str, now: datetime, *, fixed: bool) -> Bid:
        """The menu for this plan towards ``peer``: the legs that need its consent, wherever they could be moved.

        ``fixed`` leaves the plan where it is: a distress flight, or one that another side has agreed to.
        """
        blocks = self._blocks(plan, volumes, fixed=fixed)
        shifts = (0,) if fixed else _shifts(plan, now)
        moves = tuple(_moves(volumes, blocks[0], 0.0 if fixed else plan.flexibility.max_offset_nm))
        variants = [variant for _, _, variant in moves]
        offsets = tuple(offset for _, offset, _ in moves)
        legs = self._legs(plan, variants, blocks, shifts, peer)
        menu = Menu(
            sectors=tuple(_sector(name, [variant[leg] for leg in legs]) for name, _, variant in moves),
            blocks=blocks,
            shifts_min=shifts,
            windows=tuple(Window(start=volumes[leg].start, end=volumes[leg].end) for leg in legs),
        )
        whole = Outcomes(
            places=[[volume.area for volume in variant] for variant in variants],
            times=[(volume.start, volume.end) for volume in volumes],
            blocks=blocks,
            shifts_min=shifts,
        )
        worth = self._asking(plan, whole, offsets, peer)
        return Bid(menu=menu, worth=tuple(worth.ravel().tolist()), legs=legs, offsets_nm=offsets)

    def _legs(
        self, plan: FlightPlan, variants: list[list[Volume4D]], blocks: Blocks, shifts: Shifts, peer: str
    ) -> tuple[int, ...]:
        """The legs that need this peer's consent in any of the outcomes: no other is told."""
        everything = tuple(range(len(variants[0])))
        if plan.priority is Priority.EMERGENCY:
            return everything
        needed = (
            leg
            for leg in everything
            if any(self._could_need(variant[leg], blocks, shifts, peer) for variant in variants)
        )
        return tuple(needed) or everything

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
        return any(use.standing is Standing.THEIRS and use.user == peer for use in self._picture.met([volume]))

    def _blocks(self, plan: FlightPlan, volumes: Sequence[Volume4D], *, fixed: bool) -> Blocks:
        lower, upper = volumes[0].lower_ft, volumes[0].upper_ft
        filed = Block(name="as filed", lower_ft=lower, upper_ft=upper)
        if fixed or not plan.flexibility.other_blocks:
            return (filed,)
        room = upper - lower
        others = [
            Block(name=block.name, lower_ft=block.lower_ft, upper_ft=block.lower_ft + room)
            for block in self._agreement.altitude_blocks
            if room <= block.upper_ft - block.lower_ft and block.lower_ft != lower
        ]
        others.sort(key=lambda block: (abs(block.lower_ft - lower), block.lower_ft))
        return (filed, *others[: BLOCKS - 1])

    def _asking(self, plan: FlightPlan, outcomes: Outcomes, offsets: Sequence[Offset], peer: str) -> Worth:
        """What the peer itself has been granted is no obstacle to asking: it may give it up, or say no."""
        costs = self._costs
        shifts = np.abs(np.array(outcomes.shifts_min, dtype=float))
        lowers = np.array([block.lower_ft for block in outcomes.blocks], dtype=float)
        places = np.hypot(*np.array(offsets).T)
        worth = (
            1.0
            - costs.sector * _share(places)[:, None, None]
            - costs.block * _share(np.abs(lowers - lowers[0]))[None, :, None]
            - costs.shift * _share(shifts)[None, None, :]
        )
        blocked, _ = self._overlay(
            outcomes,
            lambda use: use.ref != plan.plan_id and use.user != peer and not gives_way(use, plan.priority),
            blocks=lambda _: True,  # what we wish for another flight of ours we do not take from it
        )
        return np.where(blocked, IMPOSSIBLE, np.maximum(worth, 0.0))

    def granting(self, menu: Menu, priority: Priority, asker: str) -> tuple[float, ...]:
        """What each outcome of the other side's menu is worth to us."""
        nearness = [self._nearness(sector) for sector in menu.sectors]
        worth = np.ones((len(menu.sectors), len(menu.blocks), len(menu.shifts_min)))
        worth -= self._costs.line * np.array(nearness)[:, None, None]
        outcomes = Outcomes(
            places=[sector.areas for sector in menu.sectors],
            times=[(window.start, window.end) for window in menu.windows],
            blocks=menu.blocks,
            shifts_min=menu.shifts_min,
        )
        blocked, crowding = self._overlay(
            outcomes,
            lambda use: use.user != asker and not (use.user == self._party and gives_way(use, priority)),
            blocks=lambda use: use.standing is not Standing.WISHED,
        )
        worth -= self._costs.own_plan * crowding
        return tuple(np.where(blocked, IMPOSSIBLE, np.maximum(worth, 0.0)).ravel().tolist())

    def _nearness(self, sector: Sector) -> float:
        """1 on the line, falling to 0 at 20 NM from it."""
        away = [self._boundaries.distance_to_line_nm(area) for area in sector.areas]
        nearest = min((nm for nm in away if nm is not None), default=LINE_REACH_NM)
        return max(0.0, 1.0 - nearest / LINE_REACH_NM)

    def _overlay(
        self, outcomes: Outcomes, counts: Callable[[Use], bool], *, blocks: Callable[[Use], bool]
    ) -> tuple[NDArray[np.bool_], Worth]:
        """Of the uses that count: which outcomes run into one that blocks, and how close each comes to any (0 to 1)."""
        shape = (len(outcomes.places), len(outcomes.blocks), len(outcomes.shifts_min))
        blocked = np.zeros(shape, dtype=bool)
        crowding = np.zeros(shape)
        lowers = np.array([block.lower_ft for block in outcomes.blocks])
        uppers = np.array([block.upper_ft for block in outcomes.blocks])
        shifts_us = np.array(outcomes.shifts_min) * MINUTE_US
        touch = 0 if self._picture.rule is BoundaryRule.TOUCHING_IS_CLEAR else 1
        for place, envelope, start_us, end_us in outcomes.envelopes():
            for use, volume in self._picture.meets(envelope):
                if not counts(use):
                    continue
                at_once = (start_us + shifts_us < _us(volume.end) + touch) & (
                    _us(volume.start) < end_us + shifts_us + touch
                )
                apart = np.maximum(lowers - volume.upper_ft, volume.lower_ft - uppers)
                if blocks(use):
                    blocked[place] |= (apart < touch)[:, None] & at_once[None, :]
                close = np.clip(1.0 - np.maximum(apart, 0) / ROOM_FT, 0.0, 1.0)
                np.maximum(crowding[place], close[:, None] * at_once[None, :], out=crowding[place])
        return blocked, crowding


def gives_way(use: Use, to: Priority) -> bool:
    """Everything of lower priority gives way to a flight in distress; nothing gives way to any other."""
    return to is Priority.EMERGENCY and use.priority.rank < to.rank


def _moves(volumes: Sequence[Volume4D], block: Block, reach_nm: float) -> Iterator[Move]:
    """The plan where it was filed, and a reach away to each side, as long as that does not leave the theatre."""
    for name, (east, north) in COMPASS.items() if reach_nm > 0 else [("", (0.0, 0.0))]:
        offset = (east * reach_nm, north * reach_nm)
        variant = [_moved(volume, *offset, block, timedelta(0)) for volume in volumes]
        if not name or all(area_problem(volume.area) is None for volume in variant):
            yield name, offset, variant


def _shifts(plan: FlightPlan, now: datetime) -> Shifts:
    """Shifts in whole minutes, evenly spread, none of which would have the flight start in the past."""
    step = plan.flexibility.max_shift_min / SHIFTS_EACH_WAY
    minutes = sorted({round(step * n) for n in range(-SHIFTS_EACH_WAY, SHIFTS_EACH_WAY + 1)} | {0})
    return tuple(m for m in minutes if m == 0 or plan.start + timedelta(minutes=m) > now)


def _sector(name: str, variant: Sequence[Volume4D]) -> Sector:
    here = gars(centre(variant[0].area), "keypad")
    return Sector(name=f"{here}-{name}" if name else here, areas=tuple(v.area for v in variant))


def _share(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = amounts.max()
    return amounts / largest if largest else amounts


def _at_height(volume: Volume4D, lower_ft: int, upper_ft: int) -> Volume4D:
    return msgspec.structs.replace(volume, lower_ft=lower_ft, upper_ft=upper_ft)


def _us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
