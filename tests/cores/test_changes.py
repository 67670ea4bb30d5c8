"""Single values of a scenario that are set from outside."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_services.director.changes import ChangeError, change, read_change
from hotline_services.director.scenario import ScenarioError, read_scenario

BEFORE = datetime(1990, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("officers.ru.duty.absent=0m", "officers.ru.duty.absent", "0m"),
        ("days=3", "days", 3),
        ("circuit.available=false", "circuit.available", False),
        ('traffic.BURAN.blocks=["A", "B"]', "traffic.BURAN.blocks", ["A", "B"]),
        ("description=a=b", "description", "a=b"),
        (" days = 2 ", "days", 2),
    ],
)
def test_a_change_is_a_path_and_a_value_of_toml_or_a_word(text: str, path: str, value: Any) -> None:
    assert read_change(text) == (path, value)


@pytest.mark.parametrize("text", ["days", "=3", ""])
def test_a_change_without_a_path_or_value_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ChangeError, match="write path=value"):
        read_change(text)


def test_what_is_not_there_is_made_and_lists_are_called_by_name_number_or_all() -> None:
    raw: dict[str, Any] = {"traffic": [{"callsign": "A", "n": 1}, {"callsign": "B", "n": 1}]}
    change(raw, {"sky.sees": 0.5, "traffic.A.n": 2, "traffic.1.n": 3, "traffic.*.tempo": 4})
    assert raw == {
        "sky": {"sees": 0.5},
        "traffic": [{"callsign": "A", "n": 2, "tempo": 4}, {"callsign": "B", "n": 3, "tempo": 4}],
    }


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("traffic.C.n", "none is called 'C'; there are: A"),
        ("traffic.7.n", "none is called '7'"),
        ("traffic.A", "name a field of 'A'"),
        ("days.x", "cannot be set in a single value"),
    ],
)
def test_a_path_that_leads_nowhere_says_what_there_is(path: str, reason: str) -> None:
    with pytest.raises(ChangeError, match=reason) as error:
        change({"days": 1, "traffic": [{"callsign": "A"}]}, {path: 1})
    assert error.value.path == path


def test_a_scenario_is_read_as_changed_and_a_wrong_field_is_named() -> None:
    assert read_scenario("valley-day", {"parties.ru.officer.think_s": 60}).parties["ru"].officer.think_s == 60
    with pytest.raises(ScenarioError) as error:
        read_scenario("valley-day", {"officers.ru.dutty.absent": "0m"})
    assert error.value.field == "officers.ru.dutty"
    assert "there are: duty" in error.value.reason


@pytest.mark.parametrize(
    ("path", "field", "words"),
    [
        ("parties.ru.strain.model", "parties.ru.strain.model", "none, ladder, goldstein, hawkes"),
        ("timeline.attack.action", "timeline[2].action", "submit-plan, cancel-plan"),
        ("traffic.TALON.areas.0.shape", "traffic[0].areas[0].shape", "circle, corridor, polygon, front"),
    ],
)
def test_for_a_wrong_word_those_that_may_stand_there_are_told_and_where(path: str, field: str, words: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read_scenario("euphrates-2017-06-18", {path: "wrong"})
    assert error.value.field == field
    assert f"there are: {words}" in error.value.reason


def test_words_that_only_other_kinds_of_events_have_are_not_offered() -> None:
    with pytest.raises(ScenarioError) as error:
        read_scenario("euphrates-2017-06-18", {"timeline.attack.kind": "wrong"})
    assert error.value.reason.endswith("aircraft-lost, unannounced-flight")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("timeline", [{"at": "x", "action": "crash", "party": "ru", "minutes": 3}], "timeline[0].at"),
        ("timeline", [{"at": BEFORE, "action": "crash", "party": "ru", "minutes": 3}], "timeline[0].at"),
        ("timeline", [{"at": BEFORE, "action": "outage", "minutes": 3}], "timeline[0].at"),
        ("circuit.down", [{"start": BEFORE, "lasts": "1h"}], "circuit.down[0].start"),
    ],
)
def test_nothing_can_go_wrong_before_a_scenario_starts(path: str, value: Any, field: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read_scenario("valley-day", {path: value})
    assert error.value.field == field
