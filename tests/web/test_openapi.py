"""The OpenAPI document is valid, is the one that is shipped, and every path answers as it says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
import openapi_spec_validator
import pytest

from hotline_services.records.record import Record
from hotline_services.web.openapi import openapi_text

from .conftest import TOKEN, Served, served
from .day import heard
from .listening import following

DOCUMENT: Final[dict[str, Any]] = msgspec.json.decode(openapi_text())
SHIPPED: Final = Path(__file__).parents[2] / "docs/openapi.json"
STREAM: Final = "/api/v1/live/stream"
QUERIES: Final = {"changes": "?after=900", "volume": "?by=reason"}
KINDS: Final = {"call": "calls", "negotiation": "negotiations", "plan": "plans", "agreement": "agreements"}


@pytest.fixture
async def server(record: Record, tmp_path: Path, run: Path) -> AsyncIterator[Served]:
    """With a live source that holds the day, and a recording of it."""
    record.commit(heard(), [], [])
    async with served(run, record=tmp_path / "monitor.sqlite3") as server:
        yield server


def check(answer: Any, schema: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(answer)


def schema_of(path: str, method: str = "get", status: str = "200") -> dict[str, Any]:
    content = DOCUMENT["paths"][path][method]["responses"][status]["content"]
    found: dict[str, Any] = content["application/json"]["schema"]
    return found


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(DOCUMENT)


def test_the_document_that_is_shipped_is_current() -> None:
    assert SHIPPED.read_bytes() == openapi_text(), "write it anew with: make schemas"


async def test_the_document_is_served(server: Served) -> None:
    assert await server.json("/api/v1/openapi.json") == DOCUMENT


ASKED: Final = [
    path
    for path, methods in DOCUMENT["paths"].items()
    if "application/json" in methods.get("get", {"responses": {"200": {"content": {}}}})["responses"]["200"]["content"]
]


@pytest.mark.parametrize("source", ["live", "a"])
async def test_every_path_answers_as_the_document_says(server: Served, source: str) -> None:
    for path in ASKED:
        if "{id}" not in path:
            asked = path.replace("{s}", source) + QUERIES.get(path.rpartition("/")[2], "")
            check(await server.json(asked), schema_of(path))


@pytest.mark.parametrize("source", ["live", "a"])
async def test_every_kind_of_thing_is_told_as_the_document_says(server: Served, source: str) -> None:
    told = 0
    for kind, table in (*KINDS.items(), ("escalation", "escalations"), ("crossing", "crossings"), ("strain", "strain")):
        for row in (await server.json(f"/api/v1/{source}/{table}?limit=3"))["rows"]:  # type: ignore[index]
            about = await server.json(f"/api/v1/{source}/about/{kind}/{row['key']}")
            check(about, schema_of("/api/v1/{s}/about/{kind}/{id}"))
            assert about["id"] == row["key"]  # type: ignore[index]
            told += 1
    assert told > 10


async def test_what_is_posted_is_answered_as_the_document_says(server: Served, run: Path) -> None:
    checked = await server.client.post("/api/v1/live/check?to=us", content=b'{"plan_id": "p"}')
    check(checked.json(), schema_of("/api/v1/live/check", "post"))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    recording = await asyncio.to_thread(run.read_bytes)
    added = await server.client.post("/api/v1/sources?name=mine", content=recording, headers=headers)
    check(added.json(), schema_of("/api/v1/sources", "post", "201"))


async def test_events_are_as_the_document_says(server: Served) -> None:
    async with asyncio.timeout(90), following(server.client, 900) as stream:
        event = await anext(stream)
    check(event.data, {"$ref": "#/components/schemas/Changes"})


UNANSWERABLE: Final = {
    "/api/v1/nowhere/picture": 404,
    "/api/v1/a/about/call/nobody": 404,
    "/api/v1/a/about/weather/x": 404,
    "/api/v1/a/picture?n=-1": 400,
    "/api/v1/a/picture?at=noon": 400,
    "/api/v1/a/changes": 400,
    "/api/v1/a/volume?by=colour": 400,
    "/api/v1/a/plans?outcome=busy": 400,
    "/api/v1/a/calls?limit=1&limit=2": 400,
    "/api/v1/live/stream?after=x": 400,
    "/api/v1/live/inject": 405,
    "/nowhere": 404,
}


async def test_what_cannot_be_answered_is_a_fault_as_the_document_says(server: Served) -> None:
    for path, status in UNANSWERABLE.items():
        fault = await server.json(path, status)
        check(fault, {"$ref": "#/components/schemas/Fault"})
        assert fault["error"]  # type: ignore[index]
