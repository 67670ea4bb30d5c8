"""The simulated shell: cores joined to an event queue and virtual time. One seed, one log, to the byte.

A whole run is a value: it can be cloned, compared, written down, read back, and played event by event.
"""

import copy
from collections.abc import Callable, Collection, Sequence, Set
from datetime import UTC, datetime
from typing import Final

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.forms import Form, fingerprint
from hotline_protocol.message import Message
from hotline_protocol.slices import as_read, read, write
from hotline_protocol.topics import Topic

from .chance import Chance
from .collecting import collecting_seldom
from .event_queue import Injection
from .faulty import FaultyNetwork
from .network import Faults, NetworkModel
from .node import Listener, value
from .perfect import PerfectNetwork


class SavedRun(msgspec.Struct, frozen=True):
    """A run that was written down: what is under way, and each core."""

    begun: bool
    network: bytes
    cores: dict[str, bytes]


class Simulation:
    """Services in simulated time.

    A node gets the messages that are addressed to it, and those on topics that it ``hears``: each message once.
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
        self.chance: Final = Chance(seed)
        self._network: PerfectNetwork | FaultyNetwork
        if network.perfect and faults.none:
            self._network = PerfectNetwork(as_read(network), start)
        else:
            self._network = FaultyNetwork(as_read(network), as_read(faults), start, self.chance)
        self._begun = False

    @property
    def start(self) -> datetime:
        """When simulated time began."""
        return self._network.queue.start

    @property
    def now(self) -> datetime:
        """The present, in simulated time."""
        return self._network.queue.now

    def add(self, name: str, core_factory: Callable[[], Core], *, hears: Collection[Topic] = ()) -> None:
        """A service. ``core_factory`` makes the same core each time: a service that has died begins with a new one.

        Raises ValueError when a node of that name exists, or when the run has begun.
        """
        if name in self._network.cores:
            raise ValueError(f"{name}: there is a service of this name")
        if self._begun:
            raise ValueError(f"{name}: services are added before the first run")
        self._network.add(name, core_factory, hears)

    def core(self, name: str) -> Core:
        """The core of this service as it is now; after a crash it is another. Raises KeyError."""
        return self._network.cores[name]

    def lost(self, name: str) -> Set[str]:
        """The ids of what this service has said and no longer knows of, since its journal lost its end."""
        return self._network.lost(name) if isinstance(self._network, FaultyNetwork) else frozenset()

    def inject(self, message: Message, at: datetime) -> None:
        """Bring this message from outside at this time. Raises ValueError when that has passed."""
        if at < self.now:
            raise ValueError(f"at: {at.isoformat()} has passed, it is {self.now.isoformat()}")
        self._network.queue.put(at, Injection(message))

    # Playing it.

    def run(self, until: datetime, on_message: Listener | None = None) -> None:
        """Go on up to and including this time. ``on_message`` is told of each message once, when it is said."""
        self._network.listen(on_message)
        with collecting_seldom():
            self._begin()
            self._network.queue.run(until.astimezone(UTC), self._network.handlers)

    def run_until(self, reached: datetime | Callable[["Simulation"], bool], on_message: Listener | None = None) -> bool:
        """Go on up to this time, or until this is true of the run, which is asked after each event.

        Returns False when nothing is left to happen before that.
        """
        if isinstance(reached, datetime):
            self.run(reached, on_message)
            return True
        self._network.listen(on_message)
        with collecting_seldom():
            self._begin()
            while not reached(self):
                if not self._network.queue.heap:
                    return False
                self._network.queue.step(self._network.handlers)
        return True

    def step(self) -> Sequence[Message] | None:
        """Let the next event happen; returns what is said to it, or None when nothing is left to happen.

        The first step brings all services up.
        """
        said: list[Message] = []
        self._network.listen(lambda message, _: said.append(message))
        if not self._begun:
            self._begin()
        elif self._network.queue.heap:
            self._network.queue.step(self._network.handlers)
        else:
            return None
        return said

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._network.begin()

    # A value.

    def clone(self) -> "Simulation":
        """An equal run that shares nothing that changes: both say the same when they go on, and neither sees the other.

        Raises TypeError when a core is no :class:`~hotline_protocol.core.Value`.
        """
        twin = copy.copy(self)
        twin.adopt(self._network.clone())
        return twin

    def forms(self) -> list[Form]:
        """The form of each part: of every core, and of what is under way between them.

        Raises TypeError when a core is no :class:`~hotline_protocol.core.Value`.
        """
        cores = (value(name, core).forms() for name, core in self._network.cores.items())
        return [Form(self._begun), *self._network.forms(), *(form for forms in cores for form in forms)]

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """A digest of the state: see :meth:`hotline_protocol.core.Value.fingerprint`."""
        return fingerprint(self.forms(), since)

    def save(self) -> bytes:
        """The state, written down. Raises TypeError when a core is no :class:`~hotline_protocol.core.Value`."""
        cores = {name: value(name, core).save() for name, core in self._network.cores.items()}
        return write(SavedRun(self._begun, write(self._network.state), cores))

    def load(self, saved: bytes) -> None:
        """Go on from a state that a simulation of the same configuration and services has saved.

        Raises ValueError when its services are others.
        """
        run = read(saved, SavedRun)
        if run.cores.keys() != self._network.cores.keys():
            raise ValueError(f"saved: of {', '.join(run.cores)}, not of {', '.join(self._network.cores)}")
        self._begun = run.begun
        self._network.load(run.network)
        for name, core in self._network.cores.items():
            value(name, core).load(run.cores[name])

    def adopt(self, network: PerfectNetwork | FaultyNetwork) -> None:
        """Go on with this network, its nodes, and what is under way in it."""
        self._network = network
