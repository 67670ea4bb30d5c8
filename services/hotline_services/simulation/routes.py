"""Who gets which message in a simulation: what topics and subscriptions are at a broker."""

from collections.abc import Collection
from operator import attrgetter
from typing import Final, NamedTuple

from hotline_protocol.message import Message
from hotline_protocol.service import Resend, Stop
from hotline_protocol.topics import TOPICS, Topic

addressee: Final = attrgetter("to")


class Route(NamedTuple):
    """Where messages of one type go: to the node they are addressed to, and to those that hear their topic.

    ``receipted`` messages are the sender's to send until the addressee has them; ``housekeeping`` is the
    business of shells and never reaches a core.
    """

    addressed: bool
    receipted: bool
    housekeeping: bool
    hearers: tuple[str, ...]


class Routes(dict[type[Message], Route]):
    """The route of each type of message, worked out when the first of them is said."""

    def __init__(self) -> None:
        super().__init__()
        self._hears: dict[str, frozenset[Topic]] = {}

    def subscribe(self, name: str, hears: Collection[Topic]) -> None:
        """From now on this node hears everything on these topics, whoever it is for."""
        self._hears[name] = frozenset(hears)
        self.clear()

    def hears(self, name: str, topic: Topic) -> bool:
        """Whether this node has subscribed to the whole of this topic."""
        return topic in self._hears[name]

    def __missing__(self, kind: type[Message]) -> Route:
        topic = next(topic for topic in TOPICS if kind in topic.messages)
        route = self[kind] = Route(
            addressed="to" in kind.__struct_fields__,
            receipted=topic.receipted,
            housekeeping=kind in {Resend, Stop},
            hearers=tuple(name for name, topics in self._hears.items() if topic in topics),
        )
        return route
