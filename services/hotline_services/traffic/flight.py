"""One flight as the sky knows it: whose it is, which air it is to use, and what it does in truth."""

import enum
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from hotline_protocol.agreement import Separation
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.geometry import footprint
from hotline_protocol.injection import DeviationKind
from hotline_protocol.intake import LONGEST_FLIGHT
from hotline_protocol.message import PartyName
from hotline_protocol.sky import Flyer

from .conforming import Air, absences, excursions, judged_anew
from .deviating import AS_PLANNED, Departures, Turn, joining, turned
from .flying import HeightBlock, Manner, Window
from .flying import flown as fly
from .laps import Laps
from .passage import Span
from .path import Path
from .performance import Performance, performance

Key = tuple[str, str]
"""Who answers for it (or flies it, where nobody does), and its plan."""

Told = tuple[str, float]
"""An event that was reported of a flight: its kind, and the second of the path."""

MILLISECOND: Final = timedelta(milliseconds=1)
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
        return self._start + MILLISECOND * round(t_s * 1_000)


class Stage(enum.Enum):
    """How far a flight has come."""

    AWAITED = "awaited"
    FLYING = "flying"
    OVER = "over"


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is replaced when something changes. A patrol of fighters until the plan is known.

    * ``stamp`` orders what its centre has said of it, ``digest`` names the plan that this was about and ``version`` its
      version; ``flown_version`` is the one by which it flies.
    * ``departures`` and ``manner`` are None until they are decided; ``consented``: it has every consent that it needed.
    * ``laid`` is its path, and ``flown`` from when until when it flies. One that ``strays`` from its plan does so in
      time or, ``off_its_way``, in place. ``outside``: when it is out of its air, as far as can be foreseen.
    * ``conforming`` is what was told of that last, ``told`` what else must not be told again, ``met`` when it was
      closest to whom as far as that was told, ``noticed_by`` who has looked at it where it should not be.
    * ``distress_s``: when its crew calls for help.
    """

    key: Key
    flyer: Flyer
    kind: FlightKind = FlightKind.PATROL
    aircraft_type: str = ""
    volumes: tuple[Volume4D, ...] = ()
    block: HeightBlock | None = None
    window: Window = Window(0.0, 0.0)
    departures: Departures | None = None
    manner: Manner | None = None
    digest: str = ""
    version: int = 1
    flown_version: int = 1
    stamp: tuple[datetime, int] | None = None
    consented: bool = True
    stage: Stage = Stage.AWAITED
    flown: Window = Window(0.0, 0.0)
    laid: Path | None = None
    laps: Laps | None = None
    strays: bool = False
    off_its_way: bool = False
    outside: tuple[Span, ...] = ()
    conforming: bool = True
    told: tuple[Told, ...] = ()
    met: tuple[tuple[Key, float], ...] = ()
    noticed_by: tuple[PartyName, ...] = ()
    distress_s: float | None = None

    @property
    def aircraft(self) -> Performance:
        """What it can do."""
        return performance(self.kind, self.aircraft_type)

    @property
    def begins_s(self) -> float:
        return self.window.start_s + (self.departures or AS_PLANNED).shift_s

    @property
    def path(self) -> Path:
        """Where it is when. Raises ValueError when it is not in the air."""
        if self.laid is None:
            raise ValueError(f"{self.key[1]} is not in the air")
        return self.laid

    def with_air(self, volumes: tuple[Volume4D, ...], epoch: Epoch) -> "Flight":
        """This is the air that it is to use. Its block of heights is the one that its version was given first."""
        start, end = min([volume.start for volume in volumes]), max([volume.end for volume in volumes])
        block = self.block if self.flown_version == self.version else None
        if block is None:
            lower_ft = min([volume.lower_ft for volume in volumes])
            block = HeightBlock(float(lower_ft), float(max([volume.upper_ft for volume in volumes])))
        return replace(
            self,
            volumes=volumes,
            block=block,
            window=Window(epoch.seconds(start), epoch.seconds(end)),
            flown_version=self.version,
        )

    def taken_off(self, at_s: float, separation: Separation) -> "Flight | None":
        """In the air from this time on; None when nothing is left of it."""
        departures = self.departures or AS_PLANNED
        start_s, end_s = window = self.window.shifted(departures.shift_s)
        from_s = max(start_s, at_s)
        if self.block is None or self.manner is None or end_s - from_s < LAST_MOMENT_S:
            return None
        path, keeps_to_plan, laps = fly(self.volumes, self.block, window, self.aircraft, self.manner, separation)
        flight = replace(
            self,
            stage=Stage.FLYING,
            strays=departures.shift_s != 0 or not keeps_to_plan,
            laid=path.since(from_s) if from_s > path.start_s else path,
            laps=laps,
            flown=Window(from_s, path.end_s),
        )
        for turn in departures.turns:
            flight = flight.departing(turn, max(from_s, start_s + turn.after * (end_s - start_s)))
        return flight

    def departing(self, turn: Turn, at_s: float) -> "Flight":
        """Departing from its path at this time, unless it is as good as over by then."""
        if at_s >= self.flown.end_s - LAST_MOMENT_S:
            return self
        path = turned(self.path, turn, self.aircraft, at_s)
        latest_s = max(self.flown.start_s + LONGEST_FLIGHT.total_seconds(), self.flown.end_s)
        if path.end_s > latest_s:  # sent further again and again, it would never land
            path = path.until(latest_s)
        beside = turn.kind is DeviationKind.OFF_ROUTE and at_s <= self.flown.start_s
        return replace(
            self,
            laid=path,
            laps=self.laps.moved(turn.offset) if self.laps and beside else None,
            flown=Window(path.start_s, path.end_s),
            strays=True,
            off_its_way=True,
            distress_s=at_s if turn.kind is DeviationKind.EMERGENCY else self.distress_s,
        )

    def following(self, now_s: float, separation: Separation) -> "Flight":
        """Gone over from its path, now, to that of an amended plan, whose air it has been given."""
        in_distress = self.distress_s is not None and self.distress_s <= now_s
        if in_distress or self.block is None or self.manner is None:
            return self
        if now_s >= min(self.flown.end_s, self.window.end_s) - LAST_MOMENT_S:
            return self
        window = self.window.shifted((self.departures or AS_PLANNED).shift_s)
        planned, _, _ = fly(self.volumes, self.block, window, self.aircraft, self.manner, separation)
        path = joining(self.path, planned, self.aircraft, max(now_s, self.flown.start_s))
        flight = replace(
            self,
            laid=path,
            laps=None,
            flown=Window(path.start_s, path.end_s),
            strays=True,
            off_its_way=True,
            distress_s=None,
        )
        for turn in (self.departures or AS_PLANNED).turns:
            at_s = window.start_s + turn.after * (window.end_s - window.start_s)
            if at_s > now_s:
                flight = flight.departing(turn, at_s)
        return flight

    def broken_off(self, now_s: float) -> "Flight":
        """It leaves, and is no longer where anybody could meet it."""
        if not self.flown.start_s < now_s < self.flown.end_s:
            return self
        return replace(self, laid=self.path.until(now_s), flown=Window(self.flown.start_s, now_s))

    def landed(self) -> "Flight":
        """Over: nothing of its path is asked for any more."""
        return replace(self, stage=Stage.OVER, laid=None, laps=None, outside=(), told=(), met=(), noticed_by=())

    def having_told(self, what: Told) -> "Flight":
        """This was told of it, and is not told again."""
        return replace(self, told=(*self.told, what))

    def judged(self, now_s: float, epoch: Epoch) -> "Flight":
        """Include the time outside its own air: the past as already judged, the future by its present air and
        path.
        """
        if not self.strays:
            return self
        if self.off_its_way or len(self.volumes) > 1:
            airs = [_air(volume, epoch) for volume in self.volumes]
            outside = excursions(self.path, self.laps, airs, now_s)
        else:  # where it was to be, if at another time
            outside = absences(self.flown, self.window, now_s)
        return replace(self, outside=tuple(judged_anew(self.outside, outside, now_s)))

    def is_outside(self, t_s: float) -> bool:
        return any(began <= t_s <= ended for began, ended in self.outside)


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
