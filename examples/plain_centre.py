"""A centre that uses nothing of Hotline: it answers every call, and declines whatever it is asked.

It is what docs/join.md describes, in the fewest lines, to be written again in any language that has an MQTT client:

    python examples/plain_centre.py mqtt://ru:exercise-ru@127.0.0.1:1883

It speaks as the user whose name stands in the address, and needs paho-mqtt only. Being the fewest lines, it keeps
nothing on disk: what it has acknowledged is lost when it is killed.
"""

import json
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

EMPTY = {"length": 0, "hash": "0" * 64}
HEALTH_S = 10.0
RESEND_S = 2.0

Message = dict[str, Any]


class PlainCentre:
    """One party. ``publish(topic, text, retain=...)`` is all that it needs to speak."""

    def __init__(self, party: str, publish: Any) -> None:
        self.party = party
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self._publish = publish
        self._clock: Message | None = None
        self._seen: set[str] = set()
        self._waiting: dict[str, tuple[str, str]] = {}

    def hear(self, topic: str, text: bytes) -> None:
        """Whatever comes on a topic that it has subscribed to."""
        message = json.loads(text)
        if message["type"] == "clock":
            self._clock = message
            self.say_health()
        elif message["type"] == "receipt":
            for name in message["ids"]:
                self._waiting.pop(name, None)
        elif topic.startswith("hotline/v1/line/"):
            self._receipt(message)
            if message["id"] not in self._seen:
                self._seen.add(message["id"])
                self._answer(message)

    def say_health(self) -> None:
        """Here I am: retained, after each connect and every ten seconds."""
        self._publish(f"hotline/v1/health/{self.party}", self.health("up"), retain=True)

    def health(self, presence: str) -> str:
        """A birth, or the will that the broker keeps for us."""
        return json.dumps(self._envelope("health", counted=False) | {"presence": presence, "session": self.epoch})

    def say_again(self) -> None:
        """What has not been confirmed."""
        for topic, text in list(self._waiting.values()):
            self._publish(topic, text, retain=False)

    def _answer(self, heard: Message) -> None:
        match heard["type"]:
            case "ring":
                self._say("answer", heard)
            case "propose" | "counter":
                self._say("decline", heard, answers=heard["offer"], reason="nothing is granted here")
            case "line-check":
                # what the other side says of the agreement and the ledger is as good as anything we know
                self._say("line-checked", heard, agreement=heard["agreement"], heads={}, heard_seq=heard["seq"])
            case "protest" | "advise":
                self._say("noted", heard)

    def _say(self, kind: str, heard: Message, **fields: Any) -> None:
        """One message on the line, kept until the other side has it."""
        carried = {name: heard[name] for name in ("call_id", "negotiation_id") if name in heard}
        message = self._envelope(kind, counted=True) | {"to": heard["source"], "cause": heard["id"]} | carried | fields
        topic = f"hotline/v1/line/{self.party}/{heard['source']}"
        self._waiting[message["id"]] = (topic, json.dumps(message))
        self._publish(*self._waiting[message["id"]], retain=False)

    def _receipt(self, heard: Message) -> None:
        message = self._envelope("receipt", counted=False) | {"to": heard["source"], "ids": [heard["id"]]}
        self._publish(f"hotline/v1/receipt/{self.party}/{heard['source']}", json.dumps(message), retain=False)

    def _envelope(self, kind: str, *, counted: bool) -> Message:
        if counted:
            self.seq += 1
        name = f"{self.epoch}-{self.seq}" if counted else secrets.token_hex(8)
        return {
            "type": kind,
            "id": f"{self.party}-{name}",
            "source": self.party,
            "seq": self.seq if counted else 0,
            "epoch": self.epoch,
            "time": self._now().isoformat(),
        }

    def _now(self) -> datetime:
        """Simulated time, from the retained clock."""
        now = datetime.now(UTC)
        if self._clock is None:
            return now
        real, simulated = (datetime.fromisoformat(self._clock[name]) for name in ("real_start", "simulated_start"))
        return simulated + timedelta(seconds=(now - real).total_seconds() * self._clock["speed"])


def main() -> None:
    """Connect, subscribe, and stay."""
    address = urlsplit(sys.argv[1])
    party = str(address.username)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"hotline-{party}", clean_session=False)
    centre = PlainCentre(party, partial(client.publish, qos=1))
    client.username_pw_set(party, address.password)
    client.will_set(f"hotline/v1/health/{party}", centre.health("down"), qos=1, retain=True)
    wanted = [f"hotline/v1/line/+/{party}", f"hotline/v1/receipt/+/{party}", "hotline/v1/clock"]
    client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in wanted])
    client.on_message = lambda _client, _data, message: centre.hear(message.topic, message.payload)
    client.connect(address.hostname or "127.0.0.1", address.port or 1883)
    client.loop_start()
    said = time.monotonic()
    while True:
        time.sleep(RESEND_S)
        centre.say_again()
        if time.monotonic() - said > HEALTH_S:
            centre.say_health()
            said = time.monotonic()


if __name__ == "__main__":
    main()
