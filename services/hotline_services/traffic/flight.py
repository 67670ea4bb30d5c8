"""One flight as the sky knows it: whose it is, which air it is to use, and what it does in truth."""

import enum
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.agreement import Separation
from hotline_protocol.airspace import Corridor, Volume4D
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.geometry import footprint
from hotline_protocol.injection import DeviationKind
from hotline_protocol.intake import LONGEST_FLIGHT
from hotline_protocol.sky import Flyer

from .agenda import Item
from .conforming import Air, absences, excursions, judged_anew
from .deviating import AS_PLANNED, Departures, Dice, Turn, joining, turned
from .flying import HeightBlock, Window
from .flying import flown as fly
from .laps import Laps
from .passage import Span
from .path import Bounds, Path
from .performance import Performance

Key = tuple[str, str]
"""Who answers for it (or flies it, where nobody does), and its plan."""

LAST_MOMENT_S: Final = 1.0
"""A departure later than this before the end of a flight is none any more."""


class Epoch:
    """What seconds of paths count from: the start of the run, so that they are small and exact."""

    def __init__(self, start: datetime) -> None:
        self._start: Final = start

    def seconds(self, at: datetime) -> float:
        return (at - self._start).total_seconds()

    def moment(self, t_s: float) -> datetime:
        """To the millisecond, which is finer than anything here is known."""
        return self._start + timedelta(milliseconds=round(t_s * 1_000))


class Stage(enum.Enum):
    """How far a flight has come."""

    AWAITED = "awaited"
    FLYING = "flying"
    OVER = "over"


