"""The shipped scenarios, played by both centres: as many calls as they are meant to make, and an early agreement."""

import math
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest

from hotline_protocol.events import (
    CallEnded,
    Escalated,
    EscalationKind,
    NegotiationEnded,
    NegotiationOutcome,
    PlanStatus,
    Stage,
    StrainChanged,
)
from hotline_protocol.flightplan import PlanState
from hotline_protocol.line import CallOutcome, Protest, Reason
from hotline_protocol.message import Message
from hotline_services.aoc.config import StrainModel
from hotline_services.aoc.strain.felt import Felt
from hotline_services.director.scenario import read_scenario, shipped_scenarios
from hotline_services.world import build

AGREED = (NegotiationOutcome.AGREED_AS_FILED, NegotiationOutcome.AGREED_WITH_CHANGES)


def played(name: str, seed: int, length: timedelta, changes: Mapping[str, Any] | None = None) -> list[Message]:
    scenario = read_scenario(name, changes)
    said: list[Message] = []
    build(scenario, seed, math.ceil(length / timedelta(days=1))).run(
        scenario.start.astimezone(UTC) + length, lambda message, *_: said.append(message)
    )
    return said


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_valley_day_makes_eight_to_fourteen_calls_two_of_them_line_checks(seed: int) -> None:
    calls = [message for message in played("valley-day", seed, timedelta(days=1)) if isinstance(message, CallEnded)]
    assert 8 <= len(calls) <= 14
    assert sum(call.reason is Reason.LINE_CHECK for call in calls) == 2


def test_the_historical_day_has_an_agreed_call_within_twenty_minutes_and_a_refusal_at_the_top() -> None:
    said = played("euphrates-2017-06-18", 20170618, timedelta(minutes=20))
    agreed = {
        message.negotiation_id for message in said if isinstance(message, NegotiationEnded) if message.outcome in AGREED
    }
    completed = [m for m in said if isinstance(m, CallEnded) and m.outcome is CallOutcome.COMPLETED]
    assert any(agreed & set(call.about) for call in completed)
    assert [m.about for m in said if isinstance(m, Escalated) and m.kind is EscalationKind.REFUSED]


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_shipped_scenario_models_the_tension_of_every_side(name: str) -> None:
    assert all(party.strain.model is not StrainModel.NONE for party in read_scenario(name).parties.values())


def test_the_loss_of_the_aircraft_on_the_historical_day_raises_tension() -> None:
    said = played("euphrates-2017-06-18", 20170618, timedelta(hours=4))
    felt = {step.because: (step.after - step.before, step.stage) for step in said if isinstance(step, StrainChanged)}
    added, stage = felt[Felt.LOSS_SEEN.value]
    assert added == pytest.approx(10)
    assert stage is Stage.TENSE


def test_each_report_of_the_historical_day_is_spoken_of_on_the_line() -> None:
    said = played("euphrates-2017-06-18", 20170618, timedelta(hours=4))
    assert len([message for message in said if isinstance(message, Protest)]) == 3


# The band is wide: what the figure should be is for the calibration to say.
@pytest.mark.parametrize(("distance_nm", "least", "most"), [(6, 6, 18), (20, 2, 10), (80, 1, 2)])
def test_in_the_crowded_valley_the_distance_of_the_fronts_decides_how_many_calls_there_are(
    distance_nm: int, least: int, most: int
) -> None:
    fronts = {"fronts.distance": [{"at": "+00:00", "distance_nm": distance_nm}]}
    said = played("valley-2017", 1, timedelta(days=4), fronts)
    assert 4 * least <= sum(isinstance(message, CallEnded) for message in said) <= 4 * most


def test_a_day_in_the_valley_has_its_sorties_and_partners_fly_under_their_own_names() -> None:
    accepted = {
        message.plan_id: message
        for message in played("valley-2017", 1, timedelta(days=2))
        if isinstance(message, PlanStatus) and message.state is PlanState.ACTIVATED
    }
    assert 2 * 80 <= len(accepted) <= 2 * 98
    assert {status.operator for status in accepted.values()} == {None, "raf", "faf", "syaf", "iran"}
