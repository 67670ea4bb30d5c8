"""What a network does to messages on their way, and when services die: as data, and as it is played out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import AwareTime, PartyName
from hotline_protocol.slices import Slice

from .chance import Chance, Draws

Probability = Annotated[float, Meta(ge=0, le=0.95)]
Delay = Annotated[float, Meta(ge=0, le=3_600)]

RETRY: Final = timedelta(seconds=2)
HOUR: Final = timedelta(hours=1)
HOURS_A_DAY: Final = 24


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """The broker is away: nobody hears anybody."""

    start: AwareTime
    end: AwareTime


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """Two nodes cannot reach each other; all others can."""

    between: tuple[PartyName, PartyName]
    start: AwareTime
    end: AwareTime


class NetworkModel(msgspec.Struct, frozen=True, kw_only=True):
    """What may happen to a message between two nodes. Without any fields it is a perfect network.

    A message takes ``delay_s`` give or take up to ``jitter_s`` (uniform) and does not overtake another on its
    link, except that a share ``reordering`` of them comes up to ``late_s`` later than it would have.
    """

    delay_s: Delay = 0.05
    jitter_s: Delay = 0.0
    loss: Probability = 0.0
    duplication: Probability = 0.0
    reordering: Probability = 0.0
    late_s: Delay = 5.0
    outages: tuple[Outage, ...] = ()
    partitions: tuple[Partition, ...] = ()

    def __post_init__(self) -> None:
        if self.jitter_s > self.delay_s:
            raise ValueError("jitter_s: must not be more than delay_s, or messages would come before they are sent")
        windows: tuple[Outage | Partition, ...] = (*self.outages, *self.partitions)
        for window in windows:
            if window.end <= window.start:
                raise ValueError("outages, partitions: end must be after start")

    @property
    def perfect(self) -> bool:
        """Every message comes, once, in order, after the same delay."""
        return not (
            self.jitter_s or self.loss or self.duplication or self.reordering or self.outages or self.partitions
        )


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """A service dies and is back ``down_s`` later, with its journal and without its memory.

    With ``in_the_act`` it dies on the first input after ``at``: journaled, but nothing said yet. The last ``lost``
    inputs of its journal are gone, with what was said to them; then it goes on in another epoch.
    """

    party: PartyName
    at: AwareTime
    down_s: Annotated[float, Meta(gt=0)]
    in_the_act: bool = False
    lost: Annotated[int, Meta(ge=0)] = 0


class SlowDisk(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` to ``end``, writing an input to the journal takes ``commit_s``. Nothing else is done then."""

    party: PartyName
    start: AwareTime
    end: AwareTime
    commit_s: Annotated[float, Meta(gt=0, le=60)]


class Hang(msgspec.Struct, frozen=True, kw_only=True):
    """A service does not come back for ``for_s``; then its watchdog kills it, and it is back ``down_s`` later."""

    party: PartyName
    at: AwareTime
    for_s: Annotated[float, Meta(gt=0, le=60)] = 30.0
    down_s: Annotated[float, Meta(gt=0)] = 1.0


class ClockStep(msgspec.Struct, frozen=True, kw_only=True):
    """From ``at`` on, a service's clock is off by ``offset_s`` simulated seconds. It still never runs backwards."""

    party: PartyName
    at: AwareTime
    offset_s: Annotated[float, Meta(ge=-3_600, le=3_600)]


