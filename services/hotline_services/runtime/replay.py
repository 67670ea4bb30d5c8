"""Recovery of a service: its inputs are fed to a fresh core, which must repeat its earlier messages.

With a snapshot, only the inputs after that snapshot are fed.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import structlog

from hotline_protocol.core import Core, Value
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Health, Unreadable
from hotline_protocol.topics import is_kept
from hotline_services.delivery.outbox import Seen
from hotline_services.delivery.presence import Peers, Presences
from hotline_services.delivery.tracing import SavedTraces, Traces

from .guard import Contents, SavedContents
from .recording import Pruned
from .store import Heard, Recovered, StoreError
from .tail import SavedTail, Tail

log = structlog.get_logger(__name__)


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """A :class:`Past` as plain data."""

    latest: datetime | None
    set_aside: frozenset[str]
    seen: Seen
    peers: Presences
    traces: SavedTraces
    tail: SavedTail
    contents: tuple[SavedContents, ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a snapshot: the saved state of the core, and the memory of its shell."""

    core: bytes
    memory: Memory


_state: msgspec.msgpack.Decoder[State] = msgspec.msgpack.Decoder(State)


class Past:
    """What a shell itself must remember of what its core has heard."""

    def __init__(self, contents: Contents | None = None, tail: Tail | None = None) -> None:
        self.contents = contents
        self.tail = tail or Tail()
        self.seen = Seen()
        self.peers = Peers()
        self.traces = Traces()
        self.set_aside: set[str] = set()  # ids of messages that were fed to the core as dead letters
        self.said_again: list[Message] = []  # what a journal that was cut lacked of what had been said
        self.latest: datetime | None = None

    def commit(self, heard: Sequence[Heard], said: Sequence[Message]) -> None:
        """This is in the store."""
        if heard:
            self.latest = heard[-1].at
        self.tail.tell(said)

    def save(self) -> Memory:
        """A copy as plain data, with all that a replay would bring back."""
        return Memory(
            latest=self.latest,
            set_aside=frozenset(self.set_aside),
            seen=self.seen.copy(),
            peers=self.peers.save(),
            traces=self.traces.save(),
            tail=self.tail.save(),
            contents=() if self.contents is None else self.contents.save(),
        )

    def load(self, memory: Memory) -> None:
        """Replace the memory from the journal by the saved memory."""
        self.latest = memory.latest
        self.set_aside = set(memory.set_aside)
        self.seen = memory.seen.copy()
        self.peers.load(memory.peers)
        self.traces.load(memory.traces)
        self.tail.load(memory.tail)
        if self.contents is not None:
            self.contents.load(memory.contents)

    def remember(self, heard: Heard) -> None:
        """One input of the past, whose turn it is."""
        self.latest = heard.at
        match heard.message:
            case None:
                pass
            case Health():
                self.peers.news(heard.message)
            case Unreadable(code="dead-letter", cause=str(original)):
                self.set_aside.add(original)
            case Unreadable():
                pass
            case EpochBegun():
                self.tail.begin(heard.message.begun)
            case message:
                self.seen.first_time(message)
                if self.contents is not None:
                    self.contents.contradicts(message)
                self.traces.hear(message)


def state_of(core: Value, memory: Memory) -> bytes:
    """The state that a snapshot is to hold."""
    return msgspec.msgpack.encode(State(core=core.save(), memory=memory))


def restore(core: Core, recovered: Recovered, past: Past, spare: Callable[[], Core]) -> Recovered:
    """Load the best snapshot that can be loaded into ``core`` and ``past``; returns what is to be replayed behind it.

    ``spare`` makes another fresh core: what cannot be loaded leaves the first one in any state.
    """
    for snapshot in recovered.snapshots:
        try:
            state = _state.decode(snapshot.state)
            _load(core, state.core)
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, there is another way
            log.warning("snapshot-passed-over", entry=snapshot.after, reason=f"it cannot be loaded: {error!r}")
            if isinstance(fresh := spare(), Value):
                _load(core, fresh.save())
        else:
            past.load(state.memory)
            if snapshot.doubt:
                reason = f"{snapshot.doubt}; there is no other way"
                log.warning("snapshot-in-doubt", entry=snapshot.after, reason=reason)
            return recovered._replace(heard=snapshot.heard, said=snapshot.said)
    return recovered


def _load(core: Core, state: bytes) -> None:
    if not isinstance(core, Value):
        raise TypeError("this core has none")
    core.load(state)


def pruned_at(state: bytes, program: str, epochs: tuple[str, ...]) -> Pruned:
    """What a snapshot says of its service, which ``program`` has taken, and which had had these epochs."""
    found = _state.decode(state)
    memory = found.memory
    at = memory.latest or datetime(1970, 1, 1, tzinfo=UTC)
    return Pruned(at=at, epochs=epochs, said=memory.tail.said, program=program, state=found.core)


def replay(core: Core, recovered: Recovered, past: Past) -> Iterator[None]:
    """Feed the core its past, one input a step. Raises StoreError as soon as it says anything else than it did.

    What a journal that was cut lacks at its end is worked out again: it is in ``past.said_again``, to be kept and sent.
    """
    past.latest = recovered.latest or past.latest
    before = None if recovered.said is None else iter(recovered.said)
    for number, heard in enumerate(recovered.heard, 1):
        said = core.lapse(heard.at) if heard.message is None else core.receive(heard.message, heard.at)
        past.remember(heard)
        past.tail.tell(said)
        for message in filter(is_kept, said):
            past.traces.of(message)
            if before is None:
                continue
            then = next(before, None)
            if then is None and recovered.is_cut:
                past.said_again.append(message)
            else:
                _compare(number, message, then)
        yield
    left = None if before is None else next(before, None)
    if left is not None:
        raise StoreError(f"The journal holds {left.id}, which this program no longer says. {_ADVICE}")


def _compare(number: int, message: Message, then: Message | None) -> None:
    if message != then:
        what = "nothing" if then is None else f"{type(then).__name__} {then.id}"
        raise StoreError(
            f"Replaying input {number} of the journal, this program says {type(message).__name__} {message.id} "
            f"where {what} was said. {_ADVICE}"
        )


_ADVICE = (
    "The program, or the scenario that it plays, has changed under its journal: go back to the ones that wrote it, "
    "or begin with an empty data folder."
)
