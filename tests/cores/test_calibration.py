"""The table of published figures, and the sums by which they are measured."""

import math
from pathlib import Path

import pytest

from hotline_services.calibration.figures import FIGURES, SOURCES, Result
from hotline_services.calibration.markdown import BEGIN, END, headline, markdown, written_into
from hotline_services.calibration.measures import MEASURES, kendall, slope
from hotline_services.calibration.recipes import CALLS_A_DAY, CROSSINGS_A_DAY, constant, outages
from hotline_services.cli.calibrate import calibrate
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Sighting, UnannouncedFlight


def test_there_are_thirteen_figures_each_with_its_measure_and_more_than_half_held_out() -> None:
    assert [figure.number for figure in FIGURES] == list(range(1, 14))
    assert MEASURES.keys() == {figure.name for figure in FIGURES}
    assert 2 * sum(not figure.fitted for figure in FIGURES) >= len(FIGURES)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_has_a_band_and_known_sources(figure: object) -> None:
    assert figure.low < figure.high  # type: ignore[attr-defined]
    assert all(key in SOURCES for key in figure.source.split(", "))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "in_band"), [(10, True), (12, True), (9.99, False), (12.01, False), (math.inf, False), (math.nan, False)]
)
def test_the_edges_belong_to_a_band_and_nothing_beyond_them(value: float, in_band: bool) -> None:
    assert Result(figure=FIGURES[0], value=value).is_in_band is in_band


@pytest.mark.parametrize(
    ("ys", "tau"), [((5, 4, 3, 2), -1.0), ((2, 3, 4, 5), 1.0), ((5, 5, 5, 5), 0.0), ((5, 4, 4, 3), -5 / 6)]
)
def test_rank_correlation_counts_pairs_in_the_same_and_in_the_opposite_order(ys: tuple[float, ...], tau: float) -> None:
    assert kendall((1, 2, 3, 4), ys) == pytest.approx(tau)


def test_the_slope_is_the_power_with_which_it_grows() -> None:
    assert slope([(n, 3 * n**2) for n in (1, 2, 4, 8)]) == pytest.approx(2)
    assert slope([(0, 0), (1, 5), (10, 50)]) == pytest.approx(1)
    assert math.isnan(slope([(1, 5), (2, 0)]))


def test_constant_rates_are_near_what_they_are_said_to_be_and_the_same_for_the_same_seed() -> None:
    days = 400
    world = constant(read_scenario("valley-day"), days, 7)
    reasons = sum(isinstance(event, Sighting) for event in world.timeline)
    crossings = sum(isinstance(event, UnannouncedFlight) for event in world.timeline)
    for count, rate in ((reasons, CALLS_A_DAY), (crossings, CROSSINGS_A_DAY)):
        assert abs(count - rate * days) < 4 * math.sqrt(rate * days)  # four standard deviations of a Poisson count
    assert constant(read_scenario("valley-day"), days, 7) == world


def test_the_outages_change_nothing_but_the_line() -> None:
    scenario = read_scenario("valley-day")
    with_them, without = outages(scenario, 5, 1), constant(scenario, 5, 1)
    assert with_them.timeline == without.timeline
    assert len(with_them.circuit.down) == 5


def test_a_calibration_is_told_as_a_table_that_replaces_the_one_before() -> None:
    results = [Result(figure=figure, value=figure.low) for figure in FIGURES]
    table = markdown(results, "hotline calibrate")
    assert headline(results) == "13 of 13 figures are in band; of the 7 that were held out, 7"
    assert all(figure.phenomenon in table for figure in FIGURES)
    once = written_into(f"before\n{BEGIN}\nold\n{END}\nafter\n", table)
    assert "old" not in once
    assert written_into(once, table) == once
    with pytest.raises(ValueError, match="lacks the marks"):
        written_into("nothing", table)


@pytest.mark.parametrize("text", [None, "a document without marks"])
def test_that_the_table_has_nowhere_to_go_is_told_before_anything_is_flown(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fly(_: object) -> list[Result]:
        raise AssertionError("flown")

    monkeypatch.setattr("hotline_services.cli.calibrate.measure", fly)
    document = tmp_path / "calibration.md"
    if text is not None:
        document.write_text(text)
    assert calibrate(write=document) == BAD_INPUT
    assert str(document) in capsys.readouterr().err
