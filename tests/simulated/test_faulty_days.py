"""Whatever the network loses and whoever dies: what must never be, is not.

HOTLINE_SEEDS sets the number of days. The nightly tests try four times as many more, and `make soak` 100,000.
"""

import hashlib
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.nightly import nightly

from hotline_protocol.events import InputRejected
from hotline_protocol.topics import encode
from hotline_services.monitor.core import MonitorCore

from .faulty_day import END_AT, MONITOR, FaultyDay
from .trial import LONGEST_WAY, faults, kept_seeds

ROOT = Path(__file__).resolve().parents[2]
DAYS = int(os.environ.get("HOTLINE_SEEDS") or 100)
SOME = [*range(0, 150, 25), *nightly(range(150, 500, 25))]


@pytest.mark.parametrize(("first", "days"), [(0, DAYS), *nightly([(DAYS, 4 * DAYS)])])
def test_the_invariants_hold_on_faulty_days(first: int, days: int) -> None:
    """What fails stands in the output, each day with its seed and its reason."""
    command = [sys.executable, str(ROOT / "tools" / "soak.py"), "--first", str(first), "--days", str(days)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        command += ["--workers", "1"]  # other tests have the other cores
    soak = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    failed = re.search(r"^([\d,]+) faulty days, (\d+) failed$", soak.stdout, re.MULTILINE)
    assert failed is not None, soak.stdout
    assert failed.groups() == (f"{days:,}", "0"), soak.stdout


@pytest.mark.parametrize(("more", "amends"), [(False, False), (True, False), (True, True)])
def test_days_on_which_an_invariant_was_once_broken_break_none(more: bool, amends: bool) -> None:
    make = partial(FaultyDay, more=more, amends=amends)
    assert {seed: found for seed in kept_seeds() if (found := faults(seed, make))} == {}


@pytest.mark.parametrize("seed", SOME)
def test_two_runs_of_one_faulty_day_are_the_same_to_the_byte(seed: int) -> None:
    def digest() -> str:
        day = FaultyDay(seed)
        day.run(END_AT)
        lines = (f"{at.isoformat()} ".encode() + encode(message) for at, message in day.log)
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    assert digest() == digest()


@pytest.mark.parametrize("seed", SOME)
def test_a_monitor_hears_everything_of_a_faulty_day_once_and_misses_nothing(seed: int) -> None:
    handed_on: list[str] = []
    day = FaultyDay(seed, MonitorCore(MONITOR, hand_on=lambda message: handed_on.append(message.id)))
    day.run(END_AT)
    cutoff = day.simulation.now - LONGEST_WAY
    numbered = [m.id for at, m in day.log if m.seq and m.source != MONITOR and at < cutoff]
    assert len(handed_on) == len(set(handed_on))
    assert set(numbered) <= set(handed_on)
    rejected = {m.topic for _, m in day.log if m.source == MONITOR and isinstance(m, InputRejected)}
    assert rejected <= {intrusion.topic for intrusion in day.intrusions}
