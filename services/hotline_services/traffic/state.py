"""The state of the sky as plain data, and the function that applies one step to it."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import field

from hotline_protocol.airspace import Position
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.injection import Deviate
from hotline_protocol.message import Author, M, Message, PartyName
from hotline_protocol.slices import Slice

from .agenda import Agenda
from .flight import Epoch, Flight, Key, Stage


class Described(msgspec.Struct, frozen=True):
    """What a plan tells of a flight and its centre does not."""

    kind: FlightKind
    aircraft_type: str
    operator: PartyName | None


class MovedLine(msgspec.Struct, frozen=True):
    """Where the deconfliction line has been moved to, and since which second."""

    trace: tuple[Position, ...]
    since_s: float


class SkyState(Slice, kw_only=True):
    """Everything that the sky remembers.

    * ``flights`` by who answers for them and by plan; ``known`` since when, the longest known first; ``airborne`` in
      the order of take-off.
    * ``plans``: descriptions by side, plan and digest, of which no centre has spoken yet; ``orders`` to flights that
      are not in the air.
    * ``moves``: where each party says that the line runs; ``line`` where it does, if it was moved.
    * ``says_tracks``: whether positions are due to be said again.
    """

    author: Author
    flights: dict[Key, Flight] = field(default_factory=dict)
    known: list[tuple[datetime, Key]] = field(default_factory=list)
    airborne: dict[Key, None] = field(default_factory=dict)
    plans: dict[tuple[PartyName, str, str], Described] = field(default_factory=dict)
    orders: dict[Key, tuple[Deviate, ...]] = field(default_factory=dict)
    agenda: Agenda = field(default_factory=Agenda)
    moves: dict[PartyName, tuple[Position, ...]] = field(default_factory=dict)
    line: MovedLine | None = None
    says_tracks: bool = False

    def put(self, flight: Flight) -> Flight:
        """Keep this record in the place of the one before it."""
        self.flights[flight.key] = flight
        return flight

    def is_awaited(self, flight: Flight) -> bool:
        """Whether a time of take-off is set for the flight."""
        return flight.stage is Stage.AWAITED and flight.key in self.agenda.of

    @property
    def flying(self) -> list[Flight]:
        """What is in the air, in the order of take-off."""
        return [self.flights[key] for key in self.airborne]


class Step:
    """One input of the sky: its time, the state that it changes, and the messages said in answer."""

    __slots__ = ("_epoch", "now", "said", "state")

    def __init__(self, state: SkyState, now: datetime, epoch: Epoch) -> None:
        self.state = state
        self.now = now
        self.said: list[Message] = []
        self._epoch = epoch

    @property
    def now_s(self) -> float:
        """The same in seconds of paths."""
        return self._epoch.seconds(self.now)

    def say(self, kind: type[M], cause: str | None = None, /, **fields: Any) -> M:
        """Say a message of this kind now."""
        message = self.state.author.say(kind, self.now, cause=cause, **fields)
        self.said.append(message)
        return message

    def put(self, flight: Flight) -> Flight:
        """Keep this record in the place of the one before it."""
        return self.state.put(flight)
