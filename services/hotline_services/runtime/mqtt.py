"""One connection to a broker that lasts, reconnected for ever: paho-mqtt on asyncio, and ``stream`` for publishes.

Nothing is acknowledged that was not said to be done, nothing refused goes unnoticed, and nothing is kept here: what
was not confirmed when a connection broke is forgotten, and said again by the actor from what it keeps itself.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import structlog
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from hotline_services.delivery.tracing import Headers

from .acknowledgements import Acknowledgements
from .daemon import in_daemon_thread
from .dialling import dial, new_client
from .incoming import Arrived
from .nodes import Nodes
from .outgoing import LAST_NUMBER, Confirmed, puback_packet, publish_packet
from .packets import PacketLimit
from .properties import headers_in, packed, properties_of
from .stream import Stream, stream_of
from .tls import trouble_with
from .wire import GUEST_S, BrokerSettings, Delivery, Done, Listener, Publish, PublishRefused, PublishTooLarge, Refused

STEADY_S: Final = 5.0  # a connection that ends sooner may be one that another of our name has taken over
ANSWER_S: Final = 10.0  # to take the connection and the subscriptions: NATS makes a consumer for each
WINDOW: Final = 20  # what mosquitto takes in flight unless told otherwise; MQTT 3.1.1 has no way to ask
WIDEST_WINDOW: Final = 100
READS_AT_ONCE: Final = 100
UNSUPPORTED_VERSION: Final = 0x84
TAKEN_OVER: Final = 0x8E
REFUSALS: Final = {0x85, 0x86, 0x87, 0x8A, 0x8C}  # identity, user or password, not authorised, banned, bad method

log = structlog.get_logger(__name__)


class Connection:
    """Use from one event loop."""

    def __init__(
        self, settings: BrokerSettings, client_id: str, subscriptions: Sequence[str], listener: Listener
    ) -> None:
        self._settings = settings
        self._nodes = Nodes(settings)
        self._client_id = client_id
        self._subscriptions = list(dict.fromkeys(subscriptions))
        self._listener = listener
        self._version = MQTTProtocolVersion.MQTTv5
        self._settled = False  # whether the broker has accepted this version before
        self._was_up = False  # whether it has ever let us subscribe to all
        self._answered = False  # whether it has answered in this life
        self._client: Client | None = None
        self._stream: Stream | None = None  # of this client, once it is connected
        self._ended: asyncio.Future[str] | None = None  # why this life of the connection is over
        self._life = 0
        self._window = WINDOW
        self._packets = PacketLimit(quiet=settings.session_s <= GUEST_S)
        self._alone = False  # whether what is in flight must be confirmed before anything else goes out
        self._queue: deque[Publish] = deque()
        self._in_flight: dict[int, Publish] = {}
        self._mid = 0  # of the last publish
        self._acknowledgements = Acknowledgements(self._acknowledge_now)
        self._closing = False
        self._flush_scheduled = False
        self._write_waits = False  # for the socket to take more
        self._session_present = False
        self.was_cut_short = False  # whether the last connection ended soon: another of our id may have taken it over
        self.unshown = 0  # messages for QoS 0 that the broker does not take, for their size
        self.up = False

    @property
    def version(self) -> str:
        """The MQTT version in use."""
        return "5" if self._is_v5 else "3.1.1"

    @property
    def _is_v5(self) -> bool:
        return self._version == MQTTProtocolVersion.MQTTv5

    @property
    def node(self) -> BrokerSettings:
        """The broker of the cluster that is in use, or that is tried next."""
        return self._nodes.current

    @property
    def packet_limit(self) -> int | None:
        """The largest packet that the broker takes, in bytes, if it has told."""
        return self._packets.told

    @property
    def backlog(self) -> int:
        """Publishes that the broker has not confirmed yet."""
        return len(self._queue) + len(self._in_flight)

    def publish(
        self, topic: str, payload: bytes, done: Done, *, retain: bool = False, headers: Headers | None = None
    ) -> bool:
        """Send with QoS 1, behind those already waiting. False, and nothing done, when there is no connection."""
        if not self.up:
            return False
        self._queue.append(Publish(topic, payload, retain, done, headers))
        self._schedule_flush()
        return True

    def show(self, topic: str, payload: bytes) -> None:
        """Send with QoS 0, now or never: what cannot be written at once is out of date when it could be."""
        publish, stream = Publish(topic, payload), self._stream
        if self._packets.refusal(publish, None) is not None:
            self.unshown += 1
        elif self.up and stream is not None and not self._write_waits:
            stream.write(publish_packet(publish, 0, packed(None, v5=self._is_v5)))
            self._schedule_flush()

    def acknowledge(self, delivery: Delivery) -> None:
        """The work is done: the broker may forget this delivery. Of an earlier connection: it will come again."""
        if delivery.qos and delivery.life == self._life and self._client is not None:
            self._acknowledgements.add(delivery)

    def _acknowledge_now(self, delivery: Delivery) -> None:
        if delivery.life == self._life and self._stream is not None:
            self._stream.write(puback_packet(delivery.mid))
            self._schedule_flush()

    async def run(self) -> None:
        """Connect, and connect again, until closed. Raises Refused when the broker will never have us."""
        told: set[str] = set()  # one line for each change of state, not for each try
        while not self._closing:
            version, began = self._version, asyncio.get_running_loop().time()
            reason, was_up = await self._live_once()
            if self._closing:
                return
            if was_up:
                told.clear()
            self.was_cut_short = was_up and asyncio.get_running_loop().time() - began <= STEADY_S
            if was_up and not self.was_cut_short:
                self._nodes.held()
            node = self._nodes.current
            if self._version in {version, MQTTProtocolVersion.MQTTv5}:  # else the same node, in MQTT 3.1.1
                self._nodes.advance()
            if version != self._version:
                log.info("other-mqtt-version", broker=str(node), trying=self.version, reason=reason)
            elif (line := f"{node} {reason}") not in told:
                told.add(line)
                log.warning("broker-away", broker=str(node), reason=reason, trying=str(self._nodes.current))
            await asyncio.sleep(self._nodes.wait_s())

    def drop(self, reason: str, *, forget: bool) -> None:
        """Connect again, to the next node; ``forget`` is whether what the broker holds for us is given up."""
        if forget:
            self._nodes.forget()
        self._end(reason)

    async def close(self) -> None:
        """Say goodbye, so that the broker does not speak our will."""
        self._closing = True
        if self._client is not None and self._ended is not None and self.up:
            self._acknowledgements.flush()
            self.flush()
            self._client.disconnect()
            self.flush()
            await asyncio.wait([self._ended], timeout=0.5)
        self._end("closed")

    # One life of the connection.

    async def _live_once(self) -> tuple[str, bool]:
        """Connect to the current node and stay connected; returns why it ended and whether it ever was up."""
        self._life += 1
        self._answered = self._flush_scheduled = self._write_waits = self._alone = False
        self._ended = asyncio.get_running_loop().create_future()
        node, was_up = self._nodes.taken(), False
        client = self._make_client(node)
        try:
            await in_daemon_thread(lambda: dial(client, node, self._version))
            self._client = client
            self._attach(client)
            await self._keep_alive(client, self._ended)
            was_up = self.up
        except (OSError, ValueError) as error:
            return await self._tls_trouble(node) or str(error) or type(error).__name__, False
        finally:
            self._detach(client)
        reason = self._ended.result()
        if not self._answered and not self._settled:
            reason = await self._tls_trouble(node) or reason
            self._change_version()  # some brokers hang up on a version that they do not know
        return reason, was_up

    async def _tls_trouble(self, node: BrokerSettings) -> str | None:
        """What is wrong with TLS here. Raises Refused where no broker has accepted us yet and there is no other."""
        if self._settled or not (node.tls or self._version == MQTTProtocolVersion.MQTTv311):
            return None  # once it worked, a restart of the broker is likelier than TLS
        reason = await in_daemon_thread(lambda: trouble_with(node))
        if reason is not None and not self._settings.further:
            raise Refused(f"no connection to the broker at {node}: {reason}")
        return reason

    def _change_version(self) -> None:
        v5, v3 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
        self._version = v3 if self._version == v5 else v5

    def _make_client(self, node: BrokerSettings) -> Client:
        client = new_client(node, self._client_id, self._version, self._listener.will())
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        return client

    def _attach(self, client: Client) -> None:
        client.on_socket_register_write = lambda *_: self._schedule_flush()
        client.on_socket_close = lambda _client, _data, sock: self._socket_closed(sock)
        stream = self._stream = stream_of(client)
        if stream is None:
            self._end("the broker closed the connection at once")
            return
        asyncio.get_running_loop().add_reader(stream.fileno(), self._read, client, stream)
        self._schedule_flush()

    async def _keep_alive(self, client: Client, ended: "asyncio.Future[str]") -> None:
        until = asyncio.get_running_loop().time() + ANSWER_S
        while not ended.done():
            client.loop_misc()
            await asyncio.wait([ended], timeout=1.0)
            if not self.up and asyncio.get_running_loop().time() > until:
                self._end(f"the broker has not let us in within {ANSWER_S:g} s")
        refusal = ended.exception()
        if refusal is not None:
            raise refusal

    def _detach(self, client: Client) -> None:
        was_up, self.up = self.up, False
        if (sock := client.socket()) is not None:
            self._socket_closed(sock)
            client.on_socket_close = None
            sock.close()
        self._client = self._stream = None
        if was_up and not self._closing:
            self._packets.lost(self._in_flight.values())
        self._queue.clear()
        self._in_flight.clear()
        self._listener.on_down()

    def _end(self, reason: str | Exception) -> None:
        """This life is over; the first reason given counts. An exception ends ``run`` as well."""
        if self._ended is None or self._ended.done():
            return
        if isinstance(reason, Exception):
            self._ended.set_exception(reason)
        else:
            self._ended.set_result(reason)

    # Reading and writing.

    def _read(self, client: Client, stream: Stream) -> None:
        """Everything that is there, up to a bound."""
        if client is not self._client:
            return
        try:
            self._read_from(client, stream)
            self._listener.on_read()
            self.flush()
        except Exception as error:  # noqa: BLE001  a bug of ours: in a callback, asyncio would log it and go on
            self._end(error)

    def _read_from(self, client: Client, stream: Stream) -> None:
        stream.fill()
        for _ in range(READS_AT_ONCE):
            if not stream.next_packet():
                return
            match stream.take(v5=self._is_v5):
                case Arrived() as arrived:
                    self._listener.on_message(Delivery(*arrived[:5], self._life, arrived.headers, again=arrived.again))
                case Confirmed(mid, refusal):
                    self._confirmed(mid, refusal)
                case None if client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    self._end("the connection was lost")
                    return
        asyncio.get_running_loop().call_soon(self._read, client, stream)  # what is left the socket will not tell of

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write now what the window and the socket take; the rest goes by itself when there is room."""
        client, stream = self._client, self._stream
        if client is None or stream is None:
            return
        self._flush_scheduled = True  # so that paho, which asks for it with each packet, does not get another
        try:
            self._fill_window(stream)
            if client.want_write():
                client.loop_write()
            stands = stream.flush()
        finally:
            self._flush_scheduled = False
        if client.socket() is None or not stands:
            self._end("the connection was lost")
        elif stream.wants_write is not self._write_waits:
            self._write_waits = not self._write_waits
            loop = asyncio.get_running_loop()
            if self._write_waits:
                loop.add_writer(stream.fileno(), self.flush)
            else:
                loop.remove_writer(stream.fileno())

    def _fill_window(self, stream: Stream) -> None:
        while self.up and self._queue and len(self._in_flight) < self._window:
            if self._in_flight and (self._alone or self._packets.must_be_alone(self._queue[0])):
                break
            publish = self._queue.popleft()
            headers = publish.headers if self._is_v5 else None
            properties = properties_of(headers) if headers is not None else None
            properties = self._packets.fitting(publish, properties)  # its trace matters less than the message
            too_large = self._packets.refusal(publish, properties)
            if too_large is not None:
                publish.done(PublishTooLarge(publish.topic, str(too_large)))
                continue
            self._alone = self._packets.must_be_alone(publish)
            self._packets.sent()
            self._mid = self._mid % LAST_NUMBER + 1  # one that was given before has been confirmed: see the window
            stream.write(publish_packet(publish, self._mid, packed(properties, v5=self._is_v5)))
            self._in_flight[self._mid] = publish

    def _confirmed(self, mid: int, refusal: str) -> None:
        publish = self._in_flight.pop(mid, None)
        if publish is not None:
            self._packets.confirmed(publish)
            publish.done(PublishRefused(publish.topic, refusal) if refusal else None)

    def _socket_closed(self, sock: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock.fileno())
        loop.remove_writer(sock.fileno())

    # What paho calls.

    def _connected(
        self, client: Client, _data: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._not_accepted(reason)
            return
        self._settled = True
        self._session_present = flags.session_present
        self._window, v5 = WINDOW, self._version == MQTTProtocolVersion.MQTTv5
        self._packets.connected(getattr(properties, "MaximumPacketSize", None) if v5 else None, tells=v5)
        if v5:
            self._window = min(getattr(properties, "ReceiveMaximum", WIDEST_WINDOW), WIDEST_WINDOW)
            client.subscribe([(name, SubscribeOptions(qos=1)) for name in self._subscriptions])
        else:
            client.subscribe([(name, 1) for name in self._subscriptions])

    def _not_accepted(self, reason: ReasonCode) -> None:
        if reason.value == UNSUPPORTED_VERSION and not self._settled:
            self._change_version()
            self._end("the broker does not speak MQTT 5; trying MQTT 3.1.1")
        elif reason.value in REFUSALS and not self._settled:
            who = self._settings.username or "anonymous"
            self._refuse(f"{self._client_id} as {who}: {reason}. Check user, password and ACL.", is_told_why=True)
        else:
            self._end(f"the broker answered: {reason}")

    def _refuse(self, what: str, *, is_told_why: bool = False) -> None:
        """Not let in: for good, once all nodes say so; but one that chooses leaders refuses, and cannot tell why."""
        reason, may_pass = f"{self._nodes.current} refused {what}", not is_told_why and self.version != "5"
        final = self._nodes.note_refusal(asyncio.get_running_loop().time(), may_pass=may_pass)
        self._end(Refused(reason) if final and not self._was_up else reason)

    def _subscribed(self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any) -> None:
        refused = [name for name, reason in zip(self._subscriptions, reasons, strict=False) if reason.is_failure]
        if refused:
            self._refuse(f"{self._client_id} the subscription {refused[0]}. Check the ACL.")
            return
        self.up = self._was_up = True
        broker, session = str(self._nodes.current), self._session_present
        log.info("broker-there", broker=broker, id=self._client_id, mqtt=self.version, session=session)
        self._listener.on_up(session_present=self._session_present)

    def _message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        payload, headers = bytes(message.payload), headers_in(message.properties)
        how = (message.retain, message.qos, message.mid, self._life, headers)
        self._listener.on_message(Delivery(message.topic, payload, *how, again=message.dup))

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        taken_over = f": another client is connected as {self._client_id}" if reason.value == TAKEN_OVER else ""
        self._end(f"disconnected: {reason}{taken_over}")
