"""A centre that uses nothing of Hotline: it answers every call, declines whatever it is asked, and flies nothing.

It is what docs/join.md describes, in few lines, to be written again in any language that has an MQTT client:

    python examples/plain_centre.py mqtt://ru:PASSWORD@127.0.0.1:1883
    HOTLINE_CA=ca.crt HOTLINE_CERT=client.crt HOTLINE_CERT_KEY=client.key \\
        python examples/plain_centre.py mqtts://ru@broker:8884

It speaks as the user whose name stands in the address, and needs paho-mqtt only. Two more arguments are the digest of
its agreement, and how many seconds of silence end a call by that. Being short, it keeps nothing on disk: what it has
acknowledged is lost when it is killed. `hotline conformance` tells what else it does not do.

HOTLINE_KEY and HOTLINE_ROSTER name the files by which it signs and checks: see plain_signatures.py beside it.
"""

import hashlib
import json
import os
import secrets
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

EMPTY = {"length": 0, "hash": "0" * 64}
HEALTH_S = 10.0
RESEND_S = 2.0
TICK_S = 0.1
SILENCE_S = 300.0

# What each message that is said to us must hold beside its envelope.
FIELDS = {
    "ring": "call_id reason tier", "answer": "call_id", "busy": "call_id", "hang-up": "call_id outcome",
    "line-check": "call_id agreement heads", "line-checked": "call_id agreement heads",
    "protest": "call_id kind at seen_at", "advise": "call_id advice", "read-back": "call_id at",
    "affirm": "call_id at", "noted": "call_id", "mail": "about advice", "mail-read": "about",
    "propose": "call_id negotiation_id menu choice offer kind priority round expires_at",
    "counter": "call_id negotiation_id answers choice offer round expires_at",
    "concur": "call_id negotiation_id offer hold_until", "decline": "call_id negotiation_id answers",
    "withdraw": "call_id negotiation_id", "expire": "call_id negotiation_id offer",
    "disclose": "call_id negotiation_id worth walk_away", "confirm": "negotiation_id offer", "entered": "entry",
    "lapsed": "negotiation_id offer", "release": "agreement_id", "reconcile": "agreement heads", "entries": "entries",
    "propose-trace": "call_id review_id trace offer round expires_at",
    "counter-trace": "call_id review_id answers trace offer round expires_at",
    "concur-trace": "call_id review_id offer", "decline-trace": "call_id review_id answers",
    "amend": "review_id offer trace effective_at",
    "submit-plan": "plan", "cancel-plan": "plan_id", "change-plan": "plan_id", "file-message": "text",
    "declare-emergency": "plan_id", "announce-line": "state",
    "report-sighting": "kind by at seen_at", "pass-advice": "peer advice",
}  # fmt: skip

MAY_ORDER = {"control", "director", "page", "sky"}  # and whoever sits at our desk
SPEAK_ELSEWHERE = MAY_ORDER | {"monitor", "observer", "probe"}  # so never on a topic that is open to all

