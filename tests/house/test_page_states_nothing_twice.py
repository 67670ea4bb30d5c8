"""The page takes enums and limits from the server, and names no member and no column that Python does not have."""

import re
from pathlib import Path

import pytest

import hotline_services.web
from hotline_protocol.flightplan import FlightKind
from hotline_services.monitor import logparts
from hotline_services.web.openapi import openapi
from hotline_services.web.protocol_module import ENUMS, NAME, protocol_module

STATIC = Path(hotline_services.web.__file__).parent / "static"
MODULES = {
    path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(STATIC.rglob("*.js"))
    if "vendor" not in path.parts
}
MEMBERS = {kind.__name__: {member.name for member in kind} for kind in ENUMS}
VALUES = [{str(member.value) for member in kind} for kind in ENUMS]
SCHEMAS = openapi()["components"]["schemas"]
COLUMNS = {field for schema in SCHEMAS.values() for field in schema.get("properties", ())}
OWN_ROWS = {
    "map/contents.js": "cell course isNow lapses level name place volume",
    "standing.js": "actual agrees announced copied granted",
}
"""Columns that the page works out itself, for a table that is shown and not served."""

EXPORTS = set(re.findall(r"export const (\w+)", protocol_module().decode()))
PARTS = {kind.__struct_config__.tag for kind in vars(logparts).values() if kind in logparts.LogPart.__subclasses__()}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_page_imports_only_what_the_server_defines(name: str) -> None:
    for imported in re.findall(r"import \{([^}]*)\} from \"[./]*" + re.escape(NAME), MODULES[name]):
        assert {word.strip() for word in imported.split(",")} <= EXPORTS


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_page_names_only_members_that_an_enum_has(name: str) -> None:
    for enum, member in re.findall(rf"\b({'|'.join(MEMBERS)})\.([A-Z_]+)\b", MODULES[name]):
        assert member in MEMBERS[enum], f"{name}: {enum}.{member}"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_page_retypes_no_enum(name: str) -> None:
    """A list of two or more strings that are all members of one enum."""
    for texts in re.findall(r"\[((?:\s*\"[a-z-]+\",?){2,})\s*\]", MODULES[name]):
        listed = set(re.findall(r"\"([a-z-]+)\"", texts))
        assert not any(listed <= values for values in VALUES), f"{name}: {sorted(listed)}: import it from {NAME}"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_page_reads_only_columns_that_the_server_sends(name: str) -> None:
    asked = set(re.findall(r"\brow\.([a-z]\w*)", MODULES[name]))
    assert asked - COLUMNS - set(OWN_ROWS.get(name, "").split()) == set()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_page_names_only_parts_that_an_entry_of_the_log_can_have(name: str) -> None:
    assert set(re.findall(r"\.part === \"([a-z-]+)\"", MODULES[name])) <= PARTS


def test_the_page_has_a_symbol_for_each_kind_of_flight_and_no_other() -> None:
    (codes,) = re.findall(r"const CODES = \{([^}]*110110[^}]*)\}", MODULES["map/symbols.js"])
    assert set(re.findall(r"(\w+): \"", codes)) == {kind.value for kind in FlightKind}
