"""What a monitor sees of a simulated day, with an example of every message after it."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from hotline_protocol import examples as said
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_services.director.scenario import read_scenario
from hotline_services.monitor.history import History
from hotline_services.monitor.measures import MEASURE
from hotline_services.monitor.metrics import Metrics
from hotline_services.world import build

Heard = tuple[datetime, Message]


class Reading(NamedTuple):
    """A clock."""

    simulated: datetime = datetime(2026, 6, 18, 13, tzinfo=UTC)
    speed: float = 60.0


@cache
def valley_day() -> tuple[Heard, ...]:
    """All that is said on the first day of the valley."""
    simulation = build(read_scenario("valley-2017"), 1, 1)
    heard: list[Heard] = []
    simulation.run(simulation.start + timedelta(days=1), lambda message, at: heard.append((at, message)))
    return tuple(heard)


def examples() -> list[Heard]:
    """One of every message that can be on the wire."""
    at = datetime(2026, 6, 18, 12, tzinfo=UTC)
    return [(at, message) for message in said.examples() if not isinstance(message, Unreadable)]


def history_of(*heard: Heard) -> History:
    history = History()
    for n, (at, message) in enumerate(heard, 1):
        history.take(n, at, message)
    return history


@cache
def exposition() -> bytes:
    """The metrics of all of it."""
    return Metrics().exposition(history_of(*valley_day(), *examples()), Reading())


def base_name(sample: str) -> str:
    """The metric that a sample of this name belongs to."""
    if sample in MEASURE:
        return sample
    name, _, suffix = sample.rpartition("_")
    return name if suffix in {"bucket", "sum", "count"} and name in MEASURE and MEASURE[name].bounds else ""
