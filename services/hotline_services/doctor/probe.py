"""A blocking MQTT client that notes what the broker says of each request."""

import queue
import time
from collections.abc import Iterator
from threading import Event
from typing import Any, Final
from uuid import uuid4

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hotline_protocol.message import Message
from hotline_protocol.topics import CONTROL, address_of, is_state
from hotline_services.delivery.payloads import Check
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.dialling import new_client
from hotline_services.runtime.mqtt import REFUSALS, UNSUPPORTED_VERSION
from hotline_services.runtime.tls import context_of
from hotline_services.runtime.wire import BrokerSettings

from .diagnosis.observations import Heard

ANSWER_S: Final = 10.0
MOST_HEARD: Final = 20_000
"""How many messages are kept that are state, and as many that are retained and should not be."""
NO_TEXT: Final = "it was lost while looking: the broker sends a topic that is not UTF-8"
_OWN: Final = CONTROL.template.partition("{")[0]


class NotLetInError(Exception):
    """The broker refuses this user; the message is its reason."""


class UnknownVersionError(ConnectionError):
    """The broker does not answer, perhaps because it does not know this version of MQTT."""


class DoctorClient:
    """One connection to one node, made at once. Raises NotLetInError, UnknownVersionError, or another OSError."""

    def __init__(self, node: BrokerSettings, version: MQTTProtocolVersion) -> None:
        self._client: Final = new_client(node, f"hotline-doctor-{uuid4().hex[:8]}", version, None)
        self._connected: Final[queue.Queue[tuple[ReasonCode, Properties | None]]] = queue.Queue()
        self._answers: Final[queue.Queue[tuple[int, list[ReasonCode]]]] = queue.Queue()
        self._arrived: Final[dict[bool, list[Heard]]] = {True: [], False: []}  # by whether it is state
        self._echo = b""
        self._echoed: Final = Event()
        self._ended: Final = Event()
        self._closing = False
        self.lost = ""
        self.refused_publish = ""
        self.packet_limit: int | None = None
        self._connect(node, version)

    def _connect(self, node: BrokerSettings, version: MQTTProtocolVersion) -> None:
        client = self._client
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        _dial(client, node, version)
        client.loop_start()
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until and not self._ended.is_set() and self._connected.empty():
            self._ended.wait(0.02)
        try:
            reason, properties = self._connected.get_nowait()
        except queue.Empty:
            self.close()
            raise UnknownVersionError("the broker does not answer in MQTT") from None
        if reason.is_failure:
            self.close()
            if reason.value in REFUSALS:
                raise NotLetInError(str(reason))
            error = UnknownVersionError if reason.value == UNSUPPORTED_VERSION else ConnectionError
            raise error(f"the broker answers: {reason}")
        self.packet_limit = getattr(properties, "MaximumPacketSize", None)

    def subscribe(self, where: str) -> bool:
        """Subscribe to this topic filter; returns whether the broker accepts. No answer within 10 s counts as no."""
        _, mid = self._client.subscribe(where, qos=0)
        until = time.monotonic() + ANSWER_S
        while not self._ended.is_set() and (left_s := until - time.monotonic()) > 0:
            try:
                answered, reasons = self._answers.get(timeout=min(left_s, 0.2))
            except queue.Empty:
                continue
            if answered == mid:
                return not any(reason.is_failure for reason in reasons)
        return self._ended.is_set()  # a lost connection is told as such, and nothing else

    def has_come_back(self, message: Message, payload: bytes, within_s: float) -> bool:
        """Publish this to ourselves; returns whether it arrives within ``within_s`` seconds."""
        self._echo = message.id.encode()
        self._echoed.clear()
        self._client.publish(address_of(message), payload, qos=1)
        return self._echoed.wait(within_s) and not self.refused_publish and not self._ended.is_set()

    def listen(self, seconds: float) -> None:
        """Wait so long, or until the connection is lost."""
        self._ended.wait(seconds)

    def heard(self, check: Check | None) -> Iterator[Heard]:
        """The publishes that have arrived: retained messages, health, and the clock. ``check`` verifies signatures."""
        for heard in [*self._arrived[True], *self._arrived[False]]:
            problem = check(heard.topic, heard.payload) if check is not None and is_state(heard.topic) else None
            yield Heard(
                topic=heard.topic,
                payload=heard.payload,
                retained=heard.retained,
                at=heard.at,
                forged=problem.reason if problem is not None else "",
            )

    def close(self) -> None:
        """Say goodbye, and end the thread."""
        self._closing = True
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._connected.put((reason, properties))

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        self._answers.put((mid, reasons))

    def _on_publish(
        self, _client: Client, _data: Any, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self.refused_publish = self.refused_publish or str(reason)
            self._echoed.set()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        at, payload = wall_clock(), bytes(message.payload)
        try:
            topic = message.topic
        except UnicodeDecodeError:  # paho decodes it only when it is asked for
            self.lost = NO_TEXT
            self._ended.set()
            return
        kept = self._arrived[is_state(topic)]
        if topic.startswith(_OWN) and self._echo and self._echo in payload:
            self._echoed.set()
        elif (message.retain or is_state(topic)) and len(kept) < MOST_HEARD:
            kept.append(Heard(topic=topic, payload=payload, retained=message.retain, at=at))

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if not self._closing and self._connected.empty():
            self.lost = f"it was lost while looking: {reason}"
        self._ended.set()


def _dial(client: Client, node: BrokerSettings, version: MQTTProtocolVersion) -> None:
    """Connect, and send CONNECT. paho reads the socket itself, in a thread of its own. Raises OSError, or TlsError."""
    context = context_of(node)
    if context is not None:
        client.tls_set_context(context)
    if version == MQTTProtocolVersion.MQTTv5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = node.session_s
        client.connect(node.host, node.port, node.keepalive_s, clean_start=False, properties=properties)
    else:
        client.connect(node.host, node.port, node.keepalive_s)
