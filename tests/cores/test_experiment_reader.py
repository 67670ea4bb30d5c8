"""Reading an experiment: everything wrong is said with file, line and field before anything runs."""

from pathlib import Path

import pytest

from hotline_services.director.scenario import scenario_in
from hotline_services.experiment.analysis.design import paths_of, seed_of
from hotline_services.experiment.design_file import ExperimentError, read_experiment, shipped_experiments

GOOD = """\
name = "mine"
title = "Mine"
scenario = "valley-day"
days = 1
replications = 3
seed = 7
outcomes = ["calls_per_day", "tension_mean_us"]

[[factors]]
name = "line"
levels = [
  { name = "on" },
  { name = "off", set = { "circuit.available" = false } },
]

[[factors]]
name = "tempo"

[[factors.levels]]
name = "once"

[[factors.levels]]
name = "twice"
set."traffic.*.tempo" = 2
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_every_combination_of_levels_is_an_arm_the_first_levels_first(tmp_path: Path) -> None:
    prepared = read_experiment(written(tmp_path, GOOD))
    assert [arm.label for arm in prepared.arms] == [
        "line on, tempo once",
        "line on, tempo twice",
        "line off, tempo once",
        "line off, tempo twice",
    ]
    assert prepared.arms[3].changes == {"circuit.available": False, "traffic.*.tempo": 2}
    assert prepared.parties == ("us", "ru")


def test_one_at_a_time_no_two_factors_leave_their_first_level(tmp_path: Path) -> None:
    prepared = read_experiment(written(tmp_path, changed("seed = 7", 'design = "one-at-a-time"')))
    assert [arm.label for arm in prepared.arms] == [
        "line on, tempo once",
        "line off, tempo once",
        "line on, tempo twice",
    ]


def test_an_arm_holds_all_that_a_run_needs_with_the_agreement_and_the_changes(tmp_path: Path) -> None:
    arm = read_experiment(written(tmp_path, GOOD)).arms[3]
    scenario = scenario_in(arm.raw, arm.file)
    assert scenario.circuit.available is False
    assert {traffic.tempo for traffic in scenario.traffic} == {2}
    assert scenario.agreement.parties == ("us", "ru")


def test_arms_that_run_the_same_have_the_same_digest_and_others_have_not(tmp_path: Path) -> None:
    same = changed('{ name = "on" }', '{ name = "on", set = { "circuit.available" = true } }')
    arms = read_experiment(written(tmp_path, same)).arms
    again = read_experiment(written(tmp_path, same)).arms
    assert [arm.digest for arm in arms] == [arm.digest for arm in again]
    assert len({arm.digest for arm in arms}) == 4


def test_a_table_in_a_change_stands_for_the_paths_of_its_fields() -> None:
    written_so = {"circuit": {"available": False}, "officers.ru": {"duty": {"absent": "6h"}}, "a": [{"b": 1}]}
    assert paths_of(written_so) == {"circuit.available": False, "officers.ru.duty.absent": "6h", "a": [{"b": 1}]}


def test_several_scenarios_are_a_factor(tmp_path: Path) -> None:
    text = changed('scenario = "valley-day"', 'scenario = ["valley-day", "euphrates-2017-06-18"]')
    prepared = read_experiment(written(tmp_path, text))
    assert len(prepared.arms) == 8
    assert {arm.levels["scenario"] for arm in prepared.arms} == {"valley-day", "euphrates-2017-06-18"}


def test_a_replications_seed_follows_from_the_experiments_seed_and_its_number_alone(tmp_path: Path) -> None:
    three = read_experiment(written(tmp_path, GOOD)).experiment.seeds
    five = read_experiment(written(tmp_path, changed("replications = 3", "replications = 5"))).experiment.seeds
    assert three == five[:3]
    assert len(set(five)) == 5
    assert seed_of(7, 1) == three[0] != seed_of(8, 1)


def test_fields_can_be_overridden(tmp_path: Path) -> None:
    experiment = read_experiment(written(tmp_path, GOOD), {"replications": 9, "days": 0.5}).experiment
    assert (experiment.replications, experiment.days) == (9, 0.5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed('name = "tempo"', 'nam = "tempo"'), "line 16: factors[1]: Object missing required field `name`"),
        (changed("seed = 7", "sede = 7"), "line 6: sede: no such field; there are: name, title, "),
        (changed("days = 1", 'days = "7d"'), "line 4: days: Expected `float`, got `str`"),
        (changed("days = 1", "days = 0"), "line 4: days: Expected `float` > 0"),
        (
            changed("seed = 7", 'design = "factorial"'),
            "line 6: design: Invalid enum value 'factorial'; there are: full-factorial, one-at-a-time",
        ),
        (
            changed("valley-day", "valey-day"),
            "line 3: scenario: 'valey-day': none of this name is shipped; there are: ",
        ),
        (changed("valley-day", "no/such.toml"), "line 3: scenario: 'no/such.toml': such.toml: file: cannot be read"),
        (
            changed("circuit.available", "circuit.availabel"),
            "line 13: factors[0].levels[1].set.circuit.availabel: no such",
        ),
        (
            changed("= false }", "= 0 }"),
            "line 13: factors[0].levels[1].set.circuit.available: Expected `bool`, got `int`",
        ),
        (
            changed('"circuit.available" = false', 'officers.ru.duty.absent = "6 hours"'),
            'line 13: factors[0].levels[1].set.officers.ru.duty.absent: 6 hours is no length of time: write "27m"',
        ),
        (
            changed("traffic.*.tempo", "traffic.RIVVER.tempo"),
            "line 24: factors[1].levels[1].set.traffic.RIVVER.tempo: none is called 'RIVVER'; there are: TALON, ",
        ),
        (
            changed("traffic.*.tempo", "officers.*.duty.absent"),
            "line 24: factors[1].levels[1].set.officers.*.duty.absent: there is nothing in place of the *",
        ),
        (
            changed('"traffic.*.tempo" = 2', '"circuit.available" = true'),
            "line 24: factors[1].levels[1].set.circuit.available: is set by line already",
        ),
        (
            changed('"calls_per_day"', '"calls_a_day"'),
            "line 7: outcomes[0]: 'calls_a_day' is no outcome; there are: calls_per_day, ",
        ),
        (changed('"tension_mean_us"', '"calls_per_day"'), "line 7: outcomes[1]: 'calls_per_day' is listed already"),
        (changed('"twice"', '"once"'), "line 23: factors[1].levels[1].name: 'once' is a level already"),
        (changed('"tempo"', '"line"'), "line 17: factors[1].name: 'line' stands for something else already"),
        (changed('"tempo"', '"seed"'), "line 17: factors[1].name: 'seed' stands for something else already"),
        (changed('"tempo"', '"erlang"'), "line 17: factors[1].name: 'erlang' is the name of an outcome"),
        ("name = ", "file: is not TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_would_be_right(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_experiment(written(tmp_path, text))
    assert str(caught.value).startswith("mine.toml")
    assert told in str(caught.value)


def test_a_fault_of_the_scenario_itself_is_told_as_the_scenarios(tmp_path: Path) -> None:
    (tmp_path / "day.toml").write_text('name = "day"\n')
    with pytest.raises(ExperimentError, match=r"line 3: scenario: 'day\.toml': day\.toml: title: Object missing"):
        read_experiment(written(tmp_path, changed("valley-day", "day.toml")))


def test_levels_that_fail_only_together_are_told_together(tmp_path: Path) -> None:
    text = changed('"circuit.available" = false', '"timeline.1.plan.lower_ft" = 11_500').replace(
        '"traffic.*.tempo" = 2', '"timeline.1.plan.upper_ft" = 11_000'
    )
    together = r"line 9: factors: line off, tempo twice, taken together: timeline\[1\].plan.lower_ft: must be below"
    with pytest.raises(ExperimentError, match=together):
        read_experiment(written(tmp_path, text))


def test_an_experiment_that_is_not_shipped_is_told_with_those_that_are() -> None:
    with pytest.raises(ExperimentError, match=r"outages: none of this name is shipped; there are: .*outage"):
        read_experiment("outages")


def test_too_many_arms_are_refused_before_they_are_made(tmp_path: Path) -> None:
    levels = ", ".join(f'{{ name = "{number}" }}' for number in range(50))
    factors = "".join(f'[[factors]]\nname = "f{number}"\nlevels = [{levels}]\n' for number in range(5))
    with pytest.raises(ExperimentError, match="line 9: factors: make 312,500,000 arms, and 1,000 are the most"):
        read_experiment(written(tmp_path, GOOD[: GOOD.index("[[factors]]")] + factors))


@pytest.mark.parametrize("name", shipped_experiments())
def test_a_shipped_experiment_can_be_run(name: str) -> None:
    prepared = read_experiment(name)
    assert prepared.experiment.name == name
    assert len({arm.digest for arm in prepared.arms}) == len(prepared.arms)
