"""The published descriptions of the protocol are current, and what they say is true."""

import gzip
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from hotline_protocol import describe, topics
from hotline_protocol.examples import PLAN, examples
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.intake import read_plans
from hotline_services.cli.asyncapi import asyncapi, described, write

ROOT = Path(__file__).parents[2]
# AsyncAPI's own JSON Schema, unchanged, out of the npm package @asyncapi/specs 6.11.1.
# Copyright 2016-2025 AsyncAPI Initiative (http://www.asyncapi.com/), Apache-2.0.
OFFICIAL = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")

EXAMPLES = {describe.tag(type(example)): example for example in examples()}
KINDS = {describe.tag(kind): kind for kind in describe.messages()}
FILES = described(ROOT)


def read(path: str) -> Any:
    return json.loads((ROOT / path).read_text())


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_published_file_is_current(path: Path) -> None:
    file = ROOT / path
    assert file.exists() and file.read_text() == FILES[path], f"{path} is out of date: make schemas"  # noqa: PT018


def test_nothing_is_published_of_messages_that_are_no_more() -> None:
    there = {path.relative_to(ROOT) for path in (ROOT / "protocol").glob("*/*.json")}
    assert there <= set(FILES)


def test_writing_removes_what_no_message_bears_any_longer(tmp_path: Path) -> None:
    (tmp_path / "protocol/schemas").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/protocol.md").write_text("<!-- begin topics -->\n<!-- end topics -->\n")
    (tmp_path / "docs/centre.md").write_text("<!-- begin dispatch -->\n<!-- end dispatch -->\n")
    (tmp_path / "protocol/schemas/telegram.json").write_text("{}")
    write(tmp_path)
    assert not (tmp_path / "protocol/schemas/telegram.json").exists()
    assert "hotline/v1/clock" in (tmp_path / "docs/protocol.md").read_text()
    assert "Desk.hear_ring" in (tmp_path / "docs/centre.md").read_text()


def test_every_message_has_one_example() -> None:
    assert EXAMPLES.keys() == KINDS.keys()
    assert len(EXAMPLES) == len(examples())


@pytest.mark.parametrize("name", KINDS)
def test_an_example_can_be_sent_and_read(name: str) -> None:
    payload = (ROOT / f"protocol/examples/{name}.json").read_bytes()
    assert topics.decode(topics.address_of(EXAMPLES[name]), payload) == EXAMPLES[name]


@pytest.mark.parametrize("name", [*KINDS, "flight-plan"])
def test_an_example_satisfies_its_schema(name: str) -> None:
    schema = read(f"protocol/schemas/{name}.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(read(f"protocol/examples/{name}.json"))


@pytest.mark.parametrize("name", KINDS)
def test_a_schema_refuses_a_message_that_lacks_a_part_of_its_envelope(name: str) -> None:
    validator = jsonschema.Draft202012Validator(read(f"protocol/schemas/{name}.json"))
    example = read(f"protocol/examples/{name}.json")
    for field in ("id", "source", "seq", "time", "type"):
        assert not validator.is_valid({key: value for key, value in example.items() if key != field})


def test_the_bare_plan_is_one_that_a_centre_reads() -> None:
    payload = (ROOT / "protocol/examples/flight-plan.json").read_bytes()
    assert msgspec.json.decode(payload, type=FlightPlan) == PLAN
    assert read_plans(payload, date(2026, 6, 18)) == ([PLAN], [])


def test_the_filed_plan_is_one_that_a_centre_reads() -> None:
    plans, refusals = read_plans(describe.FPL.encode(), date(2026, 6, 18))
    assert [plan.callsign for plan in plans] == ["TARTU11"]
    assert refusals == []


def test_the_document_satisfies_asyncapis_own_schema() -> None:
    official = json.loads(gzip.decompress(OFFICIAL.read_bytes()))
    jsonschema.Draft7Validator(official).validate(read("protocol/asyncapi.json"))


def test_asyncapis_own_schema_would_refuse_another_document() -> None:
    official = json.loads(gzip.decompress(OFFICIAL.read_bytes()))
    document = describe.asyncapi()
    document["operations"]["hear-inject"]["bindings"]["mqtt"]["qos"] = 3
    assert not jsonschema.Draft7Validator(official).is_valid(document)


def resolve(document: Any, reference: str) -> Any:
    for level in reference.removeprefix("#/").split("/"):
        document = document[level]
    return document


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else references(list(value.values()))
    return []


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = describe.asyncapi()
    assert all(resolve(document, reference) for reference in references(document))


@pytest.mark.parametrize("name", [*KINDS, "flight-plan"])
def test_an_example_in_the_document_satisfies_the_schema_beside_it(name: str) -> None:
    document = read("protocol/asyncapi.json")
    message = document["components"]["messages"][name]
    jsonschema.Draft7Validator(document | message["payload"]).validate(message["examples"][0]["payload"])


def sha256(value: Any) -> str:
    """As docs/join.md has it, with nothing of Hotline's."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_another_implementation_computes_the_same_digests() -> None:
    proposed, countered = read("protocol/examples/propose.json"), read("protocol/examples/counter.json")
    menu = sha256(proposed["menu"])[:16]
    offer = sha256([countered["negotiation_id"], countered["call_id"], menu, countered["choice"]])[:16]
    assert offer == countered["offer"]
    entry = read("protocol/examples/entered.json")["entry"]
    assert sha256(entry) == read("protocol/examples/ledger-changed.json")["heads"]["ru"]["hash"]


def test_every_topic_is_described() -> None:
    assert [channel.topic for channel in describe.CHANNELS] == list(topics.TOPICS)


def test_the_document_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    asyncapi()
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(describe.asyncapi()))
