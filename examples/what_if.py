"""Fork a running simulation: the same day with and without one message.

The day is played for some hours. From there it goes on twice: as it was, and with an order to one side to fly a
rescue in a wide area. How often each thing then happens is printed side by side.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState, Priority
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Entered, Ring
from hotline_protocol.message import Message
from hotline_services.director.scenario import read_scenario
from hotline_services.simulation.shell import Simulation
from hotline_services.world import build

EXAMPLE = """example:
  python examples/what_if.py valley-day --after 3 --side ru
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="?", default="valley-day", help="a shipped scenario, or a file")
    parser.add_argument("--after", type=float, default=3.0, help="how many hours are played before the fork")
    parser.add_argument("--hours", type=float, default=12.0, help="how many hours are played after it")
    parser.add_argument("--side", default="ru", help="who flies the rescue")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    simulation = build(read_scenario(asked.scenario), asked.seed)
    simulation.run_until(simulation.start + timedelta(hours=asked.after))
    fork = simulation.clone()
    fork.inject(rescue(asked.side, fork.now), fork.now)

    until = simulation.now + timedelta(hours=asked.hours)
    sys.stdout.write(f"{asked.scenario} from {simulation.now:%Y-%m-%d %H:%MZ} to {until:%Y-%m-%d %H:%MZ}\n\n")
    sys.stdout.write(table(rest(simulation, until), rest(fork, until)))


def rescue(side: str, now: datetime) -> Message:
    """The order to this side to fly a rescue in a wide area, from three hours from now on."""
    plan = FlightPlan(
        plan_id=f"{side}-what-if",
        callsign="WHATIF01",
        priority=Priority.EMERGENCY,
        area=Circle(centre=Position(40.1, 35.3), radius_nm=20),
        lower_ft=10_000,
        upper_ft=30_000,
        start=now + timedelta(hours=3),
        end=now + timedelta(hours=7),
    )
    return SubmitPlan(id="what-if-1", source="what-if", seq=0, time=now, to=side, plan=plan)


def rest(simulation: Simulation, until: datetime) -> list[Message]:
    """Everything that is said from here until then."""
    said: list[Message] = []
    simulation.run(until, lambda message, _: said.append(message))
    return said


def table(was: Sequence[Message], forked: Sequence[Message]) -> str:
    """How often each thing happens in both."""
    rows = [f"{'':32}{'as it was':>12}{'with a rescue':>16}"]
    pairs = zip(counts(was).items(), counts(forked).values(), strict=True)
    rows += [f"{name:32}{before:12}{after:16}" for (name, before), after in pairs]
    return "\n".join(rows) + "\n"


def counts(said: Sequence[Message]) -> dict[str, int]:
    """How often each thing happens in these messages."""
    states = [message.state for message in said if isinstance(message, PlanStatus)]
    return {
        "times that somebody rings": sum(isinstance(message, Ring) for message in said),
        "agreements": sum(isinstance(message, Entered) for message in said),
        "plans refused": states.count(PlanState.REFUSED),
        "flights under way": states.count(PlanState.ACTIVATED),
    }


if __name__ == "__main__":
    main()
