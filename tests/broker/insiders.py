"""A whole stack in this process, at a mosquitto with the access list of the compose stack; and somebody who is let in
under one of its identities and says whatever that lets them, in everybody's name."""

import asyncio
import contextlib
import queue
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.core import Core
from hotline_protocol.events import LineMoved, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import AnnouncedState, AnnounceLine, CancelPlan, ChangePlan, FileMessage
from hotline_protocol.line import HangUp, Ring
from hotline_protocol.message import Message
from hotline_protocol.orders import LeaveDesk, TakeDesk
from hotline_protocol.service import Clock, Health, Presence, Receipt, Resend, Stop
from hotline_protocol.topics import EVERYTHING, MalformedMessageError, decode, encode
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.actor import LiveActor
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected, subscribe
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.service import Service
from hotline_services.runtime.wire import BrokerSettings
from hotline_services.world import centre_service, director_service, sky_service

ACL = Path(__file__).parents[2] / "compose/acl"
HEARS_ALL = ("read", "hotline/v1/#")
BLOCKS: dict[str, list[tuple[str, str]]] = {
    block.partition("\n")[0]: re.findall(r"^topic (read|write) (.*)$", block, re.MULTILINE)
    for block in re.split(r"^user ", ACL.read_text(), flags=re.MULTILINE)[1:]
}
"""What stands in the access list, by identity."""
PEOPLE = next(name for name, rights in BLOCKS.items() if {("write", "hotline/v1/inject/+"), HEARS_ALL} <= set(rights))
"""Whoever may type plans by hand, and hears everything."""
SERVICES = ("director", "monitor", "us", "ru", "sky")  # the monitor is to hear all that centres say
PATIENCE_S = 240.0
SPEED = 10.0
NUMBERS = 30
"""So many of a source's next numbers are used up in its name."""
SCENARIO = """
name = "quick"
title = "Officers who are quick"
start = {start}
agreement = "valley"
speed = 10
[sky]
[parties.us]
officer = {{ answer_s = 0, think_s = 0 }}
[parties.ru]
officer = {{ answer_s = 0, think_s = 0 }}
"""


def writable(name: str) -> list[str]:
    """The topic filters on which this identity may publish."""
    return [where for access, where in BLOCKS[name] if access == "write"]


