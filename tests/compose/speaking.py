"""A plain MQTT 5 client that says what the broker answered."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from types import TracebackType

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

WAIT_S = 10.0


class Speaker:
    """One identity at the broker. Every wait is bounded; ``queue.Empty`` means that nothing came."""

    def __init__(self, port: int, user: str | None = None, password: str | None = None) -> None:
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self._heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, password)
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.put(code)
        self._client.on_publish = lambda _c, _u, _m, code, _p: self._answers.put(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.put(codes[0])
        self._client.on_message = lambda _c, _u, message: self._heard.put((message.topic, message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.welcome = self._answers.get(timeout=WAIT_S)

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes = b"{}") -> ReasonCode:
        """The broker's answer to this message at QoS 1."""
        self._client.publish(topic, payload, qos=1)
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