Message = dict[str, Any]


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class PlainCentre:
    """One party. ``publish(topic, text, retain=...)`` is all that it needs to speak."""

    def __init__(
        self,
        party: str,
        publish: Any,
        agreement: str = "",
        silence_s: float = SILENCE_S,
        signatures: Any = None,
    ) -> None:
        self.party = party
        self._signatures = signatures
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self._publish = publish
        self._agreement = agreement
        self._silence = timedelta(seconds=silence_s)
        self._clock: Message | None = None
        self._seen: set[tuple[str, str]] = set()  # by the topic too: nobody can use up the ids of another
        self._waiting: dict[str, tuple[str, str, float]] = {}
        self._call: tuple[str, str] | None = None  # with whom, and its id
        self._heard_at = datetime.now(UTC)
        self._sessions: dict[str, str] = {}
        self._entries: dict[str, list[Message]] = {}  # the same, whole: for a party that has lost its own
        self._seals: dict[tuple[str, int], str] = {}  # by the granter and the number of the entry that it sealed
        self._chains: dict[str, list[str]] = {}  # of each party that has spoken: the hashes of what it has granted us

    def hear(self, topic: str, text: bytes, *, retained: bool = False) -> None:
        """Whatever comes on a topic that it has subscribed to."""
        if retained and not topic.startswith(("hotline/v1/health/", "hotline/v1/clock")):
            self._reject(topic, text, "topic", "is retained: it would come again at each connect")
            return
        fault = self._signatures.fault(topic, text) if self._signatures else ""
        if fault:
            self._reject(topic, text, "signature", fault, "bad-signature")
            return
        try:
            message = json.loads(text)
            kind = message["type"]
            lacks = [name for name in FIELDS.get(kind, "").split() if name not in message]
        except (ValueError, KeyError, TypeError) as error:
            self._reject(topic, text, "message", f"is no message: {error}")
            return
        if kind not in {*FIELDS, "clock", "health", "receipt"} or lacks:
            self._reject(topic, text, lacks[0] if lacks else "type", "is missing" if lacks else "is not known here")
        elif kind != "clock" and not self._may_say(topic, message.get("source", "inject")):
            self._reject(topic, text, "source", "is not who may say this here")
        elif again := self._signatures.replay(message) if self._signatures else "":
            self._reject(topic, text, "seq" if message.get("seq") else "time", again, "replayed")
        elif kind == "clock":
            self._clock = message
            self.say_health()
        elif kind == "health":
            self._hear_health(message)
        elif kind == "receipt":
            for name in message["ids"]:
                if name in self._waiting and self._waiting[name][0].endswith(f"/{message['source']}"):
                    del self._waiting[name]
        else:
            self._take(topic, {"source": "inject", "id": secrets.token_hex(8)} | message)

    def _may_say(self, topic: str, source: Any) -> bool:
        """Whether this source may speak on this topic: a name in a message alone is no more than a claim."""
        _, _, kind, *levels = topic.split("/")
        if kind == "inject":
            known = SPEAK_ELSEWHERE | {self.party} | self._sessions.keys()
            return isinstance(source, str) and source not in known and not source.endswith("-desk")
        if kind == "order" and source not in MAY_ORDER | {f"{self.party}-desk"}:
            return False
        return bool(source == levels[0])

    def _take(self, topic: str, message: Message) -> None:
        self._receipt(message)
        if (topic, message["id"]) in self._seen:
            return
        self._seen.add((topic, message["id"]))
        if topic.startswith(("hotline/v1/inject/", "hotline/v1/order/")):
            if message["type"] == "submit-plan":
                self._refuse(message["plan"])
            return
        self._chains.setdefault(message["source"], [])
        self._entries.setdefault(message["source"], [])
        if "call_id" in message:
            self._hear_on_call(message)
        else:
            self._hear_ledger(message)

    # Signs of life, and what is kept until it has arrived.

    def say_health(self) -> None:
        """Here I am: retained, after each connect and every ten seconds."""
        self._publish(f"hotline/v1/health/{self.party}", self.health("up"), retain=True)

    def health(self, presence: str) -> str:
        """A birth, or the will that the broker keeps for us."""
        return json.dumps(self._envelope("health", counted=False) | {"presence": presence, "session": self.epoch})

    def _hear_health(self, health: Message) -> None:
        """Whoever has spoken to us before and is back is told how far we have come."""
        source = health["source"]
        news = health["presence"] == "up" and self._sessions.get(source) != health["session"]
        if source in self._chains and news:
            self._reconcile(health)
        if news:
            self._sessions[source] = health["session"]

    def say_again(self, older_than_s: float = 0.0) -> None:
        """What has not been confirmed."""
        now = time.monotonic()
        for name, (topic, text, said_at) in list(self._waiting.items()):
            if now - said_at >= older_than_s:
                self._waiting[name] = (topic, text, now)
                self._publish(topic, text, retain=False)

    def fall_silent(self) -> None:
        """Hang up when nothing has been said for as long as agreed."""
        if self._call is not None and self._now() - self._heard_at > self._silence:
            (peer, call_id), self._call = self._call, None
            self._say("hang-up", {"source": peer, "call_id": call_id, "id": None}, outcome="dropped")

    # What is said to us.

    def _hear_on_call(self, heard: Message) -> None:
        call, kind = (heard["source"], heard["call_id"]), heard["type"]
        if kind == "ring":
            if self._call in (None, call):
                self._call, self._heard_at = call, self._now()
            self._say("answer" if self._call == call else "busy", heard)
        elif call == self._call and kind == "hang-up":
            self._call = None
        elif call == self._call:
            self._heard_at = self._now()
            self._answer(heard)
        elif kind not in {"hang-up", "answer", "busy"}:
            self._say("hang-up", heard, outcome="dropped")

    def _answer(self, heard: Message) -> None:
        match heard["type"]:
            case "propose" | "counter":
                self._say("decline", heard, answers=heard["offer"], reason="nothing is granted here")
            case "propose-trace" | "counter-trace":
                self._say("decline-trace", heard, answers=heard["offer"], reason="the line stays where it is")
            case "line-check":
                readings = {"agreement": self._agreement or heard["agreement"], "heads": self._heads(heard["source"])}
                self._say("line-checked", heard, **readings, heard_seq=heard["seq"])
                self._compare(heard)
            case "protest" | "advise":
                self._say("noted", heard)
            case _:
                pass

    def _hear_ledger(self, heard: Message) -> None:
        match heard["type"]:
            case "entered":
                self._copy(heard, [heard["entry"]])
            case "entries":
                self._copy(heard, heard["entries"])
            case "reconcile":
                self._compare(heard)
            case "confirm":
                self._say("lapsed", heard, offer=heard["offer"])
            case "mail":
                self._say("mail-read", heard, about=heard["about"])
            case _:
                pass

    def _heads(self, peer: str) -> Message:
        """How far both chains have come: we grant nothing, and copy theirs."""
        chain = self._chains[peer]
        return {self.party: EMPTY, peer: {"length": len(chain), "hash": chain[-1]} if chain else EMPTY}

    def _compare(self, heard: Message) -> None:
        """Put on record what cannot both be right, and ask for what we lack."""
        peer = heard["source"]
        if self._agreement and heard["agreement"] != self._agreement:
            self._escalate("agreement-mismatch", heard, f"theirs is {heard['agreement']}, ours {self._agreement}")
        theirs = heard["heads"].get(peer, EMPTY)["length"]
        if heard.get("lost"):  # they have lost state: they may lack entries of their own
            lacking = self._entries[peer][theirs : theirs + 200]
            if lacking:
                sealed = [number for number in range(theirs + 1, theirs + 201) if (peer, number) in self._seals]
                last = sealed[-1] if sealed else theirs + len(lacking)
                seal = {"seal": self._seals[peer, last]} if sealed else {}
                self._say("entries", heard, entries=lacking[: last - theirs], **seal)
        if heard.get("lost") or theirs > len(self._chains[peer]):
            self._reconcile(heard)

    def _copy(self, heard: Message, entries: list[Message]) -> None:
        """Take what follows. As we ask for nothing, what is granted is given back."""
        chain = self._chains[heard["source"]]
        for entry in sorted(entries, key=lambda each: int(each["index"])):
            number, name = entry["index"], digest(entry)
            if number > len(chain) + 1:
                self._reconcile(heard)  # there is something in between
                return
            if number == len(chain) + 1 and entry["previous"] == (chain[-1] if chain else EMPTY["hash"]):
                chain.append(name)
                self._entries[heard["source"]].append(entry)
                if entry["kind"] == "granted":
                    self._say("release", heard, agreement_id=entry["agreement_id"])
            elif number > len(chain) or chain[number - 1] != name:
                self._escalate("ledger-mismatch", heard, f"entry {number} does not follow")
        if "seal" in heard and entries and digest(entries[-1]) in chain:
            self._seals[heard["source"], entries[-1]["index"]] = heard["seal"]  # to be given back with the entry
        if len(entries) >= 200:
            self._reconcile(heard)  # there may be more

    def _reconcile(self, heard: Message) -> None:
        agreement = self._agreement or heard.get("agreement") or "0" * 16
        to = {"source": heard["source"], "id": heard["id"]}
        self._say("reconcile", to, agreement=agreement, heads=self._heads(heard["source"]))

    # What we say.

    def _say(self, kind: str, heard: Message, **fields: Any) -> None:
        """One message on the line, kept until the other side has it."""
        carried = {name: heard[name] for name in ("call_id", "negotiation_id", "review_id") if name in heard}
        message = self._envelope(kind, counted=True) | {"to": heard["source"], "cause": heard["id"]} | carried | fields
        topic, text = f"hotline/v1/line/{self.party}/{heard['source']}", json.dumps(message)
        self._waiting[message["id"]] = (topic, text, time.monotonic())
        self._publish(topic, text, retain=False)

    def _receipt(self, heard: Message) -> None:
        message = self._envelope("receipt", counted=False) | {"to": heard["source"], "ids": [heard["id"]]}
        self._publish(f"hotline/v1/receipt/{self.party}/{heard['source']}", json.dumps(message), retain=False)

    def _tell(self, kind_: str, **fields: Any) -> None:
        """An event, to everybody."""
        message = self._envelope(kind_, counted=True) | fields
        self._publish(f"hotline/v1/event/{self.party}", json.dumps(message), retain=False)

    def _reject(self, topic: str, text: bytes, field: str, reason: str, code: str = "malformed") -> None:
        evidence, problem = text[:200].decode(errors="replace"), {"code": code, "field": field, "reason": reason}
        self._tell("input-rejected", topic=topic, problem=problem, evidence=evidence)

    def _escalate(self, kind: str, heard: Message, detail: str) -> None:
        self._tell("escalated", kind=kind, peer=heard["source"], about=heard["id"], tier="duty-officer", detail=detail)

    def _refuse(self, plan: Message) -> None:
        """Nothing is flown here, and whoever has injected the plan is told so."""
        problem = {"code": "not-flown", "field": "plan", "reason": "this centre flies nothing"}
        name = {"plan_id": plan["plan_id"], "callsign": plan.get("callsign", ""), "plan": "0" * 16}
        message = self._envelope("plan-status", counted=True) | name | {"state": "refused", "problem": problem}
        self._publish(f"hotline/v1/status/{self.party}/{plan['plan_id']}", json.dumps(message), retain=False)

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
    url, agreement, silence_s = (*sys.argv[1:4], *("", "", str(SILENCE_S))[len(sys.argv) - 1 :])
    address = urlsplit(url)
    if not address.username:
        sys.exit("plain_centre: the address names no user: write mqtt://ru@127.0.0.1:1883 to speak as ru")
    party = address.username
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"hotline-{party}", clean_session=False)
    signatures = None
    if "HOTLINE_KEY" in os.environ or "HOTLINE_ROSTER" in os.environ:
        from plain_signatures import Signatures

        signatures = Signatures(os.environ.get("HOTLINE_KEY", ""), os.environ.get("HOTLINE_ROSTER", ""))

    def signed(topic: str, text: str) -> str | bytes:
        return signatures.sign(topic, text) if signatures else text

    def publish(topic: str, text: str, *, retain: bool) -> None:
        client.publish(topic, signed(topic, text), qos=1, retain=retain)

    centre = PlainCentre(party, publish, agreement, float(silence_s), signatures)
    client.username_pw_set(party, address.password)
    if address.scheme == "mqtts":
        ca, cert, key = (os.environ.get(name) for name in ("HOTLINE_CA", "HOTLINE_CERT", "HOTLINE_CERT_KEY"))
        client.tls_set(ca, cert, key)
    death = f"hotline/v1/health/{party}"
    client.will_set(death, signed(death, centre.health("down")), qos=1, retain=True)
    wanted = [f"line/+/{party}", f"receipt/+/{party}", f"order/+/{party}", f"inject/{party}", "clock", "health/+"]

    def connected(*_: object) -> None:
        client.subscribe([(f"hotline/v1/{topic}", 1) for topic in wanted])

    def arrived(_client: mqtt.Client, _data: object, heard: mqtt.MQTTMessage) -> None:
        centre.hear(heard.topic, bytes(heard.payload), retained=heard.retain)

    client.on_connect, client.on_message = connected, arrived
    client.connect(address.hostname or "127.0.0.1", address.port or (8883 if address.scheme == "mqtts" else 1883))
    said = time.monotonic()
    while True:
        if client.loop(TICK_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            time.sleep(1)
            with suppress(OSError):
                client.reconnect()
        centre.fall_silent()
        centre.say_again(RESEND_S)
        if time.monotonic() - said > HEALTH_S:
            centre.say_health()
            said = time.monotonic()


if __name__ == "__main__":
    main()
