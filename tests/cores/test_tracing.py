"""Which trace a message belongs to: one plan is one trace, whoever derives it, and what was told counts."""

from datetime import UTC, datetime

import msgspec
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hotline_protocol.events import Escalated, EscalationKind, PlanStatus
from hotline_protocol.examples_story import AS_FILED, ASKED, MENU, PLAN
from hotline_protocol.flightplan import FlightKind, PlanState, Priority
from hotline_protocol.injection import ReportSighting, SightingKind, SubmitPlan
from hotline_protocol.line import Answer, Busy, CallOutcome, HangUp, Propose, Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence
from hotline_protocol.sky import FlightBegan, Flyer, LineCrossed
from hotline_services.delivery.tracing import Headers, Traces, read, span_id_of
from hotline_services.runtime.properties import headers_in, properties_of

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
NEGOTIATION = f"us-0-n{PLAN.digest[:8]}"
TOLD = Headers("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1")


def told_id() -> str:
    return TOLD.parent.split("-")[1]


class Story:
    """The messages that one plan gives rise to, by whoever says each."""

    def __init__(self) -> None:
        self.us, self.ru, self.sky = Author("us"), Author("ru"), Author("sky")
        self.submit = SubmitPlan(id="in-1", source="inject", seq=0, time=NOON, to="us", plan=PLAN)
        self.asking = self.status(PlanState.NEGOTIATING, "in-1")
        self.ring = self.us.say(
            Ring, NOON, to="ru", call_id="us-0-c1", reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER, about=(NEGOTIATION,)
        )
        self.answer = self.ru.say(Answer, NOON, cause=self.ring.id, to="us", call_id="us-0-c1")
        self.propose = self.proposal(NEGOTIATION)
        self.hang_up = self.us.say(HangUp, NOON, to="ru", call_id="us-0-c1", outcome=CallOutcome.COMPLETED)
        self.began = self.sky.say(FlightBegan, NOON, flyer=self.flyer)
        self.crossed = self.sky.say(
            LineCrossed, NOON, flyer=self.flyer, at=(38.4, 35.9), altitude_ft=24_000.0, outbound=True, conforming=True
        )

    flyer = Flyer(side="us", operator="us", plan_id=PLAN.plan_id, callsign=PLAN.callsign)

    def status(self, state: PlanState, cause: str | None = None) -> PlanStatus:
        return self.us.say(
            PlanStatus,
            NOON,
            cause=cause,
            plan_id=PLAN.plan_id,
            callsign=PLAN.callsign,
            plan=PLAN.digest,
            state=state,
            negotiation_id=NEGOTIATION,
        )

    def proposal(self, negotiation_id: str) -> Propose:
        return self.us.say(
            Propose,
            NOON,
            cause=self.answer.id,
            to="ru",
            call_id="us-0-c1",
            negotiation_id=negotiation_id,
            menu=MENU,
            choice=AS_FILED,
            offer=ASKED,
            kind=FlightKind.TANKER,
            priority=Priority.PRIORITY,
            round=1,
            expires_at=NOON,
        )

    @property
    def all(self) -> list[Message]:
        return [
            self.submit, self.asking, self.ring, self.answer, self.propose, self.hang_up, self.began, self.crossed
        ]  # fmt: skip


def trace_id(traces: Traces, message: Message) -> str:
    trace = traces.of(message)
    assert trace is not None
    return trace.trace_id


def test_all_that_comes_of_one_plan_is_one_trace() -> None:
    traces = Traces()
    assert len({trace_id(traces, message) for message in Story().all}) == 1


def test_each_side_finds_the_trace_by_itself() -> None:
    story = Story()
    ours, theirs, restarted = Traces(), Traces(), Traces()
    ours.hear(story.submit)
    theirs.hear(story.ring)
    expected = trace_id(ours, story.asking)
    assert trace_id(theirs, story.answer) == expected
    assert trace_id(restarted, story.propose) == expected


def test_two_plans_are_two_traces_also_in_one_call() -> None:
    traces, story = Traces(), Story()
    first = {trace_id(traces, message) for message in story.all}
    other = trace_id(traces, story.proposal("us-0-n01234567"))
    assert other not in first


def test_a_trace_that_an_injector_names_is_that_of_all_that_follows() -> None:
    traces, story = Traces(), Story()
    traces.hear(story.submit, TOLD)
    assert {trace_id(traces, message) for message in story.all} == {told_id()}
    headers = traces.headers_of(story.propose)
    assert headers == Headers(f"00-{told_id()}-{span_id_of(story.propose.id)}-01", "vendor=1")


