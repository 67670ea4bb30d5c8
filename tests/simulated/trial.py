"""A faulty day held against the invariants: looked at every ten simulated minutes, and at its end."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from hotline_services.explore.invariants import (
    denials,
    differences,
    disagreements,
    double_uses,
    losses,
    unexplained_flights,
    unfinished,
    untold,
)
from hotline_services.explore.reserved import misreserved

from .faulty_day import END_AT, RESTART_AT, FaultyDay

LOOKS_AN_HOUR = 6
LONGEST_CALL = timedelta(minutes=30)
LONGEST_WAY = timedelta(minutes=10)  # of a message that is lost several times

KEPT = Path(__file__).with_name("kept_seeds.txt")


def faults(seed: int, make: Callable[[int], FaultyDay] = FaultyDay) -> list[str]:
    """What has happened on the day of this seed that must never be: what is seen first, and nothing on a good day."""
    day = make(seed)
    for look in range(int(RESTART_AT * LOOKS_AN_HOUR)):
        day.run(look / LOOKS_AN_HOUR)
        found = [fault for centre in day.centres.values() for fault in misreserved(centre)]
        if found:
            return [f"at {day.simulation.now.isoformat()}: {fault}" for fault in found]
        found = [*double_uses(day.centres, day.agreement), *denials(day.centres)]
        if found and not any(day.lost.values()):  # what was lost is known again after one reconcile
            return [f"at {day.simulation.now.isoformat()}: {fault}" for fault in found]
    found = list(_unfinished(day))
    if found:
        return found
    day.run(END_AT)
    return list(_at_the_end(day))


def _unfinished(day: FaultyDay) -> Iterator[str]:
    return unfinished(day.centres, day.known, day.simulation.now - LONGEST_CALL)


def _at_the_end(day: FaultyDay) -> Iterator[str]:
    yield from _unfinished(day)
    yield from differences(day.centres)
    yield from double_uses(day.centres, day.agreement)
    yield from denials(day.centres)
    yield from disagreements(day.centres, day.known, day.agreement)
    yield from losses(day.centres, day.known, day.heard, day.simulation.now - LONGEST_WAY)
    yield from unexplained_flights(day.centres, day.log, day.agreement)
    if not any(day.lost.values()):  # who has lost state tells some things again
        yield from untold(day.centres, day.log)


def kept_seeds() -> list[int]:
    """Days that have failed once. Each line of the file begins with a seed; what follows # tells why."""
    lines = (line.partition("#")[0].strip() for line in KEPT.read_text(encoding="utf-8").splitlines())
    return [int(seed) for seed in lines if seed]
