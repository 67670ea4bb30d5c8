"""Files that people edit, with single values replaced: scenarios, agreements, experiments, recordings.

Nothing raises but the reader's own error, which is one sentence; and no value is passed over.
"""

import json
import re
import tempfile
import tomllib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline_protocol.agreement import AgreementError, read_agreement
from hotline_services.cli.simulate import simulate
from hotline_services.director.scenario import ScenarioError, find_scenario, read_scenario, shipped_scenarios
from hotline_services.experiment.design_file import ExperimentError, read_experiment, shipped_experiments
from hotline_services.monitor.rows import CallRow, PlanRow, ServiceRow
from hotline_services.records.reading import open_source
from hotline_services.resources import experiments_folder, scenarios_folder
from hotline_services.runtime.recording import RecordingReader
from hotline_services.runtime.store import StoreError

steady = settings(deadline=None, max_examples=150)
ODD_TOML = [
    *("0", "-1", "1", "2", "1.5", "1e400", "nan", "-inf", "99999999999999999999", "true", "false", "''", "'x'"),
    *("[]", "{}", "[1]", "['a', 'a']", "[[[[]]]]", "{ a = { b = 1 } }", "'us'", "'ru'", "'nobody'", "'+02:00'"),
    *("'24:00'", "'23:59'", "07:32:00", "1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27T07:32:00", "'90s'", "'1h'"),
    *("'-5m'", "[400.0, 95.0]", "[40.0, 35.0]", "'../../etc/passwd'", r'"\u0000"', "'circle'", "9007199254740993"),
]
LINE = re.compile(r"^(?P<key>[A-Za-z_\"'.*-]+) = (?P<value>.+)$", re.MULTILINE)
INLINE = re.compile(r"(?<=[{,] )(?P<key>[a-z_]+) = (?P<value>\"[^\"]*\"|[0-9.+-]+|true|false)(?=[ ,}])")


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """The text with one value replaced by another that is TOML, wherever that is still TOML."""
    found = [*LINE.finditer(text), *INLINE.finditer(text)]
    value = draw(st.sampled_from(found))
    new = text[: value.start("value")] + draw(st.sampled_from(ODD_TOML)) + text[value.end("value") :]
    try:
        tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        return text  # the first line of a value of several: the rest of it would follow
    return new


def misspelt(data: st.DataObject, text: str) -> tuple[str, str]:
    """The text with one field misspelt, and that field."""
    found = data.draw(st.sampled_from([*LINE.finditer(text)]))
    key = found["key"]
    if not key.isidentifier():
        return text, ""
    return f"{text[: found.start('key')]}{key}zz{text[found.end('key') :]}", f"{key}zz"


