"""What passes between a connection and whoever uses it: settings, deliveries, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from hotline_protocol.flightplan import Problem
from hotline_services.delivery.payloads import UNSIGNED, Signing
from hotline_services.delivery.tracing import NO_HEADERS, Headers

from .addresses import Node, read_addresses

GUEST_S: Final = 5
"""Seconds for which a broker keeps the queue of a guest. None at all would end, where users have one client id, the
queue of the service itself, whose place the guest takes. MQTT 3.1.1 knows no such time: there nothing is kept."""


class BrokerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is and who we are to it.

    ``further`` are the other nodes of its cluster, tried in turn. ``session_s`` is for how many seconds the broker
    keeps our queue while we are away; 0 for not at all. With ``tls``, ``ca_file`` holds whom we trust (None: the
    system's CAs), and ``cert_file`` and ``key_file`` what we show.
    With ``forgets``, what the broker holds for us is given up when we connect.
    ``signing`` is what we sign with, and check others by, whatever the broker lets them say.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    further: tuple[Node, ...] = ()
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = 15
    session_s: int = 86_400
    forgets: bool = False
    signing: Signing = UNSIGNED

    @classmethod
    def from_url(cls, url: str, **others: Any) -> "BrokerSettings":
        """``mqtt://user:password@host:1883`` or ``mqtts://...``; of a cluster, several of these with commas between.

        Raises ValueError, with a sentence that does not show the password.
        """
        nodes, username, password, tls = read_addresses(url)
        host, port = nodes[0]
        return cls(host=host, port=port, further=nodes[1:], username=username, password=password, tls=tls, **others)

    @property
    def nodes(self) -> "tuple[BrokerSettings, ...]":
        """The settings for each broker of the cluster by itself, in the order in which they are tried."""
        all_nodes = (Node(self.host, self.port), *self.further)
        return tuple(msgspec.structs.replace(self, host=host, port=port, further=()) for host, port in all_nodes)

    def __str__(self) -> str:
        scheme = "mqtts" if self.tls else "mqtt"
        return ",".join(f"{scheme}://{node}" for node in (Node(self.host, self.port), *self.further))

    def __repr__(self) -> str:
        return f"BrokerSettings({self}, username={self.username!r})"  # nothing secret, for it may be logged


class Refused(Exception):  # noqa: N818  what the broker did, not a fault of ours
    """The broker will not have us, or will not let us subscribe. Trying again would not help."""


class PublishRefused(Exception):  # noqa: N818
    """The broker did not take this publish: its ACL forbids it, or a quota is used up."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"the broker refused a publish on {topic}: {reason}")
        self.topic = topic
        self.reason = reason


class PublishTooLarge(PublishRefused):
    """This publish is larger than what the broker takes: sending it again would not help. It was not sent."""


class Delivery(NamedTuple):
    """One publish that arrived: its payload, what acknowledging it takes, and its trace headers.

    ``problem`` is why it is not to be taken in as what it says, found when its signature was checked. ``again`` is the
    broker's word that it may have delivered this before (DUP, which no publisher can set for others).
    """

    topic: str
    payload: bytes
    retained: bool
    qos: int
    mid: int
    life: int
    headers: Headers = NO_HEADERS
    problem: Problem | None = None
    again: bool = False


Done = Callable[[PublishRefused | None], object]
"""Is told None once the broker has a publish, or why it has not."""


def _unheeded(_: PublishRefused | None) -> None:
    pass


class Publish(NamedTuple):
    """What is to go out. ``done`` hears None once the broker has it, or why not; never both, perhaps neither."""

    topic: str
    payload: bytes
    retain: bool = False
    done: Done = _unheeded
    headers: Headers | None = None


class Will(NamedTuple):
    """What the broker says for us when we vanish."""

    topic: str
    payload: bytes


class Listener(Protocol):
    """Whose connection it is. All are called in its event loop and must not raise."""

    def will(self) -> Will | None:
        """What to leave with the broker, if anything, asked at each connect."""
        ...

    def on_message(self, delivery: Delivery) -> None:
        """This has arrived; to be acknowledged when the work is done."""
        ...

    def on_read(self) -> None:
        """All that has arrived by now has been told."""
        ...

    def on_up(self, *, session_present: bool) -> None:
        """Connected, and the broker has granted all subscriptions; whether it still had our queue."""
        ...

    def on_down(self) -> None:
        """No longer connected, or it did not come to that; what was not confirmed is forgotten."""
        ...
