"""One scenario, flown by real services over a real broker and simulated: the same agreements.

Nothing in it hinges on who is quicker: what is in the way of a flight is its own side's from the moment it is filed,
patience outlasts any delay of a busy machine, and what depends on where the line runs is filed when it has moved.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import Escalated, LineMoved, NegotiationEnded, PlanStatus, ReviewEnded
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.ledger import EntryKind
from hotline_protocol.line import Entered
from hotline_protocol.message import Author, Message, canonical_json
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.runtime.broker import KINDS, EmbeddedBroker, find_broker
from hotline_services.world import build

from .stack import Stack, launched

THREE_AGREEMENT = """
name = "A patient memorandum of three (exercise)"
parties = ["us", "ru", "tr"]
altitude_blocks = [
  { name = "A", lower_ft = 10_000, upper_ft = 14_000 },
  { name = "B", lower_ft = 14_000, upper_ft = 18_000 },
  { name = "C", lower_ft = 18_000, upper_ft = 22_000 },
]
tiers = [
  { tier = "duty-officer", rounds = 4, offer_s = 3_600 },
  { tier = "deputy-commander", rounds = 2, offer_s = 3_600, disclosure = true },
]
timing = { ring_s = 600, silence_s = 7_200, redial_s = 120, hold_s = 7_200, negotiation_s = 36_000 }
zones = [
  { name = "us-zone", holder = "us", area = { shape = "circle", centre = [38.6, 33.5], radius_nm = 18 } },
  { name = "ru-zone", holder = "ru", area = { shape = "circle", centre = [36.0, 35.4], radius_nm = 18 } },
  { name = "tr-zone", holder = "tr", area = { shape = "circle", centre = [38.0, 36.5], radius_nm = 18 } },
]
"""
THREE_SCENARIO = """
name = "patient-three"
title = "Each of three wants air of the next one"
start = 2017-07-20T06:00:00Z
speed = 20
seed = 3
agreement = "patient.toml"
""" + "".join(
    f"""
[parties.{party}]
officer = {{ answer_s = 10, think_s = 45 }}
costs = {{ line = 0.0 }}
"""
    for party in ("us", "ru", "tr")
)
ZONES = {"us": (38.6, 33.5), "ru": (36.0, 35.4), "tr": (38.0, 36.5)}
THREE_FLIGHTS: tuple[tuple[str, str, dict[str, Any]], ...] = tuple(
    flight
    for party, other in (("us", "ru"), ("ru", "tr"), ("tr", "us"))
    for flight in (
        (party, f"{party}-cap", {"where": ZONES[party]}),
        (party, f"{party}-cap-later", {"where": ZONES[party], "hours": (14, 15)}),
        (party, f"{party}-in-the-way", {"where": ZONES[other]}),
        (party, f"{party}-free", {"where": ZONES[other], "hours": (16, 17)}),
        (party, f"{party}-rigid", {"where": ZONES[other], "hours": (14, 15), "rigid": True}),
    )
)
DAY = datetime(2017, 7, 20, tzinfo=UTC)
AGREEMENT = """
name = "A patient memorandum (exercise)"
parties = ["us", "ru"]
altitude_blocks = [
  { name = "A", lower_ft = 10_000, upper_ft = 14_000 },
  { name = "B", lower_ft = 14_000, upper_ft = 18_000 },
  { name = "C", lower_ft = 18_000, upper_ft = 22_000 },
]
tiers = [
  { tier = "duty-officer", rounds = 4, offer_s = 3_600 },
  { tier = "deputy-commander", rounds = 2, offer_s = 3_600, disclosure = true },
]
timing = { ring_s = 3_600, silence_s = 7_200, redial_s = 120, hold_s = 7_200, negotiation_s = 36_000 }
line_review = { caller = "us", every_days = 1, at = 06:05:00, rounds = 4, effective_min = 1 }
[line]
name = "line"
note = "Made up."
trace = [[40.0, 34.5], [40.0, 36.5]]
left = "ru"
right = "us"
"""
SCENARIO = """
name = "patient"
title = "Several flights near the line, and the line is moved"
start = 2017-07-20T06:00:00Z
speed = 20
seed = 3
agreement = "patient.toml"
[parties.us]
officer = { answer_s = 10, think_s = 45 }
costs = { line = 0.0 }
review = { wish_nm = 8, yield_nm = -6 }
[parties.ru]
officer = { answer_s = 10, think_s = 45 }
costs = { line = 0.0 }
review = { wish_nm = -6, yield_nm = 10 }
"""
FLIGHTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # who, what, and what is special about it; heights are 18,000 to 20,000 ft and times noon to one if nothing is said
    ("ru", "ru-cap", {"where": (39.5, 35.2)}),
    ("ru", "ru-cap-later", {"where": (39.5, 34.8), "hours": (14, 15)}),
    ("us", "us-cap", {"where": (40.5, 35.8)}),
    ("us", "us-free", {"where": (40.0, 36.2)}),
    ("us", "us-in-the-way", {"where": (39.6, 35.2)}),
    ("us", "us-rigid", {"where": (39.6, 34.8), "hours": (14, 15), "rigid": True}),
    ("ru", "ru-in-the-way", {"where": (40.35, 35.8), "hours": (12, 14)}),
    ("ru", "ru-free", {"where": (40.0, 34.6), "hours": (16, 17)}),
)
BEHIND_THE_LINE = ("us", FlightPlan(
    plan_id="us-behind",
    callsign="EXER9",
    area=Circle(centre=Position(40.2, 35.5), radius_nm=6),
    lower_ft=10_000,
    upper_ft=12_000,
    start=DAY + timedelta(hours=18),
    end=DAY + timedelta(hours=19),
))  # fmt: skip
"""Near the line as it was, and not as it is after the review."""
PLANS = {plan_id for _, plan_id, _ in FLIGHTS}
NEGOTIATED = {plan_id for plan_id in PLANS if "cap" not in plan_id}
DECIDED = frozenset({PlanState.ACCEPTED, PlanState.REFUSED})


def written(folder: Path, agreement: str = AGREEMENT, scenario: str = SCENARIO, flights: Any = FLIGHTS) -> Path:
    """The scenario and its agreement as files."""
    (folder / "patient.toml").write_text(agreement)
    path = folder / "scenario.toml"
    path.write_text(scenario + "".join(_submission(*flight) for flight in flights))
    return path


def _submission(to: str, plan_id: str, special: dict[str, Any]) -> str:
    where, hours = special["where"], special.get("hours", (12, 13))
    flexibility = (
        "{ max_shift_min = 0, max_offset_nm = 0.0, other_blocks = false }"
        if special.get("rigid")
        else "{ max_shift_min = 60, max_offset_nm = 0.0 }"
    )
    return f"""