def in_a_file(text: str, read: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edited.toml"
        path.write_text(text, encoding="utf-8")
        return read(path)


def a_sentence(error: Exception) -> None:
    """Check that this is one line, with the place and the reason."""
    assert str(error)
    assert "\n" not in str(error), str(error)
    assert "Traceback" not in str(error)


def is_the_same(one: str, other: str) -> bool:
    """Whether both texts hold the same, 1.0 being 1."""
    return bool(tomllib.loads(one) == tomllib.loads(other))


@steady
@given(st.data(), st.sampled_from(shipped_scenarios()))
def test_an_edited_scenario_is_read_as_another_one_or_refused_in_a_sentence(data: st.DataObject, name: str) -> None:
    text = find_scenario(name).read_text(encoding="utf-8")
    new = data.draw(edited(text))
    try:
        found = in_a_file(new, read_scenario)
    except ScenarioError as error:
        a_sentence(error)
    else:
        assert is_the_same(text, new) or found != in_a_file(text, read_scenario) or _means_the_same(text, new)


def _means_the_same(text: str, new: str) -> bool:
    """A default that is written out, an agreement that is named, or a disclaimer that nobody looks at."""
    old, found = tomllib.loads(text), tomllib.loads(new)
    return {key for key in old if old[key] != found.get(key)} <= {"agreement"}


@steady
@given(st.data(), st.sampled_from(shipped_scenarios()))
def test_a_misspelt_field_of_a_scenario_is_refused(data: st.DataObject, name: str) -> None:
    text, key = misspelt(data, find_scenario(name).read_text(encoding="utf-8"))
    if not key:
        return
    with pytest.raises(ScenarioError) as caught:
        in_a_file(text, read_scenario)
    a_sentence(caught.value)


AGREEMENTS = sorted((scenarios_folder() / "agreements").glob("*.toml"))


@steady
@given(st.data(), st.sampled_from(AGREEMENTS))
def test_an_edited_agreement_is_read_as_another_one_or_refused_in_a_sentence(data: st.DataObject, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    new = data.draw(edited(text))
    try:
        found = read_agreement(new)
    except AgreementError as error:
        a_sentence(error)
    else:
        assert is_the_same(text, new) or found != read_agreement(text)


@steady
@given(st.data(), st.sampled_from(AGREEMENTS))
def test_a_misspelt_field_of_an_agreement_is_refused(data: st.DataObject, path: Path) -> None:
    text, key = misspelt(data, path.read_text(encoding="utf-8"))
    if not key:
        return
    with pytest.raises(AgreementError) as caught:
        read_agreement(text)
    a_sentence(caught.value)


@settings(deadline=None, max_examples=60)
@given(st.data(), st.sampled_from(shipped_experiments()))
def test_an_edited_experiment_is_read_as_another_one_or_refused_in_a_sentence(data: st.DataObject, name: str) -> None:
    text = (experiments_folder() / f"{name}.toml").read_text(encoding="utf-8")
    new = data.draw(edited(text))
    try:
        found = in_a_file(new, read_experiment)
    except ExperimentError as error:
        a_sentence(error)
    else:
        assert is_the_same(text, new) or found.experiment != in_a_file(text, read_experiment).experiment


# --- recordings

ODD_JSON: list[Any] = [None, True, 0, -1, 1.5, 10**20, "", "x", "us", [], {}]
ODD_JSON += ["2017-06-31T00:00:00Z", "2017-06-18T12:00:00+14:00"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    out = tmp_path_factory.mktemp("recording") / "run.jsonl"
    assert simulate("valley-day", seed=7, days=0.3, out=out, json=True) == 0
    return out.read_text(encoding="utf-8").splitlines()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of each single value in this JSON."""
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, each in items for leaf in leaves(each, (*path, key))]
    return [path]


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The same JSON with another value at this path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = with_value(value[path[0]], path[1:], new)
    return copy


def told(path: Path) -> list[Any]:
    """Everything that commands read of it. Raises StoreError."""
    source = open_source(path)
    try:
        return [source.period, *(source.rows(kind) for kind in (CallRow, PlanRow, ServiceRow))]
    finally:
        source.close()


@steady
@given(st.data())
def test_an_edited_recording_is_read_as_it_stands_or_refused_in_a_sentence(
    recording: list[str], data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from([0, *range(min(40, len(recording)))]))
    line = json.loads(recording[number])
    path = data.draw(st.sampled_from(leaves(line)))
    new = with_value(line, path, data.draw(st.sampled_from(ODD_JSON)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.jsonl"
        file.write_text("\n".join([*recording[:number], json.dumps(new), *recording[number + 1 :]]) + "\n")
        try:
            told(file)
        except StoreError as error:
            a_sentence(error)
            return
        if number:
            with file.open("rb") as opened:
                read = list(RecordingReader(opened))[number - 1]
            again = json.loads(msgspec.json.encode(read))
            assert _value(again["message"], path[1:]) in (_value(new, path), None) or path[0] == "at"


def _value(value: Any, path: tuple[Any, ...]) -> Any:
    """What stands at this path, times and whole numbers as they are meant; None where there is nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else value[step]
    try:
        return msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return value
