"""An error names the field by its whole path, whichever key of a table it stands under, and its line."""

from pathlib import Path

import pytest

from hotline_services.director.scenario import ScenarioError, read_scenario
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
