"""Back to where a service was: what it heard, fed to a fresh core, which must say again what it said."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from hotline_protocol.core import Core
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Health, Unreadable
from hotline_protocol.topics import is_kept
from hotline_services.delivery.outbox import Seen
from hotline_services.delivery.presence import Peers
from hotline_services.delivery.tracing import Traces

from .guard import Contents
from .store import Heard, Recovered, StoreError
from .tail import Tail


class Past:
    """What a shell itself must remember of what its core has heard."""

    def __init__(self, contents: Contents | None = None, tail: Tail | None = None) -> None:
        self.contents = contents
        self.tail = tail or Tail()
        self.seen = Seen()
        self.peers = Peers()
        self.traces = Traces()
        self.set_aside: set[str] = set()  # ids of messages that were fed to the core as dead letters
        self.latest: datetime | None = None

    def commit(self, heard: Sequence[Heard], said: Sequence[Message]) -> None:
        """This is in the store."""
        if heard:
            self.latest = heard[-1].at
        self.tail.tell(said)

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


def replay(core: Core, recovered: Recovered, past: Past) -> Iterator[None]:
    """Feed the core its past, one input a step. Raises StoreError as soon as it says anything else than it did."""
    past.latest = recovered.latest
    before = None if recovered.said is None else iter(recovered.said)
    for number, heard in enumerate(recovered.heard, 1):
        said = core.lapse(heard.at) if heard.message is None else core.receive(heard.message, heard.at)
        past.remember(heard)
        past.tail.tell(said)
        for message in filter(is_kept, said):
            past.traces.of(message)
            if before is not None:
                _compare(number, message, next(before, None))
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
