"""The checks of the invariants see what they are there to see: a day on which all is well is tampered with."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest

from hotline_protocol.events import CallEnded, Escalated, EscalationKind, NegotiationEnded, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.line import LineCheck, Tier, ToPeer
from hotline_protocol.message import Author, Message
from hotline_services.aoc.filed import Filed
from hotline_services.explore.invariants import (
    denials,
    differences,
    disagreements,
    double_uses,
    losses,
    unexplained_flights,
    unfinished,
)

from .dice import START
from .faulty_day import FaultyDay

SEED = 4
LOOK_AT_H = 2.5


@pytest.fixture
def day() -> FaultyDay:
    day = FaultyDay(SEED, more=False)
    day.run(LOOK_AT_H)
    return day


def relying(day: FaultyDay) -> Iterator[tuple[str, Filed]]:
    """Every plan that relies on an agreement now, with its party."""
    for party, centre in day.centres.items():
        for filed in centre.plans.values():
            if filed.state in {PlanState.ACCEPTED, PlanState.ACTIVATED} and filed.agreements:
                yield party, filed


def without(day: FaultyDay, kind: type[Message]) -> list[tuple[datetime, Message]]:
    return [(at, message) for at, message in day.log if not isinstance(message, kind)]


def test_two_flights_in_the_same_agreed_air_are_seen(day: FaultyDay) -> None:
    assert list(double_uses(day.centres, day.agreement)) == []
    party, filed = next(relying(day))
    other = next(centre for name, centre in day.centres.items() if name != party)
    plans = other.plans
    assert isinstance(plans, dict)
    plans["copy"] = msgspec.structs.replace(filed, agreements=())
    assert "both hold the same air" in next(double_uses(day.centres, day.agreement))


def test_an_agreement_that_its_granter_does_not_have_is_seen(day: FaultyDay) -> None:
    assert list(denials(day.centres)) == []
    party, filed = next(relying(day))
    [(_, granter, volumes)] = filed.agreements
    day.centres[party].parts.book.change(filed, agreements=(("made-up", granter, volumes),))
    assert f"relies on made-up, which {granter} denies" in next(denials(day.centres))


def test_chains_that_differ_are_seen(day: FaultyDay) -> None:
    party, filed = next(relying(day))
    [(agreement_id, granter, _)] = filed.agreements
    day.centres[granter].ledgers[party].release(agreement_id, day.simulation.now)
    assert f"the chain of {granter} differs" in next(differences(day.centres))


def test_a_line_in_two_places_of_which_nobody_has_spoken_is_seen(day: FaultyDay) -> None:
    assert list(disagreements(day.centres, day.log, day.agreement)) == []
    accord, line = day.centres["us"].parts.accord, day.centres["us"].agreement.line
    assert line is not None
    accord.amend(accord.agreement.with_trace(line.trace[1:]), day.simulation.now)
    assert "agreed, ru " in next(disagreements(day.centres, day.log, day.agreement))


def test_a_mismatch_about_what_a_side_held_itself_is_seen(day: FaultyDay) -> None:
    check = next(message for _, message in day.log if isinstance(message, LineCheck))
    fields = {"kind": EscalationKind.AGREEMENT_MISMATCH, "peer": "us", "about": check.id, "tier": Tier.DUTY_OFFICER}
    event = Author("ru").say(Escalated, check.time, cause=check.id, **fields)
    assert "is about what ru held itself" in next(
        disagreements(day.centres, [*day.log, (check.time, event)], day.agreement)
    )


def test_a_call_and_a_negotiation_without_an_end_are_seen(day: FaultyDay) -> None:
    now = day.simulation.now
    assert "ended 0 times" in next(unfinished({}, without(day, CallEnded), now))
    assert "ended 0 times" in next(unfinished({}, without(day, NegotiationEnded), now))
    twice = [*day.log, *(line for line in day.log if isinstance(line[1], CallEnded))]
    assert "ended 2 times" in next(unfinished({}, twice, now))


def test_a_message_that_was_not_heard_or_heard_twice_is_seen(day: FaultyDay) -> None:
    said = next(message for _, message in day.log if isinstance(message, ToPeer))
    heard = day.heard
    heard[said.to].remove(said.id)
    assert f"{said.id} was not heard by {said.to}" in set(losses(day.centres, day.log, heard, day.simulation.now))
    heard[said.to] += [said.id, said.id]
    assert f"{said.id} was heard 2 times by {said.to}" in set(losses(day.centres, day.log, heard, day.simulation.now))


def test_a_flight_without_the_consent_that_it_needs_is_seen(day: FaultyDay) -> None:
    assert list(unexplained_flights(day.centres, day.log, day.agreement)) == []
    party, filed = next(relying(day))
    volume = msgspec.structs.replace(filed.volumes[0], start=START)
    status = next(message for _, message in day.log if isinstance(message, PlanStatus) and message.source == party)
    status = msgspec.structs.replace(status, plan_id="stray", state=PlanState.ACTIVATED, volumes=(volume,))
    [complaint] = unexplained_flights(day.centres, [*without(day, Escalated), (START, status)], day.agreement)
    assert f"{party}'s stray is activated without" in complaint
