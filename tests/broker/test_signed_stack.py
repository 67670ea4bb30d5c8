"""The real services, signed, over brokers at which anybody may say anything: an insider changes nothing."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotline_protocol.events import CallEnded, InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import CancelPlan, SubmitPlan
from hotline_protocol.line import Entered, Release
from hotline_protocol.message import Message, canonical_json
from hotline_protocol.service import Clock, Health, Presence, Receipt, Stop
from hotline_protocol.signature import take_off
from hotline_protocol.topics import CLOCK, address_of, decode, signed_topic
from hotline_services.cli.inject import _Errand as Errand
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected, subscribe
from hotline_services.runtime.signing import BAD_SIGNATURE, Verifier

from .keyring import Keyring
from .stack import SERVICES, heads, launched
from .test_stack import Quick

pytestmark = pytest.mark.either_broker
PARTIES = ("us", "ru")
NAMES = {service: service.split()[-1] for service in SERVICES}


def entries(stack: Quick, party: str) -> int:
    """How many entries this side's ledger had when it told of it last."""
    told = heads(stack, party)
    return sum(head.length for head in told.values()) if told else 0


class Signed(Quick):
    """A stack with keys, at whose broker an insider has every right."""

    def __init__(self, broker: EmbeddedBroker, data: Path, *, speed: float = 10) -> None:
        super().__init__(broker, data, speed=speed, delay_s=0)
        self.keys = Keyring(data / "keys", (*NAMES.values(), "control"))
        self.environment = {service: self.keys.environment(name) for service, name in NAMES.items()}
        self._numbers = count()
        self.payloads: list[tuple[str, bytes]] = []

    async def _keep(self, topic: str, payload: bytes) -> None:
        self.payloads.append((topic, payload))
        await super()._keep(topic, payload)

    async def say(self, topic: str, *payloads: bytes, retain: bool = False) -> None:
        async with connected(self.broker.settings) as client:
            for payload in payloads:
                await client.publish(topic, payload, qos=1, retain=retain)

    async def refused(self, topic: str, by: str, times: int, code: str = BAD_SIGNATURE) -> None:
        """Until this service has told so often that it refused something on this topic."""
        told: set[str] = set()

        def tells(message: Message) -> bool:
            if isinstance(message, InputRejected) and (message.source, message.topic) == (by, topic):
                assert message.problem.code == code
                told.add(message.id)
            return len(told) >= times

        await self.hear(tells)

    def last(self, topic: str) -> tuple[str, bytes]:
        """What was last said there."""
        return next(each for each in reversed(self.payloads) if each[0] == topic)

    def lose(self, party: str) -> None:
        """Its journal."""
        for file in self.data.glob(f"{party}.sqlite3*"):
            file.unlink()

    async def agree(self, plan_id: str) -> PlanStatus:
        """File this plan, by hand, until it is settled and both sides' books hold it and say the same."""
        before = max(entries(self, party) for party in PARTIES)
        start = self.start + timedelta(hours=3 + 2 * next(self._numbers))  # no two at once
        await self.inject(canonical_json(self.plan(plan_id, start=start, end=start + timedelta(hours=1))))
        status = await self.settled(plan_id)
        await self.until(lambda: self.agrees(before))
        return status

    def agrees(self, before: int) -> bool:
        """Whether both sides tell of one ledger, which has more entries than ``before``."""
        return entries(self, "us") > before and heads(self, "us") == heads(self, "ru")


@contextlib.asynccontextmanager
async def signed(broker: EmbeddedBroker, data: Path, *, speed: float = 10) -> AsyncIterator[Signed]:
    stack = Signed(broker, data, speed=speed)
    async with launched(stack):
        yield stack


