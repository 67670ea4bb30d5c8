"""Who has any one password of the compose stack speaks as nobody else: at a real mosquitto with its access list."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.nightly import nightly

from hotline_protocol.events import InputRejected, LineAnnounced, PlanStatus
from hotline_protocol.injection import AnnouncedState, AnnounceLine, SubmitPlan
from hotline_protocol.message import Message
from hotline_protocol.orders import DeskLeft, DeskTaken, LeaveDesk, TakeDesk
from hotline_protocol.service import Health, Presence, Stop
from hotline_protocol.topics import CLOCK, encode
from hotline_services.runtime.actor import DONE
from hotline_services.runtime.broker import find_broker

from .insiders import (
    BLOCKS,
    PATIENCE_S,
    Guarded,
    Insider,
    World,
    forged,
    guarded,
    guarded_nats,
    leave_will,
    letters,
    world,
    writable,
)

pytestmark = pytest.mark.skipif(not find_broker("mosquitto"), reason="mosquitto is not installed")
OTHERS = ("us", "ru", "sky", "director", "monitor", "page", "control", "us-desk", "ru-desk")
REACHED = ("us", "ru", "sky")
REFUSALS = {"not-allowed", "malformed", "bad-value", "missing-field"}
NOT_AUTHORIZED = "Not authorized"
SUCCESS = "Success"
PLANS_AFTER = 50
SPELT = (b'"stop"', b'"st\\u006fp"')
"""As some writers of JSON may spell it: the same word."""
STOPPING = "hotline/v1/order/control/us"


def attack(found: World, name: str) -> None:
    """As this identity, say everything in the name of everybody else, wherever the broker lets it."""
    now = found.start
    with found.insider(name) as insider:
        for to in REACHED:
            for source in OTHERS:
                if source != name:
                    insider.publish_all(letters(name, forged(source, to, found.last(source), now), to))


def recorded(found: World) -> list[tuple[str, str]]:
    """Type and source of everything on record."""
    with closing(sqlite3.connect(f"file:{found.folder}/monitor.sqlite3?mode=ro", uri=True)) as db:
        return db.execute("SELECT type, source FROM messages").fetchall()


async def missing_on_record(found: World) -> list[str]:
    """What us and ru have counted and said by now, and is not on record though much was said after it."""
    genuine = {
        (m.source, m.epoch, m.seq)
        for topic, m in found.said
        if m.source in {"us", "ru"} and m.seq and topic.split("/")[2] in {"line", "status", "event"}
    }
    for _ in range(PLANS_AFTER):
        await found.agree_alone("us")
        with closing(sqlite3.connect(f"file:{found.folder}/monitor.sqlite3?mode=ro", uri=True)) as db:
            genuine -= set(db.execute("SELECT source, epoch, seq FROM messages WHERE seq > 0"))
        if not genuine:
            break
    return sorted(map(str, genuine))


EACH_TIME = ("us", "monitor", "control", "observer")
"""Of each kind of identity one: a party, a service, somebody who gives orders, and somebody who only hears."""


@pytest.mark.parametrize("name", [*EACH_TIME, *nightly(name for name in BLOCKS if name not in EACH_TIME)])
async def test_nobody_speaks_as_another_and_nothing_genuine_is_lost(name: str, tmp_path: Path) -> None:
    await _stands_the_attack(name, tmp_path, guarded)


@pytest.mark.skipif(not find_broker("nats"), reason="nats-server is not installed")
@pytest.mark.parametrize("name", ["us-desk", *nightly(["sky", "control"])])
async def test_nor_does_anybody_where_nats_keeps_the_rights(name: str, tmp_path: Path) -> None:
    await _stands_the_attack(name, tmp_path, guarded_nats)


async def _stands_the_attack(name: str, folder: Path, broker_of: Guarded) -> None:
    async with world(folder, broker_of=broker_of) as found:
        await found.agree("us")
        await asyncio.to_thread(attack, found, name)
        await found.agree("us")
        await found.agree("ru")
        assert (found.lost("ru", "us"), found.lost("us", "ru")) == ([], [])
        rejected = [
            m for _, m in found.said if isinstance(m, InputRejected) and m.problem.code in REFUSALS and m.source != name
        ]
        assert bool(rejected) is bool(writable(name))
        assert not [m for party in ("us", "ru") for m in found.heard_of(DeskTaken, party)]
        announced = [m.state for party in ("us", "ru") for m in found.heard_of(LineAnnounced, party)]
        assert AnnouncedState.SUSPENDED not in announced
        assert not any(task.done() for task in found.tasks.values())
        assert not [m for tap in found.taps.values() for m in tap.heard if m.id.startswith("forged-")]
        assert not await missing_on_record(found)
    assert bool(("input-rejected", "us") in recorded(found)) is any("/us" in where for where in _towards_us(name))


def _towards_us(name: str) -> list[str]:
    """Where this identity reaches us with more than its sign of life."""
    return [where.replace("+", "us") for where in writable(name) if "/status/" not in where and "/event/" not in where]


async def test_what_each_says_in_its_own_name_is_taken(tmp_path: Path) -> None:
    """A plan typed by hand needs no more than its own fields; the others come with the name that the topic has."""
    ways = [
        ("control", "inject/us", ""),
        ("us-desk", "inject/us", ""),
        ("control", "order/control/us", ""),
        ("page", "order/page/us", ""),
        ("us-desk", "order/us-desk/us", ""),
        ("director", "order/director/us", "director"),
        ("control", "inject/us", "lt-smith"),
    ]
    async with world(tmp_path, ("director", "us")) as found:
        for name, topic, source in ways:
            plan = msgspec.structs.replace(found.plan(), lower_ft=30_000, upper_ft=31_000)
            payload = msgspec.json.encode(plan)
            if source:
                payload = encode(
                    SubmitPlan(id=f"own-{plan.plan_id}", source=source, seq=0, time=found.start, to="us", plan=plan)
                )
            with found.insider(name) as insider:
                assert insider.publish(f"hotline/v1/{topic}", payload) == SUCCESS
            await found.until(said(found, PlanStatus, "us", plan_id=plan.plan_id))
        assert not found.heard_of(InputRejected, "us")


def said(found: World, kind: type[Message], source: str, **fields: Any) -> Callable[[], bool]:
    """Whether this source has said such a message, on a topic of its own."""
    return lambda: any(
        all(getattr(m, name) == value for name, value in fields.items()) for m in found.heard_of(kind, source)
    )


async def test_nobody_but_control_and_the_director_stops_a_service(tmp_path: Path) -> None:
    may = ("director", "control")
    async with world(tmp_path, ("director", "us")) as found:
        for name in BLOCKS:
            if name not in {*may, "us"}:
                stop = Stop(id=f"stop-{name}", source=name, seq=0, time=found.start, to="us")
                with found.insider(name) as insider:
                    insider.publish_all(letters(name, [stop], "us"))
                    insider.publish_all([(topic, encode(stop)) for topic in ("hotline/v1/control/us", STOPPING)])
        await found.agree_alone("us")
        assert not found.tasks["us"].done()
        for name in may:
            stop = Stop(id=f"stop-{name}", source=name, seq=0, time=found.start, to="us")
            with found.insider(name) as insider:
                payload = encode(stop).replace(*SPELT) if name == "control" else encode(stop)
                assert insider.publish(f"hotline/v1/order/{name}/us", payload) == SUCCESS
            assert await asyncio.wait_for(found.tasks["us"], PATIENCE_S) == DONE
            found.launch("us")
            await found.until(said(found, Health, "us", presence=Presence.UP))


async def test_an_order_to_stop_that_is_not_whole_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    async with world(tmp_path, ("director", "us")) as found:
        with found.insider("control") as insider:
            assert insider.publish(STOPPING, b'{"type": "stop"}') == SUCCESS
        await found.until(lambda: any(r.problem.code == "missing-field" for r in found.heard_of(InputRejected, "us")))
        assert not found.tasks["us"].done()


async def test_a_desk_is_taken_by_its_own_identity_alone(tmp_path: Path) -> None:
    async with world(tmp_path, ("director", "us")) as found:
        for name in BLOCKS:
            if name not in {"us-desk", "us"}:
                taking = _taking(found, name)
                with found.insider(name) as insider:
                    insider.publish_all(letters(name, [taking], "us"))
        await found.agree_alone("us")
        assert not found.heard_of(DeskTaken, "us")
        with Insider(found.broker.port, "us-desk") as insider:
            taking = _taking(found, "us-desk")
            assert insider.publish("hotline/v1/order/us-desk/us", encode(taking)) == SUCCESS
            await found.until(said(found, DeskTaken, "us"))
            leaving = LeaveDesk(id="leave", source="us-desk", seq=0, time=found.start, to="us", sitting="s-us-desk")
            assert insider.publish("hotline/v1/order/us-desk/us", encode(leaving)) == SUCCESS
            await found.until(said(found, DeskLeft, "us"))


def _taking(found: World, name: str) -> TakeDesk:
    return TakeDesk(
        id=f"take-{name}", source=name, seq=0, time=found.start, to="us", sitting=f"s-{name}", operator=name
    )


async def test_nobody_without_the_right_announces_anything_for_a_side(tmp_path: Path) -> None:
    may = {"director", "control", "us-desk"}
    async with world(tmp_path, ("director", "us")) as found:
        for name in BLOCKS:
            announced = AnnounceLine(
                id=f"a-{name}", source=name, seq=0, time=found.start, to="us", state=AnnouncedState.SUSPENDED
            )
            with found.insider(name) as insider:
                if name in may:
                    assert insider.publish(f"hotline/v1/order/{name}/us", encode(announced)) == SUCCESS
                else:
                    insider.publish_all(letters(name, [announced], "us"))
        await found.agree_alone("us")
        causes = {event.cause for event in found.heard_of(LineAnnounced, "us")}
        assert causes <= {f"a-{name}" for name in may}
        assert causes


async def test_a_retained_plan_is_not_flown_again_when_its_centre_comes_back(tmp_path: Path) -> None:
    async with world(tmp_path, ("director", "monitor", "us")) as found:
        plan = msgspec.structs.replace(found.plan(), lower_ft=30_000, upper_ft=31_000)
        with Insider(found.broker.port, "control") as control:
            for topic in ("hotline/v1/inject/us", "hotline/v1/order/control/us"):
                assert control.publish(topic, msgspec.json.encode(plan), retain=True) == SUCCESS
        await found.until(said(found, PlanStatus, "us", plan_id=plan.plan_id))
        before = len(found.taps["us"].heard)
        for _ in range(2):
            await found.stop("us")
            found.said.clear()
            found.launch("us")
            await found.until(
                lambda: sum(r.problem.code == "retained" for r in found.heard_of(InputRejected, "us")) == 2
            )
        again = [m for m in found.taps["us"].heard[before:] if isinstance(m, SubmitPlan)]
        assert not again
    assert ("input-rejected", "us") in recorded(found)


TOPICS = [
    *(f"{kind}/{name}/{to}" for kind in ("line", "order", "control", "receipt") for name in OTHERS for to in OTHERS),
    *(f"{kind}/{name}" for kind in ("event", "health", "track", "inject", "control") for name in OTHERS),
    *(f"status/{name}/plan-1" for name in OTHERS),
]
OUTSIDE = ["hotline/v2/line/us/ru", "somewhere/else", "hotline/v1/line/us/ru/more", "hotline/v1"]


@pytest.mark.parametrize("name", BLOCKS)
def test_the_broker_lets_each_publish_what_stands_in_the_list_and_nothing_else(name: str, tmp_path: Path) -> None:
    patterns = [where.replace("+", "*") for where in writable(name)]
    where = [*(f"hotline/v1/{topic}" for topic in TOPICS), *OUTSIDE]
    with guarded(tmp_path) as broker, Insider(broker.port, name) as insider:
        answers = insider.publish_all([(topic, b"{}") for topic in where])
    taken = {topic for topic, answer in zip(where, answers, strict=True) if answer != NOT_AUTHORIZED}
    assert taken == {topic for topic in where if any(_matches(topic, pattern) for pattern in patterns)}
    assert bool(taken) is (name not in {"observer", "probe"})


def _matches(topic: str, pattern: str) -> bool:
    levels, wanted = topic.split("/"), pattern.split("/")
    return len(levels) == len(wanted) and all(w in {"*", level} for level, w in zip(levels, wanted, strict=True))


@pytest.mark.parametrize("name", BLOCKS)
def test_each_hears_what_stands_in_the_list_and_nothing_else(name: str, tmp_path: Path) -> None:
    """What is put to a side, or said by its desk, is heard by nobody of the other side."""
    topics = [f"hotline/v1/{topic}" for topic in TOPICS]
    said_by = {topic: writer for topic in topics if (writer := _writer(topic)) is not None}
    with guarded(tmp_path) as broker, Insider(broker.port, name) as listener:
        listener.subscribe("hotline/v1/#")
        for writer in {*said_by.values()}:
            with Insider(broker.port, writer) as speaker:
                speaker.publish_all([(topic, b"{}") for topic in said_by if said_by[topic] == writer])
        with Insider(broker.port, "director") as director:
            director.publish(CLOCK.template, b"{}")
        heard = listener.heard_until(CLOCK.template)
    may = [where for access, where in BLOCKS[name] if access == "read"]
    assert heard == {topic for topic in said_by if any(_reads(topic, where) for where in may)}
    other = {"us": "ru", "ru": "us"}.get(name.removesuffix("-desk"))
    private = {"order", "inject", "control", "receipt", "event"}
    assert not [topic for topic in heard if other and topic.endswith(f"/{other}") and topic.split("/")[2] in private]


def _reads(topic: str, where: str) -> bool:
    return topic.startswith(where[:-1]) if where.endswith("#") else _matches(topic, where.replace("+", "*"))


def _writer(topic: str) -> str | None:
    return next((n for n in BLOCKS if any(_matches(topic, w.replace("+", "*")) for w in writable(n))), None)


@pytest.mark.parametrize("name", BLOCKS)
def test_nobody_leaves_a_will_in_the_name_of_another(name: str, tmp_path: Path) -> None:
    """The broker would speak it for them, when their connection is lost."""
    victim = "ru" if name == "us" else "us"
    with guarded(tmp_path) as broker, Insider(broker.port, "observer") as observer:
        observer.subscribe("hotline/v1/#")
        leave_will(broker.port, name, f"hotline/v1/health/{victim}")
        leave_will(broker.port, "sky", "hotline/v1/health/sky")
        leave_will(broker.port, "director", CLOCK.template)
        assert observer.heard_until(CLOCK.template) == {"hotline/v1/health/sky"}
