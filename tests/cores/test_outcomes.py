"""What a run comes to in figures: counted once, in any order, and as the catalogue says."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.airspace import Position
from hotline_protocol.events import PresenceChanged, Stage, StrainChanged
from hotline_protocol.line import Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.sky import Encountered, FlightFlown, Flyer, Grade, LineCrossed
from hotline_services.experiment.analysis.catalogue import catalogue, dispersion, measured
from hotline_services.experiment.analysis.levels import logarithmic_mean
from hotline_services.experiment.analysis.outcomes import Outcomes
from hotline_services.experiment.analysis.run_tally import Tally

from .talk import NOON, at, everything

PARTIES = ("us", "ru")
HERE = Position(39.4, 35.6)


def flyer(side: str | None, operator: str = "", callsign: str = "VIPER21") -> Flyer:
    return Flyer(side=side, operator=operator or side or "", plan_id=callsign, callsign=callsign)


def sky_events() -> list[Message]:
    """Two crossings out, one of them unagreed, and one back; three encounters; a flight late and out of its air."""
    sky = Author("sky")

    def crossed(hours: float, who: Flyer, *, outbound: bool = True, conforming: bool = True) -> Message:
        fields: dict[str, Any] = {"at": HERE, "altitude_ft": 9_000.0, "outbound": outbound, "conforming": conforming}
        return sky.say(LineCrossed, at(hours * 3_600), flyer=who, **fields)

    def met(hours: float, grade: Grade, other: Flyer, nm: float) -> Message:
        near: dict[str, Any] = {"horizontal_nm": nm, "vertical_ft": 200.0, "at": HERE, "altitude_ft": 9_000.0}
        times: dict[str, Any] = {"began_at": at(hours * 3_600 - 20), "ended_at": at(hours * 3_600 + 20)}
        return sky.say(Encountered, at(hours * 3_600), one=flyer("us"), other=other, grade=grade, **times, **near)

    return [
        crossed(1, flyer("us")),
        crossed(2, flyer("us"), outbound=False),
        crossed(30, flyer("ru", "syaaf"), conforming=False),
        met(3, Grade.AIRPROX_B, flyer("ru"), 0.4),
        met(4, Grade.NMAC, flyer(None, "tuaf"), 0.05),
        met(31, Grade.AIRPROX_C, flyer("ru"), 1.5),
        sky.say(
            FlightFlown,
            at(9_000),
            flyer=flyer("ru", "syaaf"),
            began_at=at(5_000),
            ended_at=at(9_000),
            conforming_share=0.9,
            longest_excursion_s=400.0,
            deviation="late",
        ),
        sky.say(
            FlightFlown,
            at(9_100),
            flyer=flyer("us"),
            began_at=at(5_000),
            ended_at=at(9_100),
            conforming_share=0.96,
            longest_excursion_s=8.0,
        ),
    ]


def strained(side: Author, hours: float, before: float, after: float, stage: Stage) -> Message:
    said = {"because": "sighting", "arithmetic": f"{before} + {after - before}"}
    return side.say(
        StrainChanged, at(hours * 3_600), peer="us", model="goldstein", before=before, after=after, stage=stage, **said
    )


def outcomes(messages: list[Message], days: float = 2.0) -> Outcomes:
    tally = Tally()
    for message in messages:
        tally.take(message)
    return tally.outcomes(NOON, days)


ALL = [*everything(), *sky_events()]


@given(st.permutations(ALL), st.lists(st.sampled_from(ALL), max_size=10))
def test_outcomes_are_the_same_in_any_order_and_with_any_repetition(
    shuffled: list[Message], again: list[Message]
) -> None:
    assert outcomes(shuffled + again) == outcomes(ALL)


def test_calls_are_counted_by_whoever_rang_and_by_the_day_on_which_it_rang() -> None:
    calls = outcomes(ALL).calls
    assert (calls.total, calls.by_day, calls.by_party) == (2, (2, 0), {"us": 2})
    assert calls.by_reason == {"short-notice": 2}
    assert calls.by_tier == {"duty-officer": 2}


def test_a_ring_that_nobody_answers_is_an_attempt_and_no_call() -> None:
    calls = outcomes(ALL).calls
    assert (calls.total, calls.attempts) == (2, 1)
    assert calls.by_outcome == {"completed": 2, "no-answer": 1}
    assert measured(outcomes(ALL), PARTIES)["attempts_per_day"] == 0.5


def test_load_in_erlang_is_the_share_of_time_for_which_the_line_is_taken() -> None:
    assert outcomes(ALL, days=1.0).calls.erlang == pytest.approx((208 + 208 + 60) / 86_400)


def test_negotiations_agreements_plans_and_what_was_rejected_are_counted() -> None:
    run = outcomes(ALL)
    assert run.negotiations == {"agreed-with-changes": 2}
    assert (run.agreements, run.released, run.plans) == (2, 0, {"accepted": 2})
    assert (run.escalations, run.rejected, run.suspensions_announced) == ({"tier-raised": 1}, {"malformed": 1}, 1)


def test_a_crossing_is_unagreed_when_it_leads_out_and_does_not_conform() -> None:
    crossings = outcomes(ALL).crossings
    assert crossings.both_ways == {"ru": 1, "us": 2}
    assert (crossings.outbound, crossings.unagreed) == ({"ru": 1, "us": 1}, {"ru": 1})
    assert crossings.outbound_by_day == (1, 1)


def test_close_calls_are_nmac_and_airprox_a_and_b_and_between_the_sides_only_when_both_answer() -> None:
    met = outcomes(ALL).encounters
    assert met.by_grade == {"airprox-b": 1, "airprox-c": 1, "nmac": 1}
    assert (met.close_calls, met.between_parties, met.close_calls_by_day) == (2, 1, (2, 0))
    assert met.nearest_nm == 0.05


def test_a_flight_conforms_by_both_bounds_of_the_standard() -> None:
    flights = outcomes(ALL).flights
    assert (flights.total, flights.conforming, flights.deviations) == (2, 1, {"late": 1})
    assert flights.by_operator == {"syaaf": 1, "us": 1}
    assert flights.by_side == {"ru": 1, "us": 1}


def test_tension_is_averaged_over_time_as_it_decays_and_each_stage_has_its_share() -> None:
    ru = Author("ru")
    steps = [strained(ru, 12, 0.0, 16.0, Stage.TENSE), strained(ru, 24, 4.0, 2.0, Stage.CALM)]
    tension = outcomes(steps).tension["ru"]
    assert tension.greatest == 16.0
    assert tension.mean == pytest.approx((12 * logarithmic_mean(16, 4) + 24 * 2.0) / 48)
    assert tension.stages == {"calm": 0.75, "tense": 0.25, "strained": 0.0, "crisis": 0.0}


def test_what_halves_in_two_equal_times_has_the_mean_of_an_exponential() -> None:
    assert logarithmic_mean(16.0, 4.0) == pytest.approx(12.0 / 1.3862943611)
    assert (logarithmic_mean(3.0, 3.0), logarithmic_mean(4.0, 0.0)) == (3.0, 2.0)


@pytest.mark.parametrize(
    ("steps", "hours"),
    [
        ([(10, False), (14, True)], 4.0),
        ([(10, True)], 10.0),
        ([(10, False)], 38.0),
        ([(10, False), (12, False), (14, True), (20, True)], 4.0),
    ],
)
def test_a_desk_is_empty_from_leaving_to_coming_and_before_the_first_comes(
    steps: list[tuple[float, bool]], hours: float
) -> None:
    ru = Author("ru")
    changes: list[Message] = [
        ru.say(PresenceChanged, at(hour * 3_600), tier=Tier.DUTY_OFFICER, present=present) for hour, present in steps
    ]
    assert outcomes(changes).people.absent_h == {"ru": hours}


def test_the_catalogue_gives_every_measure_a_name_a_unit_and_a_sentence() -> None:
    for name, measure in catalogue(PARTIES).items():
        assert name == measure.name
        assert name.replace("_", "").isalnum()
        assert measure.unit
        assert measure.what


def test_measures_are_the_outcomes_by_name() -> None:
    values = measured(outcomes(ALL), PARTIES)
    assert values["calls_per_day"] == 1.0
    assert values["crossings_unagreed_per_day_ru"] == 0.5
    assert values["close_calls_per_day"] == 1.0
    assert values["conforming_flights"] == 0.5
    assert values["agreed_share"] == 1.0


def test_a_measure_without_a_meaning_is_none() -> None:
    values = measured(outcomes([]), PARTIES)
    assert values["agreed_share"] is None
    assert values["nearest_nm"] is None
    assert values["calls_dispersion"] is None
    assert values["calls_per_day"] == 0.0


def test_dispersion_is_variance_by_mean() -> None:
    assert dispersion((0, 2, 4)) == 2.0
    assert dispersion((3,)) is None
    assert dispersion((0, 0)) is None


def test_a_day_that_was_not_whole_does_not_count_for_the_spread() -> None:
    assert measured(outcomes(ALL, days=1.5), PARTIES)["calls_per_day_sd"] is None
    assert outcomes(ALL, days=1.5).calls.by_day == (2, 0)


def test_the_guide_lists_every_outcome_and_no_other() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text()
    listed = guide[guide.index("| outcome | unit |") :]
    patterns = [re.sub(r"{[^}]+}", "[a-z0-9_]+", name) for name in re.findall(r"`([a-z0-9_{} ]+)`", listed)]
    names = list(catalogue(PARTIES))
    assert [name for name in names if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in names)] == []
