"""18000.0 and 1.8e4 are 18000 wherever the protocol has a whole number, as JSON Schema has it; 18000.5 is refused."""

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.examples import examples
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.intake import read_plans
from hotline_protocol.message import Message
from hotline_protocol.topics import MalformedMessageError, address_of, decode, decode_any, encode
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.resources import scenarios_folder
from hotline_services.runtime.recording import Header, RecordingReader, RecordingWriter

from .filed import NOON, TODAY, raw
from .test_hearing import heard, unreadable

EXAMPLES = {type(message).__name__: message for message in examples()}


def with_numbers(value: Any, change: Callable[[int], Any]) -> Any:
    """This JSON value with each whole number changed."""
    if isinstance(value, dict):
        return {key: with_numbers(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [with_numbers(each, change) for each in value]
    return change(value) if isinstance(value, int) and not isinstance(value, bool) else value


def whole_numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there are some."""
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from whole_numbers(each, (*path, key))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_whole_number_of_every_message_may_have_a_point(name: str) -> None:
    message: Message = EXAMPLES[name]
    pointed = json.dumps(with_numbers(json.loads(encode(message)), float)).encode()
    assert decode_any(pointed) == message
    assert decode(address_of(message), pointed) == message


ROUND = {"altitude_ft", "vertical_ft"}
"""Numbers of any kind that happen to be round in the examples."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_whole_number_of_any_message_may_have_a_fraction(name: str) -> None:
    message = EXAMPLES[name]
    for path in whole_numbers(json.loads(encode(message))):
        spoiled = json.loads(encode(message))
        inner = spoiled
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] += 0.5
        if path[-1] not in ROUND:
            with pytest.raises(MalformedMessageError, match="got `float`"):
                decode(address_of(message), json.dumps(spoiled).encode())


@pytest.mark.parametrize("written", ["18000.0", "1.8e4", "18E3", "180000e-1"])
def test_a_plan_is_read_with_heights_as_other_programs_write_them(written: str) -> None:
    text = json.dumps(raw(lower_ft=1, flexibility={"max_shift_min": 45.0})).replace(
        '"lower_ft": 1,', f'"lower_ft": {written},'
    )
    (plan,), refusals = read_plans(text.encode(), TODAY)
    assert refusals == []
    assert (plan.lower_ft, type(plan.lower_ft), plan.flexibility.max_shift_min) == (18_000, int, 45)
    (order,) = heard(b'{"type": "submit-plan", "plan": ' + text.encode() + b"}")
    assert isinstance(order, SubmitPlan)
    assert order.plan == plan
    (same,), _ = read_plans(json.dumps(raw(lower_ft=18_000, flexibility={"max_shift_min": 45})).encode(), TODAY)
    assert plan.digest == same.digest


@pytest.mark.parametrize("written", [18_000.5, 1e300, -0.5])
def test_a_height_that_is_not_whole_is_refused_with_its_field(written: float) -> None:
    refused = unreadable(raw(lower_ft=written))
    assert refused.field == "lower_ft"


def test_a_fraction_is_refused_in_a_sentence() -> None:
    assert unreadable(raw(lower_ft=18_000.5)).reason == "plan-1: must be a whole number"


def test_a_recording_that_another_program_wrote_is_read() -> None:
    header = Header(scenario="other", seed=3, start=NOON, days=1.0, agreement="0" * 16)
    file = io.BytesIO()
    writer = RecordingWriter(file, header)
    for message in EXAMPLES.values():
        writer.write(message, message.time)
    pointed = io.BytesIO(
        b"".join(
            json.dumps(with_numbers(json.loads(line), float)).encode() + b"\n" for line in file.getvalue().splitlines()
        )
    )
    read = RecordingReader(pointed)
    assert read.header == header
    assert [each.message for each in read] == list(EXAMPLES.values())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_changes_its_value(number: float) -> None:
    plans, _ = read_plans(json.dumps(raw(lower_ft=number)).encode(), TODAY)
    assert [plan.lower_ft for plan in plans] in ([], [number])


def test_a_scenario_and_its_agreement_may_have_whole_numbers_with_a_point(tmp_path: Path) -> None:
    agreement = (scenarios_folder() / "agreements/valley.toml").read_text()
    (tmp_path / "agreement.toml").write_text(with_points(agreement))
    text = with_points((scenarios_folder() / "valley-day.toml").read_text())
    text = re.sub(r"^agreement = .*$", 'agreement = "agreement.toml"', text, flags=re.MULTILINE)
    (tmp_path / "day.toml").write_text(text)
    assert repr(read_scenario(tmp_path / "day.toml")) == repr(read_scenario("valley-day"))


def with_points(text: str) -> str:
    """The TOML with a point behind each whole height and length of time."""
    written = re.sub(r"(\b\w+_(?:ft|s|min|nm) = \d[\d_]*)\b(?![.\d:])", r"\1.0", text)
    assert written != text
    return written


def test_a_fraction_in_a_scenario_is_refused_with_its_line_and_field(tmp_path: Path) -> None:
    text = (scenarios_folder() / "valley-day.toml").read_text()
    changed = re.sub(r"^seed = .*$", "seed = 1.5", text, flags=re.MULTILINE)
    assert changed != text
    (tmp_path / "day.toml").write_text(changed)
    with pytest.raises(ScenarioError, match="seed: Expected `int`, got `float`"):
        read_scenario(tmp_path / "day.toml")