def test_a_peer_goes_on_with_the_trace_that_it_is_told() -> None:
    traces, story = Traces(), Story()
    traces.hear(story.ring, TOLD)
    assert trace_id(traces, story.answer) == told_id()


def test_what_was_told_first_is_not_changed_by_what_a_peer_tells_later() -> None:
    traces, story = Traces(), Story()
    traces.hear(story.submit, TOLD)
    traces.hear(story.propose, Headers(f"00-{'1' * 32}-{'2' * 16}-01"))
    traces.settle()
    assert trace_id(traces, story.status(PlanState.ACCEPTED)) == told_id()


def test_after_a_restart_the_trace_that_was_told_is_learnt_again() -> None:
    traces, story = Traces(), Story()
    assert trace_id(traces, story.asking) != told_id()
    traces.hear(story.propose, TOLD)
    traces.settle()
    assert trace_id(traces, story.status(PlanState.ACCEPTED)) == told_id()


def test_a_plan_that_is_filed_again_is_answered_in_the_trace_that_it_comes_with() -> None:
    traces, story = Traces(), Story()
    traces.hear(story.submit)
    assert trace_id(traces, story.asking) != told_id()
    traces.hear(msgspec.structs.replace(story.submit, id="in-2"), TOLD)
    assert trace_id(traces, story.status(PlanState.NEGOTIATING)) == told_id()


def test_a_message_that_is_said_again_is_the_same_span_of_the_same_trace() -> None:
    traces, story = Traces(), Story()
    assert traces.headers_of(story.ring) == traces.headers_of(story.ring)


def test_a_sighting_does_not_say_whose_plan_was_seen() -> None:
    traces, story = Traces(), Story()
    seen = story.sky.say(
        ReportSighting,
        NOON,
        cause=story.crossed.id,
        to="ru",
        kind=SightingKind.LINE_CROSSING,
        by="us",
        at=(38.4, 35.9),
        seen_at=NOON,
    )
    escalated = story.ru.say(
        Escalated,
        NOON,
        cause=seen.id,
        kind=EscalationKind.SIGHTING,
        peer="us",
        about=seen.id,
        tier=Tier.DUTY_OFFICER,
    )
    assert trace_id(traces, seen) != trace_id(traces, story.crossed)
    assert trace_id(traces, escalated) == trace_id(traces, seen)


def test_housekeeping_is_part_of_no_trace() -> None:
    health = Health(id="h", source="us", seq=0, time=NOON, presence=Presence.UP, session="s")
    assert Traces().headers_of(health) is None


def test_only_the_last_are_remembered() -> None:
    traces, author = Traces(remembered=10), Author("us")
    for number in range(1_000):
        traces.of(author.say(Busy, NOON, to="ru", call_id=f"c{number}"))
    assert len(traces) <= 20


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{'0' * 32}-{'2' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
        f"ff-{'1' * 32}-{'2' * 16}-01",
        f"00-{'1' * 32}-{'2' * 16}-01-more",
        f"00-{'A' * 32}-{'2' * 16}-01",
        f"00-{'1' * 31}-{'2' * 16}-01",
        f"00-{'1' * 32}-{'2' * 16}-01\n",
    ],
)
def test_a_traceparent_that_the_standard_forbids_is_passed_over(header: str) -> None:
    assert read(Headers(header)) is None


def test_a_traceparent_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    trace = read(Headers(f"cc-{'1' * 32}-{'2' * 16}-00-what-the-future-brings"))
    assert trace is not None
    assert (trace.trace_id, trace.flags) == ("1" * 32, "00")


@pytest.mark.parametrize("state", ["", "vendor=1", "a" * 512])
def test_what_is_packed_is_what_paho_unpacks(state: str) -> None:
    packed = properties_of(Headers(TOLD.parent, state)).pack()
    read_back = Properties(PacketTypes.PUBLISH)
    _, length = read_back.unpack(packed)
    assert length == len(packed)
    assert headers_in(read_back) == Headers(TOLD.parent, state)


def test_a_publish_of_two_traces_is_part_of_neither() -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("traceparent", TOLD.parent), ("traceparent", TOLD.parent)]
    assert headers_in(properties) == Headers()
