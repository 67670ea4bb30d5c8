"""The spans of a recording: every plan a trace that hangs together, and what concerns several linked to each."""

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from hotline_protocol.events import PlanStatus
from hotline_protocol.injection import ReportSighting, SubmitPlan
from hotline_protocol.line import Concur, Entered, Propose, Ring
from hotline_protocol.message import Message
from hotline_protocol.sky import FlightBegan, LineCrossed
from hotline_services.delivery.tracing import span_id_of
from hotline_services.monitor.traces import spans

from .observed import examples, valley_day

Span = dict[str, Any]


def day() -> list[Message]:
    return [message for _, message in valley_day()]


def flat(exported: Any) -> list[Span]:
    return [
        span
        for resource in exported["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]  # fmt: skip


@pytest.fixture(scope="module")
def by_id() -> dict[str, Span]:
    return {span["spanId"]: span for span in flat(spans(day()))}


def of(message: Message, by_id: dict[str, Span]) -> Span:
    return by_id[span_id_of(message.id)]


def test_every_span_hangs_from_one_that_is_there_and_each_trace_has_one_root(by_id: dict[str, Span]) -> None:
    roots: dict[str, int] = defaultdict(int)
    for span in by_id.values():
        parent = span.get("parentSpanId")
        roots[span["traceId"]] += parent is None
        assert parent is None or by_id[parent]["traceId"] == span["traceId"]
    assert set(roots.values()) == {1}


def test_each_plan_is_a_trace_of_its_own_from_filing_to_flight(by_id: dict[str, Span]) -> None:
    plans = [message for message in day() if isinstance(message, SubmitPlan)]
    assert len({of(plan, by_id)["traceId"] for plan in plans}) == len(plans)
    for plan in plans:
        trace_id = of(plan, by_id)["traceId"]
        assert "parentSpanId" not in of(plan, by_id)
        assert "plan-status" in {span["name"] for span in by_id.values() if span["traceId"] == trace_id}


def test_a_flight_is_in_the_trace_of_its_plan(by_id: dict[str, Span]) -> None:
    filed = {
        message.plan.plan_id: of(message, by_id)["traceId"] for message in day() if isinstance(message, SubmitPlan)
    }
    for message in day():
        if isinstance(message, FlightBegan | LineCrossed) and message.flyer.announced:
            assert of(message, by_id)["traceId"] == filed[message.flyer.plan_id]


def test_one_plan_can_be_had_alone() -> None:
    plan = next(message.plan for message in day() if isinstance(message, SubmitPlan))
    alone = flat(spans(day(), plan.plan_id))
    assert len({span["traceId"] for span in alone}) == 1
    assert {"submit-plan", "plan-status", "flight-began", "flight-flown"} <= {span["name"] for span in alone}


def test_a_plan_that_nobody_filed_has_no_spans() -> None:
    assert flat(spans(day(), "no-such-plan")) == []


def test_a_call_is_linked_to_every_plan_that_it_is_about(by_id: dict[str, Span]) -> None:
    ring = max((message for message in day() if isinstance(message, Ring)), key=lambda ring: len(ring.about))
    span = of(ring, by_id)
    assert len({link["traceId"] for link in span["links"]} | {span["traceId"]}) == len(ring.about)
    assert all(by_id[link["spanId"]]["traceId"] == link["traceId"] for link in span["links"])


def test_a_sighting_is_linked_to_what_was_seen(by_id: dict[str, Span]) -> None:
    crossings = {message.id: message for message in day() if isinstance(message, LineCrossed)}
    seen = next(message for message in day() if isinstance(message, ReportSighting) and message.cause in crossings)
    crossed = of(crossings[str(seen.cause)], by_id)
    assert of(seen, by_id)["links"] == [{"traceId": crossed["traceId"], "spanId": crossed["spanId"]}]


def test_a_span_lasts_until_the_last_that_it_gave_rise_to(by_id: dict[str, Span]) -> None:
    for span in by_id.values():
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
        if (parent := span.get("parentSpanId")) is not None:
            assert int(by_id[parent]["endTimeUnixNano"]) >= int(span["startTimeUnixNano"])


def test_a_plan_is_one_trace_in_whatever_order_its_messages_were_recorded(by_id: dict[str, Span]) -> None:
    mixed = day()
    random.Random(1).shuffle(mixed)
    again = {span["spanId"]: span["traceId"] for span in flat(spans(mixed))}
    told = [m for m in day() if isinstance(m, SubmitPlan | PlanStatus | Propose | Concur | Entered)]
    assert all(again[span_id_of(message.id)] == of(message, by_id)["traceId"] for message in told)


def test_every_message_that_can_be_said_can_be_a_span() -> None:
    said = [message for _, message in examples()]
    exported = spans([*said, *said])
    ids = [span["spanId"] for span in flat(exported)]
    assert len(set(ids)) == len(ids)
    assert all(len(span["traceId"]) == 32 and len(span["spanId"]) == 16 for span in flat(exported))
    assert json.loads(json.dumps(exported)) == exported
