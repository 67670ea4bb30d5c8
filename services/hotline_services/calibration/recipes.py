"""Worlds of constant rates, for what follows from rates alone: calls and crossings come at random, day and night."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from hotline_protocol.airspace import Position
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.injection import SightingKind
from hotline_services.aoc.config import Officer, Strain
from hotline_services.director.script import Flight, Scenario, Sighting, UnannouncedFlight
from hotline_services.director.setting import Break, Circuit, Sky
from hotline_services.director.written import CorridorAlong, Duration, Moment, Spot
from hotline_services.simulation.chance import Chance

CALLS_A_DAY: Final = 11.0
CROSSINGS_A_DAY: Final = 7.0
OUTAGE: Final = timedelta(hours=6)
OUTAGE_FROM: Final = timedelta(hours=12)
SOUTH, NORTH = Spot(Position(39.42, 35.50)), Spot(Position(39.42, 35.85))
TEN_MINUTES: Final = 600.0


def constant(scenario: Scenario, days: int, seed: int) -> Scenario:
    """Eleven reasons to ring and seven flights across the line a day, at constant rates; nothing else happens.

    Nobody sees the crossings, or is strained by anything: either would be a reason to ring more.
    """
    chance = Chance(seed)
    return replace(
        scenario,
        sky=Sky(sees=0.0),
        parties={name: replace(party, strain=Strain()) for name, party in scenario.parties.items()},
        traffic=(),
        fronts=None,
        officers={},
        agreement=replace(scenario.agreement, line_check=None, line_review=None),
        timeline=(*_reasons(scenario.start, days, chance), *_crossings(scenario.start, days, chance)),
    )


def outages(scenario: Scenario, days: int, seed: int) -> Scenario:
    """The same, with the line down for six hours of each day."""
    down = tuple(Break(start=Moment(timedelta(days=day) + OUTAGE_FROM), lasts=Duration(OUTAGE)) for day in range(days))
    return replace(constant(scenario, days, seed), circuit=Circuit(down=down))


def long_calls(scenario: Scenario, days: int, seed: int) -> Scenario:
    """The same with nothing but calls, of ten minutes each: that is how long a protest takes to be understood."""
    world = constant(scenario, days, seed)
    slow = Officer(answer_s=5.0, think_s=TEN_MINUTES, reads_back=False)
    return replace(
        world,
        sky=None,
        timeline=tuple(event for event in world.timeline if isinstance(event, Sighting)),
        agreement=replace(world.agreement, timing=replace(world.agreement.timing, silence_s=3_600.0)),
        parties={name: replace(party, officer=slow) for name, party in world.parties.items()},
    )


def _arrivals(rate_a_day: float, days: int, chance: Chance, purpose: str) -> Iterator[timedelta]:
    """A Poisson process: exponential times between arrivals."""
    draw = chance.stream(purpose).random
    at = 0.0
    while (at := at - math.log(1.0 - draw()) / rate_a_day) < days:
        yield timedelta(seconds=round(86_400 * at))


def _reasons(start: datetime, days: int, chance: Chance) -> Iterator[Sighting]:
    sides = ("us", "ru")
    for number, after in enumerate(_arrivals(CALLS_A_DAY, days, chance, "constant/calls")):
        yield Sighting(
            at=Moment(start + after),
            to=sides[number % 2],
            by=sides[(number + 1) % 2],
            kind=SightingKind.SHOW_OF_FORCE,
            where=SOUTH,
        )


def _crossings(start: datetime, days: int, chance: Chance) -> Iterator[UnannouncedFlight]:
    for number, after in enumerate(_arrivals(CROSSINGS_A_DAY, days, chance, "constant/crossings")):
        flight = Flight(
            callsign=f"C{number % 10_000:04d}",
            plan_id=f"crossing-{number}",
            kind=FlightKind.TRANSPORT,
            area=CorridorAlong(route=(SOUTH, NORTH), half_width_nm=3.0),
            lower_ft=18_000,
            upper_ft=20_000,
            start=Moment(timedelta(0)),
            end=Moment(timedelta(minutes=4)),
        )
        yield UnannouncedFlight(at=Moment(start + after), side="ru", plan=flight)


RECIPES: Final = {"constant": constant, "outages": outages, "long-calls": long_calls}
