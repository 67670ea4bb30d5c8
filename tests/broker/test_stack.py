"""The real services, each a process, over each real broker: agreeing, refusing, dying, catching up."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UnsetType

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import CallEnded, InputRejected, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import CallOutcome, Entered, Propose
from hotline_protocol.message import canonical_json
from hotline_protocol.service import Clock, Health, Presence
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.client import connected

from .stack import SERVICES, Stack, launched, quick_scenario

NEAR_THE_LINE = Position(39.42, 35.67)


class Quick(Stack):
    """A stack of centres that wait for plans."""

    def __init__(self, broker: EmbeddedBroker, data: Path, *, speed: float, delay_s: float) -> None:
        self.start = datetime.now(UTC).replace(microsecond=0)
        super().__init__(broker, data, quick_scenario(data, self.start, speed=speed, delay_s=delay_s))

    def plan(self, plan_id: str, **changes: Any) -> FlightPlan:
        fields: dict[str, Any] = {
            "plan_id": plan_id,
            "callsign": "EXER1",
            "area": Circle(centre=NEAR_THE_LINE, radius_nm=6),
            "lower_ft": 18_000,
            "upper_ft": 20_000,
            "start": self.start + timedelta(hours=3),
            "end": self.start + timedelta(hours=4),
        }
        return FlightPlan(**(fields | changes))


@contextlib.asynccontextmanager
async def playing(broker: EmbeddedBroker, data: Path, *, speed: float = 10, delay_s: float = 0) -> AsyncIterator[Quick]:
    """A stack of services that are up. Much faster, and a broker of a busy machine is found too slow for it."""
    stack = Quick(broker, data, speed=speed, delay_s=delay_s)
    async with launched(stack):
        yield stack


@pytest.mark.either_broker
async def test_a_plan_near_the_line_is_agreed_and_on_record(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path) as stack:
        await stack.inject(canonical_json(stack.plan("near")))
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        ended = await stack.hear(lambda m: isinstance(m, CallEnded))
        assert isinstance(ended, CallEnded)
        assert ended.outcome is CallOutcome.COMPLETED
        await stack.one_ledger()
        await stack.whole()


@pytest.mark.either_broker
async def test_bad_input_is_answered_with_its_field_and_disturbs_nothing(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    def without(plan: FlightPlan, **changes: Any) -> bytes:
        return canonical_json(msgspec.to_builtins(plan) | changes)

    async with playing(own_broker, tmp_path) as stack:
        good = stack.plan("good")
        bad = {
            "ends-first": without(good, plan_id="ends-first", end=(stack.start + timedelta(hours=1)).isoformat()),
            "crossed": without(
                good,
                plan_id="crossed",
                area={"shape": "polygon", "vertices": [[39, 35], [40, 36], [40, 35], [39, 36]]},
            ),
            "pole": without(good, plan_id="pole", area={"shape": "circle", "centre": [39, 90], "radius_nm": 9}),
            "past": without(
                good,
                plan_id="past",
                start=(stack.start - timedelta(hours=3)).isoformat(),
                end=(stack.start - timedelta(hours=2)).isoformat(),
            ),
            "many": without(
                good, plan_id="many", area={"shape": "polygon", "vertices": [[39 + n / 1e5, 35] for n in range(10_000)]}
            ),
        }
        fields = {"ends-first": "end", "crossed": "area", "pole": "area", "past": "end", "many": "area"}
        for payload in (b"rubbish", b"\xff\xfe", b'{"type":"no-such-thing"}', *bad.values()):
            await stack.inject(payload)
        await stack.inject(canonical_json(good))
        for plan_id, field in fields.items():
            status = await stack.settled(plan_id)
            assert status.state is PlanState.REFUSED
            assert status.problem is not None
            assert status.problem.field.startswith(field), status.problem
        assert (await stack.settled("good")).state is PlanState.ACCEPTED
        refused = [m for m in stack.said if isinstance(m, InputRejected) and m.source == "us"]
        assert len(refused) >= 3
        assert all(m.problem.reason for m in refused)


@pytest.mark.either_broker
async def test_a_plan_that_comes_a_thousand_times_is_one_plan(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path) as stack:
        payload = canonical_json(stack.plan("again"))
        async with connected(own_broker.settings) as client:
            for _ in range(1_000):
                await client.publish("hotline/v1/inject/us", payload, qos=1)
            await client.publish("hotline/v1/inject/us", canonical_json(stack.plan("again", lower_ft=10_000)), qos=1)
        contradiction = await stack.hear(
            lambda m: isinstance(m, PlanStatus) and m.problem is not None and m.problem.code == "duplicate-id"
        )
        assert isinstance(contradiction, PlanStatus)
        accepted = await stack.hear(
            lambda m: isinstance(m, PlanStatus) and m.plan_id == "again" and m.state is PlanState.ACCEPTED
        )
        assert isinstance(accepted, PlanStatus)
        assert len([m for m in stack.said if isinstance(m, Entered)]) == 1


@pytest.mark.either_broker
async def test_a_centre_killed_in_a_call_comes_back_and_what_is_agreed_is_agreed_once(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with playing(own_broker, tmp_path, delay_s=4) as stack:
        await stack.inject(canonical_json(stack.plan("near")))
        await stack.hear(lambda m: isinstance(m, Propose))
        stack.kill("aoc ru")
        said = len(stack.said)
        stack.launch("aoc ru")
        await stack.hear(lambda m: isinstance(m, Health) and m.source == "ru" and m.presence is Presence.UP, since=said)
        assert (await stack.settled("near")).state is PlanState.ACCEPTED
        await stack.one_ledger()
        granted = {m.entry.agreement_id for m in stack.said if isinstance(m, Entered)}
        released = {
            m.entry.agreement_id for m in stack.said if isinstance(m, Entered) if m.entry.kind is EntryKind.RELEASED
        }
        assert len(granted - released) == 1


async def test_a_broker_killed_half_way_costs_time_and_nothing_else(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path, delay_s=2) as stack:
        for number in range(4):
            low = 10_000 + 4_000 * number
            await stack.inject(canonical_json(stack.plan(f"p{number}", lower_ft=low, upper_ft=low + 2_000)))
        await stack.hear(lambda m: isinstance(m, Propose))
        own_broker.kill()
        own_broker.start()
        for number in range(4):
            assert (await stack.settled(f"p{number}")).state is PlanState.ACCEPTED
        await stack.hear(lambda m: isinstance(m, CallEnded) and m.outcome is CallOutcome.COMPLETED)
        await stack.whole()


@pytest.mark.either_broker
async def test_a_monitor_that_was_away_catches_up(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path) as stack:
        stack.kill("monitor")
        for number in range(30):
            low = 10_000 + 1_000 * number
            await stack.inject(canonical_json(stack.plan(f"p{number}", lower_ft=low, upper_ft=low + 1_000)))
        for number in range(30):
            await stack.settled(f"p{number}")
        said = len(stack.said)
        stack.launch("monitor")
        await stack.hear(
            lambda m: isinstance(m, Health) and m.source == "monitor" and m.presence is Presence.UP, since=said
        )
        await stack.inject(canonical_json(stack.plan("last", lower_ft=48_000, upper_ft=49_000)))
        await stack.settled("last")
        await stack.whole()


def time_by(clock: Clock, real: datetime | UnsetType) -> datetime:
    """Simulated time by this clock, at this real time."""
    assert isinstance(real, datetime)
    return clock.simulated_start + clock.speed * (real - clock.real_start)


@pytest.mark.either_broker
async def test_a_stack_that_was_stopped_goes_on_where_it_was(own_broker: EmbeddedBroker, tmp_path: Path) -> None:
    async with playing(own_broker, tmp_path) as stack:
        await stack.inject(canonical_json(stack.plan("before")))
        await stack.settled("before")
        stack.stop()
        await stack.hear(lambda m: isinstance(m, Health) and m.source == "monitor" and m.note == "stopped")
        latest, said = max(message.time for message in stack.said), len(stack.said)
        for name in SERVICES:
            stack.launch(name)
        clock = await stack.hear(lambda m: isinstance(m, Clock), since=said)
        assert isinstance(clock, Clock)
        assert clock.simulated_start <= latest
        await stack.up("us", "ru", since=said)
        births = [m for m in stack.said[said:] if isinstance(m, Health) and m.presence is Presence.UP]
        ahead = [m.source for m in births if m.time > time_by(clock, m.sent) + timedelta(seconds=10)]
        assert ahead == [], "nobody has followed the clock that was held"
        await stack.inject(canonical_json(stack.plan("after", lower_ft=10_000, upper_ft=12_000)))
        assert (await stack.settled("after")).state is PlanState.ACCEPTED