class Flight(msgspec.Struct, kw_only=True, eq=False):
    """What a flight is for and what it flies in are told by its plan: a patrol of fighters until that is known.

    ``stamp`` orders what its centre has said of it, ``digest`` names the plan that this was about and ``version`` its
    version, ``flown_version`` the one by which it flies; ``departures`` are None until they are decided; ``consented``:
    it has every consent that it needed. It is ``flown`` from when until when; its path is ``laid`` when it is asked
    for, since most flights that hold an area come near nobody: the ``box``
    of the area is enough for that. One that ``strays`` from its plan does so in time or, ``off_its_way``, in place.
    ``outside`` is when it is out of its air, as far as can be foreseen; ``conforming`` what was told of that last;
    ``told`` what else has been told and is not to be told again; ``met`` when it was closest to whom, as far as that
    was told; ``noticed_by`` who has looked at it where it should not be; ``distress_s`` when its crew calls for help;
    ``foreseen`` what is still to come of it, unless somebody departs from a path.
    """

    key: Key
    flyer: Flyer
    kind: FlightKind = FlightKind.PATROL
    aircraft: Performance
    dice: Dice
    separation: Separation
    volumes: tuple[Volume4D, ...] = ()
    block: HeightBlock | None = None
    window: Window = Window(0.0, 0.0)
    departures: Departures | None = None
    digest: str = ""
    version: int = 1
    flown_version: int = 1
    stamp: tuple[datetime, int] | None = None
    consented: bool = True
    stage: Stage = Stage.AWAITED
    flown: Window = Window(0.0, 0.0)
    laid: Path | None = None
    box: Bounds | None = None
    laps: Laps | None = None
    strays: bool = False
    off_its_way: bool = False
    outside: list[Span] = []
    conforming: bool = True
    told: set[tuple[object, ...]] = msgspec.field(default_factory=set)
    met: dict[Key, list[float]] = msgspec.field(default_factory=dict)
    noticed_by: set[str] = msgspec.field(default_factory=set)
    distress_s: float | None = None
    foreseen: list[Item] = msgspec.field(default_factory=list)

    @property
    def begins_s(self) -> float:
        return self.window.start_s + (self.departures or AS_PLANNED).shift_s

    @property
    def is_awaited(self) -> bool:
        """Whether it has a time at which it takes off."""
        return self.stage is Stage.AWAITED and bool(self.foreseen)

    @property
    def path(self) -> Path:
        """Where it is when. Raises ValueError when it has not taken off."""
        return self.laid or self._lay()

    @property
    def bounds(self) -> Bounds:
        """A box that it does not leave."""
        if self.laid is not None:
            return self.laid.bounds
        if self.box is None and self.block is not None:
            west, south, east, north = footprint(self.volumes[0].area).bounds
            self.box = Bounds(west, south, self.block.lower_ft, east, north, self.block.upper_ft)
        return self.box or self.path.bounds

    def take_air(self, volumes: tuple[Volume4D, ...], epoch: Epoch) -> None:
        """This is the air that it is to use. Its block of heights is the one that its version was given first."""
        if self.stage is Stage.FLYING:
            self.laid = self.path  # by the air that it has had so far
        if self.flown_version != self.version:
            self.flown_version, self.block, self.box = self.version, None, None
        self.volumes = volumes
        start, end = min(volume.start for volume in volumes), max(volume.end for volume in volumes)
        self.window = Window(epoch.seconds(start), epoch.seconds(end))
        if self.block is None:
            lower_ft = min(volume.lower_ft for volume in volumes)
            self.block = HeightBlock(float(lower_ft), float(max(volume.upper_ft for volume in volumes)))

    def take_off(self, at_s: float) -> bool:
        """Fly from this time on; False when nothing is left of it."""
        departures = self.departures or AS_PLANNED
        start_s, end_s = self.window.shifted(departures.shift_s)
        self.flown = Window(max(start_s, at_s), end_s)
        if self.block is None or end_s - self.flown.start_s < LAST_MOMENT_S:
            return False
        self.stage, self.strays = Stage.FLYING, departures.shift_s != 0
        if isinstance(self.volumes[0].area, Corridor):
            self._lay()  # it may not come to its end in time
        for turn in departures.turns:
            self.turn(turn, max(self.flown.start_s, start_s + turn.after * (end_s - start_s)))
        return True

    def turn(self, turn: Turn, at_s: float) -> None:
        """Depart from its path at this time, unless it is as good as over by then."""
        if at_s >= self.flown.end_s - LAST_MOMENT_S:
            return
        path = turned(self.path, turn, self.aircraft, at_s)
        latest_s = max(self.flown.start_s + LONGEST_FLIGHT.total_seconds(), self.flown.end_s)
        if path.end_s > latest_s:  # sent further again and again, it would never land
            path = path.until(latest_s)
        beside = turn.kind is DeviationKind.OFF_ROUTE and at_s <= self.flown.start_s
        self.laps = self.laps.moved(turn.offset) if self.laps and beside else None
        self.strays = self.off_its_way = True
        self.laid, self.flown = path, Window(path.start_s, path.end_s)
        if turn.kind is DeviationKind.EMERGENCY:
            self.distress_s = at_s

    def follow(self, now_s: float) -> None:
        """Go over from its path, now, to that of an amended plan, whose air it has been given."""
        in_distress = self.distress_s is not None and self.distress_s <= now_s
        if in_distress or self.block is None or now_s >= min(self.flown.end_s, self.window.end_s) - LAST_MOMENT_S:
            return
        window = self.window.shifted((self.departures or AS_PLANNED).shift_s)
        planned, _, _ = fly(self.volumes, self.block, window, self.aircraft, self.dice.manner, self.separation)
        path = joining(self.path, planned, self.aircraft, max(now_s, self.flown.start_s))
        self.laid, self.laps, self.flown = path, None, Window(path.start_s, path.end_s)
        self.strays = self.off_its_way = True
        self.distress_s = None
        for turn in (self.departures or AS_PLANNED).turns:
            at_s = window.start_s + turn.after * (window.end_s - window.start_s)
            if at_s > now_s:
                self.turn(turn, at_s)

    def break_off(self, now_s: float) -> None:
        """It leaves, and is no longer where anybody could meet it."""
        if self.flown.start_s < now_s < self.flown.end_s:
            self.laid = self.path.until(now_s)
            self.flown = Window(self.flown.start_s, now_s)

    def _lay(self) -> Path:
        if self.stage is Stage.AWAITED or self.block is None:
            raise ValueError(f"{self.key[1]} has not taken off")
        window = self.window.shifted((self.departures or AS_PLANNED).shift_s)
        path, keeps_to_plan, self.laps = fly(
            self.volumes, self.block, window, self.aircraft, self.dice.manner, self.separation
        )
        self.strays = self.strays or not keeps_to_plan
        self.laid = path.since(self.flown.start_s) if self.flown.start_s > path.start_s else path
        self.flown = Window(self.flown.start_s, path.end_s)
        return self.laid

    def judge(self, now_s: float, epoch: Epoch) -> None:
        """When it is outside its air: as it was judged up to now, and by what it has and does from now on."""
        if not self.strays:
            return
        if self.off_its_way or len(self.volumes) > 1:
            airs = [_air(volume, epoch) for volume in self.volumes]
            outside = excursions(self.path, self.laps, airs, now_s)
        else:  # where it was to be, if at another time
            outside = absences(self.flown, self.window, now_s)
        self.outside = judged_anew(self.outside, outside, now_s)

    def is_outside(self, t_s: float) -> bool:
        return any(began <= t_s <= ended for began, ended in self.outside)

    def revoke(self) -> None:
        """What was foreseen of it no longer holds."""
        for item in self.foreseen:
            item.revoked = True
        self.foreseen = []


def under_one_control(one: Flyer, other: Flyer) -> bool:
    """Whether one centre, or one air force, keeps the two apart: their meeting is then nobody else's concern.

    A side's partners are under its control as far as it has been told of their flights; a flight of which it has not
    is not, whoever answers for it.
    """
    if one.operator == other.operator:
        return True
    return one.side is not None and one.side == other.side and one.announced and other.announced


def _air(volume: Volume4D, epoch: Epoch) -> Air:
    start_s, end_s = epoch.seconds(volume.start), epoch.seconds(volume.end)
    return Air(footprint(volume.area), float(volume.lower_ft), float(volume.upper_ft), start_s, end_s)
