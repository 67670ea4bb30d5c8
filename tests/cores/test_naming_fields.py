"""An error names the field by its whole path, whichever key of a table it stands under, and its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_services.director.changes import ChangeError, read_change
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.experiment.design_file import ExperimentError, read_experiment
from hotline_services.resources import scenarios_folder

SHIPPED = "valley-2017"


def line_in(text: str, table: str, key: str) -> int:
    """The line of the first ``key`` under this table's header."""
    lines = text.splitlines()
    header = lines.index(f"[{table}]")
    return next(number for number in range(header + 1, len(lines)) if lines[number].startswith(key)) + 1


@pytest.mark.parametrize("party", ["us", "ru"])
def test_a_value_out_of_range_is_blamed_on_its_own_party_and_line(party: str, tmp_path: Path) -> None:
    text = (scenarios_folder() / f"{SHIPPED}.toml").read_text(encoding="utf-8")
    before, header, after = text.partition(f"[parties.{party}]\n")
    wrong = after.replace("answer_s = ", "answer_s = 9999", 1)
    path = tmp_path / "mine.toml"
    path.write_text(before + header + wrong, encoding="utf-8")
    line = line_in(text, f"parties.{party}", "officer")
    with pytest.raises(ScenarioError) as caught:
        read_scenario(path)
    assert str(caught.value).startswith(f"mine.toml, line {line}: parties.{party}.officer.answer_s: ")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("officers.ru.deputy.answer", "soon", "officers.ru.deputy.answer"),
        ("officers.ru.duty.shifts", 3, "officers.ru.duty.shifts"),
        ("parties.ru.strain.model", "fear", "parties.ru.strain.model"),
        ("parties.ru.strategy.kind", "whim", "parties.ru.strategy.kind"),
        ("parties.R U.officer.answer_s", 9, "parties.R U"),
        ("places.St. Nowhere", 1, "places.St. Nowhere"),
    ],
)
def test_a_wrong_value_or_key_is_named_by_the_key_it_stands_under(path: str, value: object, field: str) -> None:
    changes = {path: value}
    if path.startswith("places."):
        changes = {"places": {"Here": [36.0, 38.0], "St. Nowhere": 1}}
    with pytest.raises(ScenarioError) as caught:
        read_scenario(SHIPPED, changes)
    assert caught.value.field == field


@pytest.mark.parametrize("start", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", "1949-12-31T23:59:59Z"])
def test_a_start_that_no_run_can_be_counted_from_is_refused(start: str) -> None:
    with pytest.raises(ScenarioError, match=r"start: .*: must lie in the years from 1950 to 2100"):
        read_scenario(SHIPPED, {"start": datetime.fromisoformat(start)})


@pytest.mark.parametrize("table", ["timeline", "expect"])
def test_a_time_at_the_end_of_the_calendar_is_blamed_on_its_field(table: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario("deir-ez-zor-2016-09-17", {f"{table}.*.at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)})
    assert caught.value.field == f"{table}[0].at"
    assert "must lie in the years from 1950 to 2100" in caught.value.reason


def test_what_is_nested_too_deeply_is_refused_with_a_sentence(tmp_path: Path) -> None:
    deep = "[" * 5_000 + "]" * 5_000
    path = tmp_path / "deep.toml"
    path.write_text(f"x = {deep}\n")
    with pytest.raises(ScenarioError, match=r"deep\.toml: file: .* too deeply"):
        read_scenario(path)
    with pytest.raises(ExperimentError, match=r"deep\.toml: file: .* too deeply"):
        read_experiment(path)
    with pytest.raises(ChangeError, match=r"x: .* too deeply"):
        read_change(f"x={deep}")
