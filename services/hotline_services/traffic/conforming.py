"""Whether a flight is in the air that it was to use: how long it is outside, and when that is told.

The figures are those of ASTM F3548-21 for operational intents, as published in the InterUSS constants: of a flight's
time 95 % or more inside (``OiMinConformancePercent``), no longer than 10 s outside at once
(``OiMaxDurationPerExcursionSeconds``), and back within 60 s of being nonconforming, or else it is contingent
(``MaxRecoverableTimeInNonconformingStateSeconds``).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from hotline_protocol.geometry import Footprint

from .affairs import affairs_of
from .laps import Laps, time_inside
from .passage import Span, gaps, union
from .path import Path

CONFORMING_SHARE: Final = 0.95
LONGEST_EXCURSION_S: Final = 10.0
RECOVERED_WITHIN_S: Final = 60.0


class Air(NamedTuple):
    """A volume made ready, in seconds of the paths' epoch."""

    mark: Footprint
    lower_ft: float
    upper_ft: float
    start_s: float
    end_s: float


def excursions(path: Path, laps: Laps | None, airs: Iterable[Air], from_s: float) -> list[Span]:
    """When the path, which consists of these laps if of any, is in none of these, from this time to its end."""
    spans = union(span for air in airs for span in time_inside(path, laps, *air))
    clipped = union(Span(max(began, from_s), ended) for began, ended in spans if ended > from_s)
    return gaps(clipped, max(from_s, path.start_s), path.end_s)


def absences(flown: tuple[float, float], window: tuple[float, float], from_s: float) -> list[Span]:
    """The same of a flight that is in its area all along; flown, and its own, are from when until when."""
    start_s, end_s = max(from_s, flown[0]), flown[1]
    inside_s = Span(max(window[0], start_s), min(window[1], end_s))
    return gaps([inside_s] if inside_s.began_s < inside_s.ended_s else [], start_s, end_s)


def judged_anew(before: Sequence[Span], after: Sequence[Span], at_s: float) -> list[Span]:
    """What was outside by what counted up to a time, and is by what counts from then on."""
    past = [Span(began, min(ended, at_s)) for began, ended in before if began < at_s]
    return union([*past, *after])


class Verdict(NamedTuple):
    """How well a flight kept to its air."""

    share: float
    longest_s: float

    @property
    def conforming(self) -> bool:
        """As F3548 has it."""
        return self.share >= CONFORMING_SHARE and self.longest_s <= LONGEST_EXCURSION_S


def verdict(outside: Iterable[Span], start_s: float, end_s: float) -> Verdict:
    """On a flight that lasted from start to end and was outside then."""
    lengths = [min(ended, end_s) - max(began, start_s) for began, ended in outside if began < end_s and ended > start_s]
    return Verdict(max(0.0, 1.0 - math.fsum(lengths) / (end_s - start_s)), max(lengths, default=0.0))


class Turnover(NamedTuple):
    """At this time it is told that a flight is no longer, or once more, in its air; how long it was outside by then."""

    t_s: float
    conforming: bool
    outside_s: float


def turnovers(outside: Iterable[Span], end_s: float) -> list[Turnover]:
    """What is told of these, by affairs: nothing of what lasts no longer than is allowed; no return if the flight ends
    first.
    """
    long = [span for span in outside if span.ended_s - span.began_s > LONGEST_EXCURSION_S]
    told = []
    for began, ended in affairs_of(long):
        told.append(Turnover(began + LONGEST_EXCURSION_S, conforming=False, outside_s=LONGEST_EXCURSION_S))
        if ended < end_s:
            outside_s = math.fsum(span.ended_s - span.began_s for span in long if began <= span.began_s < ended)
            told.append(Turnover(ended, conforming=True, outside_s=outside_s))
    return told
