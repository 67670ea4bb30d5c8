"""On which line of a TOML text a field stands."""

import tomllib
from typing import Any

import pytest

from hotline_services.director.lines import line_of
from hotline_services.resources import scenarios_folder

TEXT = """\
name = "x"  # [not a table]
words = \"\"\"
[[traffic]]
days = 3
\"\"\"
days = 1

[parties.us]
officer = { answer_s = 8, think_s = 20 }

[[factors]]
name = "line"
levels = [
  { name = "on" },
  { name = "off", set = { "circuit.available" = false, officers.ru.duty.absent = "6h" } },
]

[[factors]]
name = "tempo"
[[factors.levels]]
name = "once"
[[factors.levels]]
name = "twice"
set."traffic.*.tempo" = 2
"""


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("name", 1),
        ("days", 6),
        ("parties.us.officer.think_s", 9),
        ("parties[...].officer.think_s", 9),
        ("factors[0].name", 12),
        ("factors[0].levels[1].name", 15),
        ("factors[0].levels[1].set.circuit.available", 15),
        ("factors[0].levels[1].set.officers.ru.duty.absent", 15),
        ("factors[1].levels[1].set.traffic.*.tempo", 24),
        ("factors[1].levels[0]", 20),
        ("parties.us.officer.nothing", 9),
        ("factors[7].levels", 11),
        ("nothing.at.all", None),
    ],
)
def test_a_field_is_on_its_line_or_on_that_of_what_holds_it(field: str, line: int | None) -> None:
    assert line_of(TEXT, field) == line


def fields(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict):
        return [found for name in value for found in [f"{path}.{name}", *fields(value[name], f"{path}.{name}")]]
    if isinstance(value, list):
        return [found for number, each in enumerate(value) for found in fields(each, f"{path}[{number}]")]
    return []


@pytest.mark.parametrize("path", sorted(scenarios_folder().glob("**/*.toml")), ids=lambda path: path.stem)
def test_every_field_of_a_shipped_file_is_on_a_line_that_spells_it(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    for field in fields(tomllib.loads(text))[::7]:
        line = line_of(text, field.removeprefix("."))
        assert line
        assert field.rpartition(".")[2] in text.splitlines()[line - 1]