class Intrusion(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody publishes these bytes. A ``retained`` one is heard again by each service that reconnects."""

    at: AwareTime
    topic: str
    payload: bytes
    retained: bool = False


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """Which services die or err, and when: at given times, and deaths by chance too.

    Each of ``parties`` dies ``crashes_per_day`` times a day on average and stays down for ``down_s`` give or
    take half of it; every other of these deaths is in the act.
    """

    crashes: tuple[Crash, ...] = ()
    parties: tuple[PartyName, ...] = ()
    crashes_per_day: Annotated[float, Meta(ge=0, le=HOURS_A_DAY)] = 0.0
    down_s: Annotated[float, Meta(gt=0)] = 60.0
    slow_disks: tuple[SlowDisk, ...] = ()
    hangs: tuple[Hang, ...] = ()
    clock_steps: tuple[ClockStep, ...] = ()
    intrusions: tuple[Intrusion, ...] = ()

    @property
    def none(self) -> bool:
        """Nothing ever dies or errs."""
        given = self.crashes or self.slow_disks or self.hangs or self.clock_steps or self.intrusions
        return not (given or (self.parties and self.crashes_per_day))


class LinkState(Slice):
    """How many messages one link has been asked to bring, how many arrivals were drawn, and the latest of these."""

    attempts: int = 0
    arrivals: int = 0
    latest: datetime | None = None


class Link:
    """The rules of one direction between two nodes. Its chance is its own: other links leave it as it is."""

    def __init__(self, model: NetworkModel, sender: str, receiver: str, chance: Chance) -> None:
        self._model: Final = model
        self._delay: Final = timedelta(seconds=model.delay_s - model.jitter_s)
        self._jitter: Final = timedelta(seconds=2 * model.jitter_s)
        self._late: Final = timedelta(seconds=model.late_s)
        name = f"network/{sender}/{receiver}"
        self._losses: Final = Draws(chance, f"{name}/loss")
        self._duplications: Final = Draws(chance, f"{name}/duplication")
        self._reorderings: Final = Draws(chance, f"{name}/reordering")
        self._delays: Final = Draws(chance, f"{name}/delay")
        self._closed: Final = tuple(sorted(_closed(model, {sender, receiver})))

    def attempt(self, state: LinkState, at: datetime) -> tuple[datetime, ...]:
        """When a message sent at this time arrives: once, twice, or not at all."""
        lost = self._losses[state.attempts] < self._model.loss
        doubled = self._duplications[state.attempts] < self._model.duplication
        state.attempts += 1
        arrival = self._arrival(state, at)
        if lost or self._open_at(at) != at or self._open_at(arrival) != arrival:
            return ()
        return (arrival, self._arrival(state, at)) if doubled else (arrival,)

    def deliver(self, state: LinkState, at: datetime) -> tuple[datetime, ...]:
        """When a message arrives that is tried again until it does, as a broker and its clients do."""
        while True:
            at = self._open_at(at)
            if arrivals := self.attempt(state, at):
                return arrivals
            at += RETRY

    def _arrival(self, state: LinkState, at: datetime) -> datetime:
        arrival = at + self._delay
        if self._jitter:
            arrival += self._delays[state.arrivals] * self._jitter
        draw = self._reorderings[state.arrivals]
        state.arrivals += 1
        if draw < self._model.reordering:
            return arrival + draw / self._model.reordering * self._late
        if state.latest is None or arrival > state.latest:
            state.latest = arrival
        return state.latest

    def _open_at(self, at: datetime) -> datetime:
        """The first time from this one on at which the link is open."""
        for start, end in self._closed:
            if start <= at < end:
                at = end
        return at


def _closed(model: NetworkModel, ends: set[str]) -> Iterator[tuple[datetime, datetime]]:
    for outage in model.outages:
        yield outage.start, outage.end
    for partition in model.partitions:
        if ends == set(partition.between):
            yield partition.start, partition.end


class Mortality:
    """The rules by which one party dies by chance, hour by hour.

    Drawn by the hour and not from an exponential law, since the last digit of a logarithm differs between
    machines.
    """

    def __init__(self, faults: Faults, party: str, chance: Chance) -> None:
        self._party: Final = party
        self._rate: Final = faults.crashes_per_day / HOURS_A_DAY
        self._down_s: Final = faults.down_s
        self._draws: Final = Draws(chance, f"crash/{party}")

    def in_hour(self, number: int, begins: datetime) -> Crash | None:
        """The party's death in the hour of this number, from 0 on, if it does not live through it."""
        dies, into, down, act = (self._draws[4 * number + each] for each in range(4))
        if dies >= self._rate:
            return None
        down_s = self._down_s * (0.5 + down)
        return Crash(party=self._party, at=begins + into * HOUR, down_s=down_s, in_the_act=act < 0.5)
