"""The published figures that a run is held against, each with its band; see docs/calibration.md for what they mean.

A figure is *fitted* when a number of a scenario was chosen so that it comes out, or states it outright, or when how it
is measured was changed after its value had been seen; it is *held out* when nothing was. Bands were written down before
anything was measured. Sources are named by the keys of
``SOURCES``; press figures are single reports, and so bands.
"""

from typing import Final

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: what is measured, in which unit, the band that it must fall in, and whether it was fitted."""

    number: int
    name: str
    phenomenon: str
    published: str
    unit: str
    low: float
    high: float
    fitted: bool
    source: str
    measured_as: str


SOURCES: Final = {
    "R17": "Reuters, 23-24 August 2017",
    "LAT17": "Los Angeles Times, 7 April 2017",
    "ZEIT15": "AFP, Gen. Carlisle, 11 November 2015",
    "DC16": "The New York Times, Col. Manning, December 2016",
    "CNN17": "CNN, 8 December 2017",
    "OCT16": "The Hill and Fox News, October 2016",
    "DEZ16": "US Central Command's investigation, November 2016; Wikipedia, September 2016 Deir ez-Zor air raid",
    "SU22": "CJTF-OIR release, 18 June 2017",
    "ELN14": "European Leadership Network, Dangerous Brinkmanship, November 2014",
    "LEWIS12": "E. Lewis and others, Self-exciting point process models, Security Journal 25, 2012",
    "queueing": "A. K. Erlang, 1917: the loss formula for one line",
    "Poisson": "follows from constant rates",
    "geometry": "pairs grow as the square of the flights",
}

FIGURES: Final = (
    Figure(
        number=1,
        name="calls-busy",
        phenomenon="Calls a day in the crowded valley",
        published="10-12",
        unit="calls a day",
        low=10,
        high=12,
        fitted=True,
        source="R17",
        measured_as="mean over the runs of valley-2017",
    ),
    Figure(
        number=2,
        name="calls-quiet",
        phenomenon="Calls a day while the fronts are far apart",
        published="0.4-2",
        unit="calls a day",
        low=0.4,
        high=2.0,
        fitted=False,
        source="ZEIT15, DC16, LAT17",
        measured_as="the same with the fronts 80 NM apart",
    ),
    Figure(
        number=3,
        name="distance-of-fronts",
        phenomenon="Calls and approaches fall as the fronts part",
        published="fall",
        unit="Kendall's tau",
        low=-1.0,
        high=-0.8,
        fitted=False,
        source="R17",
        measured_as="rank correlation of distance (0, 10, 20, 40, 80 NM) with calls and with losses of separation: the "
        "weaker of the two",
    ),
    Figure(
        number=4,
        name="crossings",
        phenomenon="Crossings of the line a day, crowded valley",
        published="6-8",
        unit="crossings a day",
        low=6,
        high=8,
        fitted=True,
        source="CNN17",
        measured_as="flights of the Russian side and its partners that cross outbound without consent",
    ),
    Figure(
        number=5,
        name="close-calls-2016",
        phenomenon="Close calls, autumn 2016",
        published="about 1 in 10 days",
        unit="close calls a day",
        low=0.05,
        high=0.2,
        fitted=False,
        source="OCT16",
        measured_as="encounters of the two sides graded NMAC, Airprox A or B, in autumn-2016",
    ),
    Figure(
        number=6,
        name="absent-27-min",
        phenomenon="Share of a uniform activity that falls into 27 minutes without the contact",
        published="16.4 of 37 (15 did)",
        unit="of 37",
        low=14.5,
        high=18.0,
        fitted=True,
        source="DEZ16",
        measured_as="deir-ez-zor-2016-09-17: wait from the first ring to being understood, by the time the flight was "
        "there",
    ),
    Figure(
        number=7,
        name="stopped",
        phenomenon="From a message understood to the activity stopped",
        published="under 5",
        unit="min",
        low=0.0,
        high=5.0,
        fitted=True,
        source="DEZ16",
        measured_as="the same run",
    ),
    Figure(
        number=8,
        name="june-18",
        phenomenon="From the first attack to the loss of the aircraft on 18 June 2017, a call between",
        published="133",
        unit="min",
        low=131,
        high=135,
        fitted=True,
        source="SU22",
        measured_as="euphrates-2017-06-18: between the two reports, where a call was completed in between (else none)",
    ),
    Figure(
        number=9,
        name="pyramid",
        phenomenon="Severity pyramid of incidents, 3 : 11 : 25",
        published="3.7 and 2.3 from step to step",
        unit="largest factor off",
        low=1.0,
        high=2.0,
        fitted=True,
        source="ELN14",
        measured_as="encounters of the two sides in valley-2017: NMAC and Airprox A, to B, to C and below separation",
    ),
    Figure(
        number=10,
        name="clustering",
        phenomenon="Incidents cluster: no Poisson process",
        published="> 1",
        unit="index of dispersion",
        low=1.25,
        high=10.0,
        fitted=False,
        source="LEWIS12",
        measured_as="variance by mean of incidents a day in valley-2017; 90 days of a Poisson process exceed 1.25 once "
        "in twenty times",
    ),
    Figure(
        number=11,
        name="conflicts-by-flights",
        phenomenon="Conflicts against the number of flights, nothing resolved",
        published="about 2",
        unit="log-log slope",
        low=1.7,
        high=2.3,
        fitted=False,
        source="geometry",
        measured_as="valley-2017 without a line, tempo 0.5, 1, 2 and 4: losses of separation of the two sides",
    ),
    Figure(
        number=12,
        name="outage-calls",
        phenomenon="Calls lost in a 6-hour outage at 11 calls a day",
        published="2.75; P(at least one of 7 crossings a day) 83 %",
        unit="calls",
        low=2.3,
        high=3.2,
        fitted=False,
        source="Poisson",
        measured_as="constant rates, the line down for six hours of each day: calls missing in those hours, where the "
        "share of outages with a crossing lies within 78-88 % (else none)",
    ),
    Figure(
        number=13,
        name="line-load",
        phenomenon="One line, 11 calls a day of 10 min",
        published="0.076 Erlang, 7.1 % blocked",
        unit="Erlang",
        low=0.068,
        high=0.084,
        fitted=False,
        source="queueing",
        measured_as="the same with calls of ten minutes: load, where between 6 and 8.5 % of the calls found the line "
        "taken (else none)",
    ),
)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came out for a figure. ``detail`` is what else was measured, in words."""

    figure: Figure
    value: float
    detail: str = ""

    @property
    def is_in_band(self) -> bool:
        """Whether the value falls in the band, edges included."""
        return self.figure.low <= self.value <= self.figure.high
