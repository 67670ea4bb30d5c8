"""Whatever the network loses and whoever dies: what must never be, is not. HOTLINE_SEEDS sets the number of days."""

import hashlib
import os
from datetime import timedelta

import pytest

from hotline_protocol.events import InputRejected
from hotline_protocol.topics import encode
from hotline_services.monitor.core import MonitorCore

from .faulty_day import END_AT, MONITOR, RESTART_AT, FaultyDay
from .invariants import (
    denials,
    differences,
    disagreements,
    double_uses,
    losses,
    unexplained_flights,
    unfinished,
    untold,
)

SEEDS = int(os.environ.get("HOTLINE_SEEDS", "500"))
LOOKS_AN_HOUR = 6
LONGEST_CALL = timedelta(minutes=30)
LONGEST_WAY = timedelta(minutes=10)  # of a message that is lost several times


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_invariants_hold_on_a_faulty_day(seed: int) -> None:
    day = FaultyDay(seed)
    for look in range(int(RESTART_AT * LOOKS_AN_HOUR)):
        day.run(look / LOOKS_AN_HOUR)
        assert [*double_uses(day.centres, day.agreement), *denials(day.centres)] == [], f"at {day.simulation.now}"
    assert list(unfinished(day.centres, day.log, day.simulation.now - LONGEST_CALL)) == []
    day.run(END_AT)
    assert list(unfinished(day.centres, day.log, day.simulation.now - LONGEST_CALL)) == []
    assert list(differences(day.centres)) == []
    assert list(disagreements(day.centres, day.log, day.agreement)) == []
    assert list(losses(day.centres, day.log, day.heard, day.simulation.now - LONGEST_WAY)) == []
    assert list(unexplained_flights(day.centres, day.log, day.agreement)) == []
    assert list(untold(day.centres, day.log)) == []


@pytest.mark.parametrize("seed", range(0, SEEDS, 25))
def test_two_runs_of_one_faulty_day_are_the_same_to_the_byte(seed: int) -> None:
    def digest() -> str:
        day = FaultyDay(seed)
        day.run(END_AT)
        lines = (f"{at.isoformat()} ".encode() + encode(message) for at, message in day.log)
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    assert digest() == digest()


@pytest.mark.parametrize("seed", range(0, SEEDS, 25))
def test_a_monitor_hears_everything_of_a_faulty_day_once_and_misses_nothing(seed: int) -> None:
    handed_on: list[str] = []
    day = FaultyDay(seed, MonitorCore(MONITOR, hand_on=lambda message: handed_on.append(message.id)))
    day.run(END_AT)
    cutoff = day.simulation.now - LONGEST_WAY
    numbered = [message.id for at, message in day.log if message.seq and at < cutoff]
    assert len(handed_on) == len(set(handed_on))
    assert set(numbered) <= set(handed_on)
    assert [message for _, message in day.log if message.source == MONITOR and isinstance(message, InputRejected)] == []