class Tap:
    """A core, and everything that it has been given."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.heard: list[Message] = []

    @property
    def next_deadline(self) -> datetime | None:
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        self.heard.append(message)
        return self._core.receive(message, now)

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self._core.lapse(now)


class World:
    """The services, and what an observer hears of them."""

    def __init__(self, broker: EmbeddedBroker, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.start = datetime.now(UTC).replace(microsecond=0)
        path = folder / "quick.toml"
        path.write_text(SCENARIO.format(start=self.start.isoformat()))
        self.scenario = read_scenario(str(path))
        self.taps: dict[str, Tap] = {}
        self.actors: dict[str, LiveActor] = {}
        self.tasks: dict[str, asyncio.Task[int]] = {}
        self.said: list[tuple[str, Message]] = []
        self._news = asyncio.Condition()
        self._plans = 0
        self._monitor: subprocess.Popen[bytes] | None = None

    def insider(self, name: str) -> "Insider":
        """Somebody with the password of this identity, in the version that the broker speaks."""
        is_nats = self.broker.kind == "nats"
        return Insider(
            self.broker.port, name, version=MQTTProtocolVersion.MQTTv311 if is_nats else MQTTProtocolVersion.MQTTv5
        )

    def settings(self, name: str) -> BrokerSettings:
        return BrokerSettings(port=self.broker.port, username=name, password=name)

    def launch(self, name: str) -> None:
        if name == "monitor":
            self._monitor = self._launched_monitor()
            return
        store = Journal(self.folder / f"{name}.sqlite3", name)
        service = self._service(name)
        make = service.core

        def core(epoch: str) -> Core:
            self.taps[name] = Tap(make(epoch))
            return self.taps[name]

        actor = LiveActor(msgspec.structs.replace(service, core=core), store, self.settings(name))
        self.actors[name], self.tasks[name] = actor, asyncio.create_task(actor.run())

    def _launched_monitor(self) -> "subprocess.Popen[bytes]":
        """In a process of its own, as anybody would start it."""
        broker = f"mqtt://monitor:monitor@127.0.0.1:{self.broker.port}"
        options = ["--scenario", str(self.folder / "quick.toml"), "--broker", broker, "--data", str(self.folder)]
        command = [sys.executable, "-m", "hotline_services.cli.main", "run", "monitor", *options]
        with (self.folder / "monitor.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _service(self, name: str) -> Service:
        match name:
            case "sky":
                return sky_service(self.scenario, 1, SPEED)
            case "director":
                return director_service(self.scenario, 1, None, speed=SPEED, real_start=self.start)
            case party:
                return centre_service(self.scenario, party, 1)

    async def stop(self, name: str) -> None:
        if name == "monitor" and self._monitor is not None:
            self._monitor.terminate()
            assert await asyncio.to_thread(self._monitor.wait, PATIENCE_S) == 0
            return
        self.actors[name].stop()
        async with asyncio.timeout(PATIENCE_S):
            await self.tasks[name]

    def kill_monitor(self) -> None:
        if self._monitor is not None:
            self._monitor.kill()
            self._monitor.wait()

    async def listen(self) -> None:
        """Hear everything, as somebody who may."""
        async with connected(self.settings(PEOPLE)) as client:
            await subscribe(client, EVERYTHING)
            async for heard in client.messages:
                with contextlib.suppress(MalformedMessageError):
                    message = decode(str(heard.topic), bytes(heard.payload))
                    async with self._news:
                        self.said.append((str(heard.topic), message))
                        self._news.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until what the observer hears makes this true."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(true)

    async def up(self, name: str) -> None:
        await self.until(
            lambda: any(isinstance(m, Health) and m.source == name and m.presence is Presence.UP for _, m in self.said)
        )

    def heard_of(self, kind: type[Message], source: str) -> list[Any]:
        """What this source has said of this kind, on a topic that is its own."""
        return [m for topic, m in self.said if isinstance(m, kind) and m.source == source and f"/{source}" in topic]

    def last(self, source: str) -> tuple[int, str]:
        """The greatest number of this source that has been heard, and its epoch."""
        counted = [m for topic, m in self.said if m.source == source and m.seq and f"/{source}" in topic]
        return max(((m.seq, m.epoch) for m in counted), default=(0, "e1"))

    def plan(self) -> FlightPlan:
        """One that the other side has to be asked about, beside those before it."""
        self._plans += 1
        begins = self.start + timedelta(hours=2 + 2 * self._plans)
        return FlightPlan(
            plan_id=f"genuine-{self._plans}",
            callsign="EXER1",
            area=Circle(centre=Position(39.42, 35.67), radius_nm=6),
            lower_ft=18_000,
            upper_ft=20_000,
            start=begins,
            end=begins + timedelta(hours=1),
        )

    async def agree(self, to: str) -> FlightPlan:
        """Have this side ask the other for air, and wait until it has it."""
        plan = self.plan()
        with self.insider(PEOPLE) as people:
            assert people.publish(f"hotline/v1/inject/{to}", msgspec.json.encode(plan)) == "Success"

        def is_decided() -> bool:
            states = [m.state for m in self.heard_of(PlanStatus, to) if m.plan_id == plan.plan_id]
            return PlanState.ACCEPTED in states or PlanState.REFUSED in states

        await self.until(is_decided)
        return plan

    async def agree_alone(self, to: str) -> None:
        """Have this side file a plan that concerns nobody else; everything that came before has been taken in then."""
        plan = msgspec.structs.replace(self.plan(), lower_ft=30_000, upper_ft=31_000)
        with self.insider(PEOPLE) as people:
            people.publish(f"hotline/v1/inject/{to}", msgspec.json.encode(plan))
        await self.until(lambda: any(m.plan_id == plan.plan_id for m in self.heard_of(PlanStatus, to)))

    def lost(self, sender: str, receiver: str) -> list[str]:
        """Messages of one to the other that the receiver has acknowledged and was never given."""
        prefix = f"hotline/v1/line/{sender}/{receiver}"
        receipted = {name for r in self.heard_of(Receipt, receiver) if r.to == sender for name in r.ids}
        said = {m.id for topic, m in self.said if topic == prefix}
        given = {m.id for m in self.taps[receiver].heard if m.source == sender}
        return sorted((said & receipted) - given)


@contextlib.contextmanager
def guarded_nats(folder: Path) -> Iterator[EmbeddedBroker]:
    """A NATS server with the rights of the same list, as permissions of its own."""
    from hotline_services.runtime.users import User  # here, since mosquitto needs nothing of it

    users = {
        name: User(name, writable(name), [where for access, where in rights if access == "read"])
        for name, rights in BLOCKS.items()
    }
    with EmbeddedBroker("nats", folder / "broker", users=users) as broker:
        yield broker


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[EmbeddedBroker]:
    """A mosquitto with the compose stack's own access list; each password is the user's name."""
    passwords = folder / "passwords"
    passwords.write_text("".join(f"{name}:{name}\n" for name in BLOCKS))
    passwords.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
    extra = f"allow_anonymous false\npassword_file {passwords}\nacl_file {ACL}\n"
    with EmbeddedBroker("mosquitto", folder / "broker", extra=extra) as broker:
        yield broker


Guarded = Callable[[Path], contextlib.AbstractContextManager[EmbeddedBroker]]


@contextlib.asynccontextmanager
async def world(folder: Path, services: Sequence[str] = SERVICES, broker_of: Guarded = guarded) -> AsyncIterator[World]:
    """All services, up; in the end they are stopped, and none of them has ended before."""
    with broker_of(folder) as broker:
        found = World(broker, folder)
        listening = asyncio.create_task(found.listen())
        try:
            for name in services:
                found.launch(name)
                await found.up(name)
            yield found
            for name in reversed(services):
                await found.stop(name)
        finally:
            listening.cancel()
            found.kill_monitor()
            for task in found.tasks.values():
                task.cancel()
            await asyncio.gather(listening, *found.tasks.values(), return_exceptions=True)


class Insider:
    """Somebody with one password of the stack. What the broker answers is returned as text."""

    def __init__(self, port: int, name: str, *, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> None:
        self._port = port
        self._answers: dict[int, str] = {}
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version)
        self._client.username_pw_set(name, name)
        self._client.on_publish = lambda _c, _u, mid, code, _p: self._answers.update({mid: str(code)})
        self._client.on_message = lambda _c, _u, heard: self._heard.put(heard.topic)
        self._client.on_subscribe = lambda _c, _u, _m, _codes, _p: self._subscribed.set()
        self._client.max_queued_messages_set(0)
        self._heard: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> "Insider":
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> str:
        """The broker's answer."""
        return self.publish_all([(topic, payload)], retain=retain)[0]

    def publish_all(self, letters: Sequence[tuple[str, bytes]], *, retain: bool = False) -> list[str]:
        """The broker's answers, once all are there."""
        sent = [self._client.publish(topic, payload, qos=1, retain=retain) for topic, payload in letters]
        for info in sent:
            info.wait_for_publish(PATIENCE_S)
        return [self._answers[info.mid] for info in sent]

    def subscribe(self, pattern: str) -> None:
        """Listen there; the broker has answered when this is over."""
        self._client.subscribe(pattern, qos=1)
        assert self._subscribed.wait(PATIENCE_S)

    def heard_until(self, last: str) -> set[str]:
        """The topics of all that has come before this one."""
        return set(iter(partial(self._heard.get, timeout=PATIENCE_S), last))


