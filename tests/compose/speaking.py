"""A plain MQTT 5 client that says what the broker answered."""

from __future__ import annotations

import queue
import socket
import ssl
from collections.abc import Iterator
from types import TracebackType

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

WAIT_S = 60.0
CONNECT = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00"
"""As any client of MQTT 5 begins: with a clean start, and no client id."""


def is_shut_out(host: str, port: int, tls: ssl.SSLContext) -> bool:
    """Whether the broker ends this TLS connection instead of answering what is said on it."""
    with socket.create_connection((host, port), timeout=WAIT_S) as plain:
        try:
            with tls.wrap_socket(plain, server_hostname=host) as secured:
                secured.sendall(CONNECT)
                return secured.recv(1) == b""
        except TimeoutError:
            raise
        except OSError:
            return True


class Speaker:
    """One identity at the broker. Every wait is bounded; ``queue.Empty`` means that nothing came."""

    def __init__(
        self,
        port: int,
        user: str | None = None,
        password: str | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        client_id: str = "",
    ) -> None:
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self._heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        self.name = user or ""
        self.lost: queue.Queue[ReasonCode] = queue.Queue()
        self._client.on_disconnect = lambda _c, _u, _f, code, _p: self.lost.put(code)
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.put(code)
        self._client.on_publish = lambda _c, _u, _m, code, _p: self._answers.put(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.put(codes[0])
        self._client.on_message = lambda _c, _u, message: self._heard.put((message.topic, bytes(message.payload)))
        self._client.connect(host, port)
        self._client.loop_start()
        self.welcome = self._answers.get(timeout=WAIT_S)

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> ReasonCode:
        """The broker's answer to this message at QoS 1; ``queue.Empty`` when it hangs up instead."""
        self._client.publish(topic, payload, qos=1, retain=retain)
        return self._answers.get(timeout=WAIT_S)

    def subscribe(self, pattern: str) -> ReasonCode:
        """The broker's answer to this subscription."""
        self._client.subscribe(pattern, qos=1)
        return self._answers.get(timeout=WAIT_S)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Message after message, until none comes for a while."""
        while True:
            yield self.hear()

    def hear(self, timeout: float = WAIT_S) -> tuple[str, bytes]:
        """The next message: its topic and payload."""
        return self._heard.get(timeout=timeout)
