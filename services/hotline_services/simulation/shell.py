"""The simulated shell: cores joined to an agenda and virtual time. One seed, one log, to the byte."""

import gc
from collections.abc import Callable, Collection, Iterator, Set
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.topics import Topic

from .chance import Chance
from .event_queue import Agenda
from .faulty import FaultyNetwork
from .network import Faults, NetworkModel
from .node import Listener
from .perfect import PerfectNetwork

OBJECTS_BETWEEN_COLLECTIONS: Final = 100_000


class Simulation:
    """Services in simulated time.

    A node is fed what is addressed to it and what is said on the topics that it ``hears``, each message once.
    On a perfect network, and when nothing ever dies, that takes no bookkeeping; else each node has an outbox,
    a journal and a memory of what it has seen, as in a live shell.
    """

    def __init__(
        self,
        start: datetime,
        seed: int = 1,
        network: NetworkModel = NetworkModel(),  # noqa: B008  frozen
        faults: Faults = Faults(),  # noqa: B008  frozen
    ) -> None:
        self.chance = Chance(seed)
        self._agenda = Agenda(start)
        self._network: PerfectNetwork | FaultyNetwork
        if network.perfect and faults.none:
            self._network = PerfectNetwork(network, self._agenda)
        else:
            self._network = FaultyNetwork(network, faults, self._agenda, self.chance)
        self._names: set[str] = set()
        self._begun = False

    @property
    def start(self) -> datetime:
        """When simulated time began."""
        return self._agenda.start

    @property
    def now(self) -> datetime:
        """The present, in simulated time."""
        return self._agenda.now

    def add(self, name: str, core_factory: Callable[[], Core], *, hears: Collection[Topic] = ()) -> None:
        """A service. ``core_factory`` makes the same core each time: a service that has died begins with a new one.

        Raises ValueError when there is one of that name, or when the run has begun.
        """
        if name in self._names:
            raise ValueError(f"{name}: there is a service of this name")
        if self._begun:
            raise ValueError(f"{name}: services are added before the first run")
        self._names.add(name)
        self._network.add(name, core_factory, hears)

    def core(self, name: str) -> Core:
        """The core of this service as it is now; after a crash it is another. Raises KeyError."""
        return self._network.core(name)

    def lost(self, name: str) -> Set[str]:
        """The ids of what this service has said and no longer knows of, since its journal lost its end."""
        return self._network.lost(name) if isinstance(self._network, FaultyNetwork) else frozenset()

    def inject(self, message: Message, at: datetime) -> None:
        """Bring this message from outside at this time. Raises ValueError when that has passed."""
        if at < self.now:
            raise ValueError(f"at: {at.isoformat()} has passed, it is {self.now.isoformat()}")
        self._agenda.put(at, self._network.inject, message)

    def run(self, until: datetime, on_message: Listener | None = None) -> None:
        """Go on up to and including this time. ``on_message`` is told of each message once, when it is said."""
        self._network.listen(on_message)
        with _collecting_seldom():
            if not self._begun:
                self._begun = True
                self._network.begin()
            self._agenda.run(until.astimezone(UTC))


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for unreachable cycles after a hundred thousand new objects, and not after some hundreds.

    Cores make none to speak of, and looking takes a twentieth of a run: what is looked through are the plans, offers
    and messages that are still wanted.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
