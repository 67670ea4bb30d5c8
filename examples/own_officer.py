"""Put an officer of your own at a desk: the same day with the automatic officer and with another one.

An officer is a function from a question to an answer. This one grants every flight of the other side that it is asked
about, picks up within five seconds, and protests against nothing. How often each thing happens is printed side by side.
"""

import argparse
import sys
from collections.abc import Mapping
from datetime import timedelta

from hotline_protocol.events import CallEnded, NegotiationEnded, NegotiationOutcome
from hotline_protocol.line import Counter, Protest
from hotline_protocol.message import Message
from hotline_services.aoc.negotiation import Accept, Response
from hotline_services.aoc.officer import OwnOfficer
from hotline_services.aoc.questions import (
    Answer,
    LetPass,
    OfferMade,
    PickUp,
    Question,
    RingHeard,
    SightingMade,
)
from hotline_services.director.scenario import read_scenario
from hotline_services.world import build

EXAMPLE = """example:
  python examples/own_officer.py valley-day --side us
"""


def generous(question: Question) -> Answer | None:
    """Answer the question; None leaves it to the automatic officer."""
    match question:
        case RingHeard():
            return PickUp(in_s=5.0)
        case OfferMade(request=request) if request.plan_id is None:  # it is their flight that is talked about
            return Response(Accept())
        case SightingMade():
            return LetPass()
        case _:
            return None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenario", nargs="?", default="valley-day", help="a shipped scenario, or a file")
    parser.add_argument("--hours", type=float, default=24.0, help="how many hours are played")
    parser.add_argument("--side", default="us", help="at whose desk the other officer sits")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()

    automatic = counts(played(asked.scenario, asked.seed, asked.hours, {}), asked.side)
    own = counts(played(asked.scenario, asked.seed, asked.hours, {asked.side: generous}), asked.side)
    sys.stdout.write(f"{asked.scenario}, {asked.hours:g} hours, at the desk of {asked.side}\n\n")
    sys.stdout.write(f"{'':40}{'automatic':>12}{'generous':>12}\n")
    for name in automatic:
        sys.stdout.write(f"{name:40}{automatic[name]:12}{own[name]:12}\n")


def played(scenario: str, seed: int, hours: float, officers: Mapping[str, OwnOfficer]) -> list[Message]:
    """All that is said on this day with these officers."""
    said: list[Message] = []
    simulation = build(read_scenario(scenario), seed, officers=officers)
    simulation.run(simulation.start + timedelta(hours=hours), lambda message, _: said.append(message))
    return said


def counts(said: list[Message], side: str) -> dict[str, int]:
    """How often each thing happens that the officer of this side has a say in."""
    asked = [each for each in said if isinstance(each, NegotiationEnded) and each.responder == side]
    rung = [each for each in said if isinstance(each, CallEnded) and each.callee == side]
    waits = [(each.answered_at - each.rang_at).total_seconds() for each in rung if each.answered_at is not None]
    return {
        "flights that the other side asks for": len(asked),
        "granted as filed": sum(each.outcome is NegotiationOutcome.AGREED_AS_FILED for each in asked),
        "counter-offers made": sum(isinstance(each, Counter) and each.source == side for each in said),
        "seconds until the phone is answered": round(sum(waits) / len(waits)) if waits else 0,
        "protests made": sum(isinstance(each, Protest) and each.source == side for each in said),
    }


if __name__ == "__main__":
    main()