def forged(source: str, to: str, last: tuple[int, str], now: datetime) -> list[Message]:
    """What might do harm if it were believed to be from this source: in its next numbers, and in another epoch."""
    seq, epoch = last
    counted = [
        CancelPlan(id=f"forged-{number}", source=source, seq=number, epoch=epoch, time=now, to=to, plan_id="none")
        for number in range(seq + 1, seq + 1 + NUMBERS)
    ]
    by_id = [msgspec.structs.replace(m, id=f"{source}-{epoch}-{m.seq}", seq=0) for m in counted[:3]]
    say = partial(_say, source, seq + 1, epoch, now)
    far = now.replace(year=2150)
    others = [
        say(Stop, to=to),
        say(ChangePlan, to=to, plan_id="none", shift_min=5),
        say(FileMessage, to=to, text="(ARR-NONE1-OSDZ-OSLK1525)"),
        say(TakeDesk, to=to, sitting="forged", operator="Forger"),
        say(LeaveDesk, to=to, sitting="forged"),
        say(AnnounceLine, to=to, state=AnnouncedState.SUSPENDED),
        say(Ring, to=to, call_id="forged", reason="routine", tier="duty-officer"),
        say(HangUp, to=to, call_id="forged", outcome="completed"),
        say(Receipt, to=to, ids=tuple(f"{to}-{epoch}-{n}" for n in range(1, 100))),
        say(Resend, to=to, wanted_epoch=epoch, first_seq=1, last_seq=2),
        say(LineMoved, review_id="forged", agreement="0" * 16, trace=()),
        say(Health, presence=Presence.DOWN, session="forged"),
        say(Clock, simulated_start=far, real_start=now, speed=1.0),
    ]
    renewed = [msgspec.structs.replace(message, epoch="zz", seq=1) for message in others]
    return [*counted, *by_id, *others, *renewed]


def _say(source: str, seq: int, epoch: str, now: datetime, kind: type[Message], /, **fields: Any) -> Message:
    envelope: dict[str, Any] = {"source": source, "seq": seq, "epoch": epoch, "time": now}
    return kind(id=f"forged-{kind.__struct_config__.tag}", **envelope, **fields)


def letters(name: str, claims: Sequence[Message], to: str) -> list[tuple[str, bytes]]:
    """Each of these messages on each topic on which this identity may publish towards ``to``."""
    where = [topic.replace("+", to) for topic in writable(name)]
    return [(topic, encode(message)) for topic in where for message in claims]


def leave_will(port: int, name: str, topic: str) -> None:
    """Connect as this identity with a will on this topic, and be taken over, upon which the broker speaks the will."""
    clients = []
    for will in (topic, None):
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"hotline-{name}", protocol=mqtt.MQTTv5)
        client.username_pw_set(name, name)
        welcomed = threading.Event()
        client.on_connect = lambda _c, _u, _f, _code, _p, welcomed=welcomed: welcomed.set()
        if will is not None:
            client.will_set(will, b"{}", 1, retain=True)
        client.reconnect_delay_set(600, 600)
        client.connect("127.0.0.1", port)
        client.loop_start()
        clients.append(client)
        assert welcomed.wait(PATIENCE_S)
    for client in clients:
        client.disconnect()
        client.loop_stop()
