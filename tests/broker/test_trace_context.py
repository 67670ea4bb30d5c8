"""One plan is one trace: on the wire of a broker that speaks MQTT 5, and in the logs over any broker."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Entered
from hotline_protocol.message import Message
from hotline_protocol.topics import EVERYTHING, address_of, decode, encode
from hotline_services.delivery.tracing import Headers, span_id_of
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.properties import headers_in

from .conftest import need
from .stack import PATIENCE_S
from .test_stack import Quick, playing

TOLD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def broker_of_mqtt_5(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker") as running:
        yield running


class Overheard:
    """What a plain MQTT 5 client hears: each message with its properties."""

    def __init__(self) -> None:
        self.traced: dict[str, tuple[Message, Headers]] = {}
        self._entered = asyncio.Event()

    async def listen(self, client: aiomqtt.Client) -> None:
        async for heard in client.messages:
            if heard.retain:
                continue  # kept from before; and wills are spoken by the broker
            message = decode(str(heard.topic), bytes(heard.payload))
            headers = headers_in(heard.properties)
            if headers.parent:
                self.traced.setdefault(message.id, (message, headers))
            if isinstance(message, Entered):
                self._entered.set()

    async def until_entered(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._entered.wait()

    def spans_of(self, trace_id: str) -> dict[str, Message]:
        """Span ids of this trace, and the messages."""
        return {
            headers.parent.split("-")[2]: message
            for message, headers in self.traced.values()
            if headers.parent.split("-")[1] == trace_id
        }


@contextlib.asynccontextmanager
async def overhearing(broker: EmbeddedBroker) -> AsyncIterator[tuple[aiomqtt.Client, Overheard]]:
    overheard = Overheard()
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        await client.subscribe(EVERYTHING, qos=1)
        listening = asyncio.create_task(overheard.listen(client))
        try:
            yield client, overheard
        finally:
            listening.cancel()


def submitting(stack: Quick, plan_id: str) -> SubmitPlan:
    return SubmitPlan(
        id=f"by-hand-{plan_id}", source="inject", seq=0, time=stack.start, to="us", plan=stack.plan(plan_id)
    )


async def follow(stack: Quick, client: aiomqtt.Client, heard: Overheard, headers: Headers) -> SubmitPlan:
    """File a plan with these properties, and wait until it is agreed."""
    submit = submitting(stack, "near")
    properties = Properties(PacketTypes.PUBLISH)
    if headers.parent:
        properties.UserProperty = [("traceparent", headers.parent), ("tracestate", headers.state)]
    await client.publish(address_of(submit), encode(submit), qos=1, properties=properties)
    assert (await stack.settled("near")).state is PlanState.ACCEPTED
    await heard.until_entered()
    return submit


KINDS = {"PlanStatus", "Ring", "Answer", "Propose", "Concur", "Confirm", "Entered"}


async def test_all_that_is_said_because_of_a_plan_bears_one_trace(
    broker_of_mqtt_5: EmbeddedBroker, tmp_path: Path
) -> None:
    async with playing(broker_of_mqtt_5, tmp_path) as stack, overhearing(broker_of_mqtt_5) as (client, heard):
        submit = await follow(stack, client, heard, Headers())
        trace_ids = {
            headers.parent.split("-")[1]
            for message, headers in heard.traced.values()
            if type(message).__name__ in KINDS
        }
        assert len(trace_ids) == 1
        spans = heard.spans_of(trace_ids.pop())
        assert {type(message).__name__ for message in spans.values()} >= KINDS
        spans[span_id_of(submit.id)] = submit  # said by a client that knows nothing of traces
        assert all(span_id_of(message.cause) in spans for message in spans.values() if message.cause)


async def test_an_injector_s_own_trace_is_gone_on_with(broker_of_mqtt_5: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(broker_of_mqtt_5, tmp_path) as stack, overhearing(broker_of_mqtt_5) as (client, heard):
        await follow(stack, client, heard, Headers(TOLD, "vendor=1"))
        spans = heard.spans_of(TOLD.split("-")[1])
        assert {type(message).__name__ for message in spans.values()} >= KINDS
        assert TOLD.split("-")[2] in spans  # the parent of all of it is the injector's own span
        assert {headers.state for _, headers in heard.traced.values() if headers.parent.startswith(TOLD[:35])} == {
            "vendor=1"
        }


async def test_both_sides_log_one_trace_also_over_mqtt_3_1_1(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path) as stack:
        await stack.inject(encode(submitting(stack, "near")))
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        await stack.hear(lambda m: isinstance(m, Entered))
    ours, theirs = (logged_traces(tmp_path / f"aoc {party}.log", "propose") for party in ("us", "ru"))
    assert len(ours) == 1
    assert ours == theirs == logged_traces(tmp_path / "aoc us.log", "submit-plan")


def logged_traces(log: Path, kind: str) -> set[str]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return {line["trace_id"] for line in lines if line.get("kind") == kind}
