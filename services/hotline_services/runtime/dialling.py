"""Making one paho client for one broker, and the blocking part of its connecting."""

from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .stream import wrap_sockets_of
from .tls import context_of
from .wire import GUEST_S, BrokerSettings, Will

CONNECT_TIMEOUT_S: Final = 5.0


def new_client(node: BrokerSettings, client_id: str, version: MQTTProtocolVersion, will: Will | None) -> Client:
    """A client for this one broker, without callbacks and not connected."""
    v5 = version == MQTTProtocolVersion.MQTTv5
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else node.forgets or node.session_s <= GUEST_S,
        protocol=version,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    client.max_inflight_messages_set(0)  # no limit: the connection keeps the window
    if will is not None:
        client.will_set(will.topic, will.payload, 1, retain=True)
    if node.username is not None:
        client.username_pw_set(node.username, node.password)
    return client


def dial(client: Client, node: BrokerSettings, version: MQTTProtocolVersion) -> None:
    """Connect and send CONNECT. Blocking: runs in a thread of its own, with no hooks set, so that paho writes.

    Raises OSError, or TlsError for files of TLS that cannot be used.
    """
    wrap_sockets_of(client, context_of(node))
    if version == MQTTProtocolVersion.MQTTv5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = node.session_s
        client.connect(node.host, node.port, node.keepalive_s, clean_start=node.forgets, properties=properties)
    else:
        client.connect(node.host, node.port, node.keepalive_s)