async def test_a_signed_stack_agrees_and_all_that_it_says_on_signed_topics_is_signed(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with signed(own_broker, tmp_path) as stack:
        assert (await stack.agree("near")).state is PlanState.ACCEPTED
        await stack.hear(lambda m: isinstance(m, CallEnded))
        await stack.hear(lambda m: isinstance(m, Receipt))
        await stack.whole()
    assert not [message for message in stack.said if isinstance(message, InputRejected)]
    kinds = set()
    for topic, payload in stack.payloads:
        if payload and signed_topic(topic) is not None:
            kinds.add(topic.split("/")[2])
            take_off(payload)
    assert kinds >= {"line", "status", "event", "health", "clock", "receipt"}


def forged(stack: Signed) -> list[tuple[Message, str]]:
    """What an insider would say as another, with the next number where there is one, and who is to refuse it."""
    agreed = next(m for m in stack.said if isinstance(m, Entered))
    status = next(m for m in stack.said if isinstance(m, PlanStatus))
    clock = next(m for m in stack.said if isinstance(m, Clock))
    birth = next(m for m in stack.said if isinstance(m, Health) and m.source == "ru")
    now, asker = agreed.time, agreed.to
    number = max(m.seq for m in stack.said if m.source == asker and m.epoch == status.epoch) + 1
    envelope: dict[str, Any] = {
        "id": f"{asker}-{status.epoch}-{number}",
        "source": asker,
        "seq": number,
        "epoch": status.epoch,
    }
    later = clock.simulated_start.replace(year=2150)
    return [
        (Release(**envelope, time=now, to=agreed.source, agreement_id=agreed.entry.agreement_id), agreed.source),
        (msgspec.structs.replace(status, **envelope, state=PlanState.ENDED), "monitor"),
        (msgspec.structs.replace(clock, id="far", simulated_start=later), "us"),
        (msgspec.structs.replace(clock, id="fast", speed=1_000.0), "monitor"),
        (msgspec.structs.replace(birth, id="dead", presence=Presence.DOWN), "us"),
        (SubmitPlan(id="order", source="director", seq=0, time=now, to="us", plan=stack.plan("forged")), "us"),
        (Stop(id="stop", source="director", seq=0, time=now, to="us"), "us"),
        (Receipt(id="got", source="ru", seq=0, time=now, to="us", ids=("us-x-1",)), "us"),
    ]


async def test_what_an_insider_forges_is_refused_on_record_and_nothing_is_lost(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """Of each kind: unsigned, signed with an own key, and signed with the key of another service."""
    async with signed(own_broker, tmp_path) as stack:
        assert (await stack.agree("before")).state is PlanState.ACCEPTED
        for message, by in forged(stack):
            other = "monitor" if message.source != "monitor" else "us"
            forgeries = stack.keys.forgeries(message, other)
            await stack.say(address_of(message), *forgeries, retain=isinstance(message, Clock))
            await stack.refused(address_of(message), by, 3)
        assert (await stack.agree("after")).state is PlanState.ACCEPTED
        await stack.whole()
        verifier = Verifier(stack.keys.roster)
        await stack.until(lambda: verifier.problem(*stack.last(CLOCK.template)) is None)
    assert all(m.time.year < 2150 for m in stack.said)
    with closing(sqlite3.connect(f"file:{tmp_path / 'monitor.sqlite3'}?mode=ro", uri=True)) as db:
        (states,) = db.execute('SELECT count(*) FROM messages WHERE message LIKE \'%"state":"ended"%\'').fetchone()
    assert states == 0


async def test_what_was_said_in_an_earlier_epoch_changes_nothing_when_it_is_said_again(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """One side has lost its journal; somebody has recorded all that was said, with its signatures."""
    async with signed(own_broker, tmp_path) as stack:
        assert (await stack.agree("before")).state is PlanState.ACCEPTED
        recorded = [(topic, payload) for topic, payload in stack.payloads if signed_topic(topic) and payload]
        stack.kill("aoc us")
        stack.lose("us")
        since = len(stack.said)
        stack.launch("aoc us")
        await stack.up("us", since=since)
        assert (await stack.agree("after")).state is PlanState.ACCEPTED
        granted = entries(stack, "us")
        async with connected(own_broker.settings) as client:
            for topic, payload in recorded:
                await client.publish(topic, payload, qos=1)
        since = len(stack.said)
        assert (await stack.agree("last")).state is PlanState.ACCEPTED
        await stack.whole()
        assert entries(stack, "us") == granted + 1


async def test_kills_and_a_broker_that_was_away_are_taken_for_nobodys_forgery(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """The broker hands over wills and older signs of life that it has kept; what is said again is a repetition."""
    async with signed(own_broker, tmp_path) as stack:
        assert (await stack.agree("first")).state is PlanState.ACCEPTED
        for number in range(2):
            since = len(stack.said)
            stack.kill("aoc us")
            await stack.hear(
                lambda m: isinstance(m, Health) and m.source == "us" and m.presence is Presence.DOWN, since=since
            )
            stack.launch("aoc us")
            await stack.up("us", since=since)
            own_broker.kill()
            own_broker.start()
            since = len(stack.said)
            await stack.up("us", "ru", since=since)
            assert (await stack.agree(f"again-{number}")).state is PlanState.ACCEPTED
        await stack.whole()
    refused = [m for m in stack.said if isinstance(m, InputRejected)]
    assert [(m.source, m.topic, m.problem) for m in refused] == []


async def test_what_a_tool_orders_is_signed_and_nobody_gives_the_order_again(
    own_broker: EmbeddedBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan is handed in and withdrawn; somebody hands it in again, as it was signed."""
    async with signed(own_broker, tmp_path) as stack:
        settings = stack.keys.settings(own_broker.settings, "control")
        plan = canonical_json(stack.plan("ordered"))
        errand = Errand([("plan", plan)], "us", wait=True, json=False, timeout_s=60, force=False)
        assert await errand.run(settings) == 0
        topic = "hotline/v1/order/control/us"
        (order,) = (payload for name, payload in stack.payloads if name == topic)
        take_off(order)
        cancel = CancelPlan(id="cancel", source="control", seq=0, time=stack.start, to="us", plan_id="ordered")
        await stack.say(topic, settings.signing.encode(topic, cancel))
        await stack.hear(lambda m: isinstance(m, PlanStatus) and m.state is PlanState.WITHDRAWN)
        since = len(stack.said)
        await stack.say(topic, order)
        assert (await stack.agree("after")).state is PlanState.ACCEPTED
        assert not [m for m in stack.said[since:] if isinstance(m, PlanStatus) and m.plan_id == "ordered"]
    assert "ordered" in capsys.readouterr().out


async def test_a_tool_with_a_roster_believes_no_forged_clock(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys", ("director", "observer"))
    now = datetime.now(UTC)
    clock = Clock(id="c", source="director", seq=0, time=now, simulated_start=now, real_start=now, speed=1.0)
    forged = msgspec.structs.replace(clock, id="f", speed=100.0)
    settings = msgspec.structs.replace(keys.settings(own_broker.settings, "observer"), username=None)
    async with connected(settings) as tool, connected(own_broker.settings) as insider:
        await subscribe(tool, CLOCK.template)
        for payload in (*keys.forgeries(forged, "observer"), keys.signers["director"].encode(CLOCK.template, clock)):
            await insider.publish(CLOCK.template, payload, qos=1)
        heard = await anext(tool.messages)
    assert decode(CLOCK.template, bytes(heard.payload)) == clock
