"""The OpenAPI document: made of the table of routes and of the types that are sent, so that they cannot part."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from hotline_services.monitor.history import LogRow
from hotline_services.monitor.offers import OfferRow
from hotline_services.monitor.rows import Row
from hotline_services.monitor.tables import TABLES
from hotline_services.web.answers.requests import Anything

from .answers.schema import Changes, ClockReading, Fault, TracksNow
from .routes import ENDPOINTS, JSON, Endpoint

ROW_KINDS: Final[tuple[type[Row], ...]] = (*TABLES, OfferRow, LogRow)
FAULTS: Final = {
    400: "A value cannot be used; the problem names the field.",
    401: "The token is missing, or is another.",
    404: "There is no such thing.",
    408: "What was being posted did not come to its end.",
    413: "What was posted is too large.",
    503: "It cannot be done now; try again.",
}
WITH_ROWS: Final = ("Picture", "Changes", "About")
_REF: Final = "#/components/schemas/{name}"

Schema = dict[str, Any]


@cache
def openapi_text() -> bytes:
    """The document as it is served and kept with the documentation."""
    return msgspec.json.format(msgspec.json.encode(openapi()), indent=2) + b"\n"


def openapi() -> Schema:
    """The document."""
    paths: dict[str, dict[str, Schema]] = {}
    schemas, components = _schemas()
    for endpoint in ENDPOINTS:
        path = re.sub(r"{(\w+):path}", r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hotline's page",
            "version": version("hotline"),
            "description": "What has been recorded, as it is shown to people. The line's trace is illustrative.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas() -> tuple[Mapping[Any, Schema], dict[str, Schema]]:
    """The schema of each answer, and all types by name."""
    answers = [endpoint.answer for endpoint in ENDPOINTS if endpoint.answer is not None]
    queries = [endpoint.query for endpoint in ENDPOINTS]
    extras = [Fault, Changes, ClockReading, TracksNow, *ROW_KINDS]
    kinds = list({str(kind): kind for kind in (*answers, *queries, *extras)}.values())
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    by_table = {kind.table: {"type": "array", "items": {"$ref": _REF.format(name=kind.__name__)}} for kind in ROW_KINDS}
    for name in WITH_ROWS:
        components[name]["properties"]["rows"] = {
            "type": "object",
            "description": "Rows by the name of their table.",
            "properties": by_table,
            "additionalProperties": False,
        }
    return {str(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}, components


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Schema], components: Mapping[str, Schema]) -> Schema:
    content = {"schema": schemas[str(endpoint.answer)]} if endpoint.answer is not None else {"schema": {}}
    responses: dict[str, Schema] = {
        str(endpoint.status): {"description": "Done.", "content": {endpoint.media: content}}
    }
    responses |= {str(status): _fault(FAULTS[status]) for status in _faults_of(endpoint)}
    operation: Schema = {
        "operationId": _name_of(endpoint),
        "summary": endpoint.summary,
        "parameters": [*_in_path(endpoint.path), *_in_query(endpoint.query, components)],
        "responses": responses,
    }
    if endpoint.takes:
        binary = {} if endpoint.takes == "application/octet-stream" else {"schema": {"type": "string"}}
        operation["requestBody"] = {"required": True, "content": {endpoint.takes: binary}}
    if endpoint.guarded:
        operation["security"] = [{"token": []}]
    return operation


def _name_of(endpoint: Endpoint) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"{[^}]*}|/api/v1", "", endpoint.path))
    return "-".join([endpoint.method.lower(), *words])


def _faults_of(endpoint: Endpoint) -> Sequence[int]:
    faults = [400, 404, 503] if endpoint.path.startswith("/api") else [404]
    return sorted([*faults, *([408, 413] if endpoint.takes else []), *([401] if endpoint.guarded else [])])


def _fault(what: str) -> Schema:
    return {"description": what, "content": {JSON: {"schema": {"$ref": _REF.format(name="Fault")}}}}


def _in_path(path: str) -> list[Schema]:
    told = {"s": "The source: live, or a recording's name.", "kind": "As in a Link.", "id": "As in a Link."}
    names = re.findall(r"{(\w+)", path)
    return [
        {"name": name, "in": "path", "required": True, "description": told[name], "schema": {"type": "string"}}
        for name in names
    ]


def _in_query(query: type[msgspec.Struct], components: Mapping[str, Schema]) -> list[Schema]:
    if query is Anything or not query.__struct_fields__:
        return []
    schema = components[query.__name__]
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in schema["properties"].items()
    ]