[[timeline]]
at = "06:01"
action = "submit-plan"
to = "{to}"
[timeline.plan]
plan_id = "{plan_id}"
callsign = "EXER{len(plan_id)}"
area = {{ shape = "circle", centre = [{where[0]}, {where[1]}], radius_nm = 8.0 }}
lower_ft = 18_000
upper_ft = 20_000
start = "{hours[0]}:00"
end = "{hours[1]}:00"
flexibility = {flexibility}
"""


def is_over(said: Sequence[Message]) -> bool:
    """Whether it is known of every plan whether it flies, and both sides hold the line to be elsewhere."""
    decided = {status.plan_id for status in said if isinstance(status, PlanStatus) and status.state in DECIDED}
    talked_over = {ended.plan_id for ended in said if isinstance(ended, NegotiationEnded)}
    moved = {event.source for event in said if isinstance(event, LineMoved)}
    return decided >= PLANS and talked_over == NEGOTIATED and moved == {"us", "ru"}


def agreed(said: Iterable[Message]) -> dict[str, Any]:
    """What has come of it, without what differs between any two runs: ids, times, and hashes of them."""
    once = {message.id: message for message in said}.values()
    return {
        "plans": {
            status.plan_id: (status.state, status.as_filed, status.volumes)
            for status in once
            if isinstance(status, PlanStatus) and status.state in DECIDED
        },
        "negotiations": {
            ended.plan_id: (ended.outcome, ended.tier, ended.sector, ended.block, ended.shift_min, ended.rounds)
            for ended in once
            if isinstance(ended, NegotiationEnded)
        },
        "ledgers": sorted(_entries(once), key=repr),
        "reviews": [(ended.agreed, ended.offsets_nm, ended.rounds) for ended in once if isinstance(ended, ReviewEnded)],
        "lines": {moved.source: (moved.agreement, moved.trace) for moved in once if isinstance(moved, LineMoved)},
        "escalations": Counter(
            (event.source, event.kind, event.tier) for event in once if isinstance(event, Escalated)
        ),
    }


def _entries(said: Iterable[Message]) -> Iterator[tuple[Any, ...]]:
    seen = {
        (message.entry.granter, message.entry.index): message.entry for message in said if isinstance(message, Entered)
    }
    for entry in seen.values():
        yield entry.granter, entry.user, entry.kind, entry.volumes, entry.priority


def simulated(scenario: Scenario) -> list[Message]:
    """All that is said in a simulation, to the end."""
    said: list[Message] = []
    simulation = build(scenario, scenario.seed)
    hours = 0
    while not is_over(said):
        hours += 1
        assert hours < 6, "it was to be decided before anything flies"
        simulation.run(scenario.start + timedelta(hours=hours), lambda message, _: said.append(message))
    to, plan = BEHIND_THE_LINE
    simulation.inject(Author("exercise").say(SubmitPlan, simulation.now, to=to, plan=plan), simulation.now)
    simulation.run(simulation.now + timedelta(minutes=30), lambda message, _: said.append(message))
    return said


async def settling(stack: Stack, expected: dict[str, Any]) -> None:
    """Wait until what has come of it is this: entries and lines may be told after what they follow from."""
    with contextlib.suppress(TimeoutError):  # the caller says what differs
        await stack.until(lambda: agreed(stack.said) == expected)


async def flown(scenario: Path, broker: EmbeddedBroker, data: Path, expected: dict[str, Any]) -> list[Message]:
    """All that is said by the services, until everything is decided as expected."""
    stack = Stack(broker, data, scenario)
    async with launched(stack, ("aoc us", "aoc ru", "director")):
        await stack.until(lambda: is_over(stack.said))
        to, plan = BEHIND_THE_LINE
        await stack.inject(canonical_json(plan), to)
        await stack.settled(plan.plan_id)
        await settling(stack, expected)
    return stack.said


async def test_a_scenario_flown_live_gives_the_agreements_of_its_simulation(tmp_path: Path) -> None:
    kind = next((kind for kind in KINDS if find_broker(kind)), None)
    if kind is None:
        pytest.skip("no broker is installed")
    path = written(tmp_path)
    expected = agreed(simulated(read_scenario(path)))
    assert {plan_id for plan_id, (state, *_) in expected["plans"].items() if state is PlanState.REFUSED} == {"us-rigid"}
    assert {plan_id for plan_id, (_, as_filed, _) in expected["plans"].items() if not as_filed} == {
        "us-in-the-way",
        "ru-in-the-way",
    }
    assert [kind for _, _, kind, *_ in expected["ledgers"]] == [EntryKind.GRANTED] * 4
    assert expected["reviews"][0][0]
    assert "us-behind" not in expected["negotiations"]
    with EmbeddedBroker(kind, tmp_path / "broker") as broker:
        found = agreed(await flown(path, broker, tmp_path, expected))
    for what, value in expected.items():
        assert found[what] == value, what


# Three centres ------------------------------------------------------------------------------------------


def three_are_over(said: Sequence[Message]) -> bool:
    """Whether it is known of every plan of three parties whether it flies."""
    plans = {plan_id for _, plan_id, _ in THREE_FLIGHTS}
    decided = {status.plan_id for status in said if isinstance(status, PlanStatus) and status.state in DECIDED}
    ended = {ended.plan_id for ended in said if isinstance(ended, NegotiationEnded)}
    return decided >= plans and ended == {plan_id for plan_id in plans if "cap" not in plan_id}


async def test_three_centres_that_ring_each_other_live_agree_as_they_do_simulated(tmp_path: Path) -> None:
    kind = next((kind for kind in KINDS if find_broker(kind)), None)
    if kind is None:
        pytest.skip("no broker is installed")
    path = written(tmp_path, THREE_AGREEMENT, THREE_SCENARIO, THREE_FLIGHTS)
    said: list[Message] = []
    build(read_scenario(path), 3).run(DAY + timedelta(hours=11), lambda message, _: said.append(message))
    assert three_are_over(said)
    expected = agreed(said)
    outcomes = {plan_id: outcome.value for plan_id, (outcome, *_) in expected["negotiations"].items()}
    assert {outcomes[f"{party}-free"] for party in ZONES} == {"agreed-as-filed"}
    assert {outcomes[f"{party}-in-the-way"] for party in ZONES} == {"agreed-with-changes"}
    assert {outcomes[f"{party}-rigid"] for party in ZONES} == {"refused"}
    with EmbeddedBroker(kind, tmp_path / "broker") as broker:
        stack = Stack(broker, tmp_path, path)
        async with launched(stack, ("aoc us", "aoc ru", "aoc tr", "director")):
            await stack.until(lambda: three_are_over(stack.said))
            await settling(stack, expected)
    found = agreed(stack.said)
    for what, value in expected.items():
        assert found[what] == value, what
