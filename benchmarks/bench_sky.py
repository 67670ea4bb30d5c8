"""What the sky costs: days of the crowded valley with all that flies, beside the same days in which nothing does.

The sky's own time is that of its core, taken around each input; a flight is everything from its plan to its landing.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import datetime
from unittest import mock

import msgspec

from hotline_protocol.message import Message
from hotline_protocol.sky import FlightFlown
from hotline_services import world
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.traffic.sky import Sky
from sizes import parsed


class Timed:
    """A sky whose time is taken."""

    spent_s = 0.0
    inputs = 0

    def __init__(self, sky: Sky) -> None:
        self._sky = sky

    @property
    def next_deadline(self) -> datetime | None:
        return self._sky.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        began = time.process_time()
        said = self._sky.receive(message, now)
        self._note(began)
        return said

    def lapse(self, now: datetime) -> Sequence[Message]:
        began = time.process_time()
        said = self._sky.lapse(now)
        self._note(began)
        return said

    @classmethod
    def _note(cls, began: float) -> None:
        cls.spent_s += time.process_time() - began
        cls.inputs += 1


def played(scenario: Scenario, days: int) -> tuple[float, int]:
    """Seconds of processor time that these days take, and how many flights come down in them."""
    landed = 0

    def count(message: Message, _: datetime) -> None:
        nonlocal landed
        landed += isinstance(message, FlightFlown)

    simulation = world.build(scenario, 1, days)
    began = time.process_time()
    simulation.run(scenario.end(days), count)
    return time.process_time() - began, landed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=10)
    days = parsed(parser, days=1).days
    scenario = read_scenario("valley-2017")
    make = world.sky
    with mock.patch.object(world, "sky", lambda *args, **kw: Timed(make(*args, **kw))):
        whole_s, flights = played(scenario, days)
    without_s, _ = played(msgspec.structs.replace(scenario, sky=None), days)
    print(f"{days} days of {scenario.name}: {flights:,} flights")
    print(f"  with the sky      {whole_s:8.3f} s of processor time")
    print(f"  without a sky     {without_s:8.3f} s  (nothing is seen, so there are fewer calls as well)")
    print(f"  the sky's own     {Timed.spent_s:8.3f} s  {1e6 * Timed.spent_s / flights:6.0f} us a flight", end="")
    print(f", {1e6 * Timed.spent_s / Timed.inputs:.1f} us an input")


if __name__ == "__main__":
    main()
