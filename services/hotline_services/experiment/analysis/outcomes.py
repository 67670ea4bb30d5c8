"""What a run came to, in figures. This is the one place where it is said what each of them means.

* A *call* is a ring that was answered, an *attempt* one that was not (busy, no answer). Each is counted once, when it
  has ended, by the side that rang, on the day on which it rang.
* A *day* is 24 hours of the run, counted from its start.
* A *negotiation* is counted when it ends, by how it did; *late* ones are escalations of that kind: plans that came
  with less notice than the agreement calls late.
* A *crossing* is of the deconfliction line, each way; *outbound* ones lead to the other side's air, and those of them
  are *unagreed* that no plan has there and then, or none that had the consent it needed.
* An *encounter* is a pair of aircraft under no one control that lost separation. A *close call* is an encounter graded
  NMAC, Airprox A or Airprox B: that is where safety was not assured.
* A flight *conforms* when it was inside the air that it was to use for 95 % of its time, and never outside for more
  than 10 s (ASTM F3548-21).
* *Tension* is the level of a side's escalation model. Levels of two different models cannot be compared; stages can.
* Who flies counts under the side that answers for it, and under its operator's name where nobody does.
"""

from typing import Final

import msgspec

from hotline_services.monitor.volume import Spread

LEAST_CONFORMING_SHARE: Final = 0.95
LONGEST_EXCURSION_S: Final = 10.0


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """The line's traffic; loads and times as :mod:`hotline_services.monitor.volume` defines them.

    All counts are of calls, but ``attempts``, and ``by_outcome``: how the rings of both kinds ended.
    """

    total: int
    attempts: int
    by_day: tuple[int, ...]
    by_party: dict[str, int]
    by_reason: dict[str, int]
    by_tier: dict[str, int]
    by_outcome: dict[str, int]
    erlang: float
    waiting: Spread
    set_up: Spread
    hold: Spread


class Flights(msgspec.Struct, frozen=True, kw_only=True):
    """What has been flown to its end. ``conforming_share`` is the mean over flights, ``conforming`` how many did."""

    total: int
    by_side: dict[str, int]
    by_operator: dict[str, int]
    unannounced: int
    deviations: dict[str, int]
    conforming_share: float | None
    conforming: int


class Crossings(msgspec.Struct, frozen=True, kw_only=True):
    """Crossings of the line and entries of zones, by who flew."""

    both_ways: dict[str, int]
    outbound: dict[str, int]
    unagreed: dict[str, int]
    outbound_by_day: tuple[int, ...]
    zone_entries: dict[str, int]
    zone_entries_unagreed: dict[str, int]


class Encounters(msgspec.Struct, frozen=True, kw_only=True):
    """Who came too close. ``between_parties`` are the close calls of one side's flight with one of the other's."""

    by_grade: dict[str, int]
    close_calls: int
    between_parties: int
    close_calls_by_day: tuple[int, ...]
    nearest_nm: float | None


class Tension(msgspec.Struct, frozen=True, kw_only=True):
    """One side's strain over the run: greatest and mean level, and the share of the time in each stage."""

    greatest: float
    mean: float
    stages: dict[str, float]


class People(msgspec.Struct, frozen=True, kw_only=True):
    """What officers did and missed beside calls. ``stopped`` is from understanding a request to stop to having stopped;
    ``absent_h`` is for how many hours each side's duty officers were away."""

    absent_h: dict[str, float]
    misheard: int
    misheard_uncaught: int
    mails: int
    mails_read: int
    stops: int
    stopped: Spread


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Counts are over the whole run; ``..._by_day`` has one number a day."""

    days: float
    calls: Calls
    negotiations: dict[str, int]
    escalations: dict[str, int]
    escalations_by_day: tuple[int, ...]
    plans: dict[str, int]
    agreements: int
    released: int
    rejected: dict[str, int]
    flights: Flights
    crossings: Crossings
    encounters: Encounters
    tension: dict[str, Tension]
    people: People
    reviews: int
    reviews_agreed: int
    suspensions_announced: int
