"""What is added is handled everywhere, or left out on purpose: messages, enum members, formats, findings, commands.

mypy checks ``match`` statements for that (``exhaustive-match``). Tables and documents are checked here.
"""

import enum
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import hotline_protocol
import hotline_services
from hotline_protocol import describe
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_services.cli.export import Format
from hotline_services.cli.main import COMMANDS
from hotline_services.doctor.diagnosis.kinds import Kind
from hotline_services.monitor.rows import Row
from hotline_services.monitor.tables import TABLES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

PARTIAL = {
    "hotline_protocol.describe._NAMES": "SKY DIRECTOR MONITOR PAGE CONTROL OBSERVER PROBE",
    "hotline_protocol.icao_types._USES": "PATROL ESCORT SUPPORT MEDEVAC",
    "hotline_services.aoc.strain.felt.OF_ESCALATION": "SIGHTING SUSPENSION_ANNOUNCED THIRD_PARTY",
    "hotline_services.aoc.strain.felt.SPOILS": (
        "REFUSED EXPIRED LATE_NOTICE FLOWN_WITHOUT_CONSENT AGREEMENT_DIFFERS LEDGER_DIFFERS TIER_RAISED PREEMPTED "
        "WARNING_HEARD LINE_SILENT PARTNER_UNKNOWN CALL_COMPLETED LINE_CHECKED PROTEST_NOTED VISIT_KEPT GUEST_KEPT "
        "REQUEST_TAKEN HELPED"
    ),
    "hotline_services.aoc.strain.ladder.PUSHES": "AMENDS CIVILITY",
    "hotline_services.cli.export.DRAWN": "PARQUET CSV AIRCRAFT MCAP OTLP FPL",
    "hotline_services.cli.export.FOLDERS": "CZML KML GEOJSON AIRCRAFT MCAP OTLP FPL",
    "hotline_services.doctor.diagnosis.findings._REMEDIES": (
        "RIGHTS PACKET_LIMIT NO_CLOCK CLOCK_SKEW TWO_OF_ONE_NAME DOWN SILENT MISSING TROUBLE RETAINED VERSIONS TOO_SLOW"
    ),
}
"""Tables that leave members of their enum out on purpose, and which."""
OTHERWISE = {"BoundaryRule.TOUCHING_IS_CONFLICT", "Design.ONE_AT_A_TIME"}
"""The other one of two members, where the program asks whether it is the first."""
INTERNAL = {EpochBegun, Unreadable}
"""Messages that a shell gives to its own core, and that nobody sends."""


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the program."""
    packages = (hotline_protocol, hotline_services)
    found = (each for package in packages for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    return tuple(importlib.import_module(each.name) for each in found)


def source(module: ModuleType) -> str:
    return Path(str(module.__file__)).read_text(encoding="utf-8")


def tables() -> Iterator[tuple[str, Mapping[enum.Enum, object]]]:
    """Each module's tables that have members of one enum for keys, by the module's and the table's name."""
    for module in modules():
        for name, value in vars(module).items():
            keys = list(value) if isinstance(value, Mapping) else []
            is_table = bool(keys) and isinstance(keys[0], enum.Enum) and {*map(type, keys)} == {type(keys[0])}
            if is_table and f"\n{name}" in source(module):
                yield f"{module.__name__}.{name}", value


def test_a_table_has_every_member_of_its_enum_or_says_which_it_leaves_out() -> None:
    left_out = {}
    for name, table in tables():
        absent = [member.name for member in type(next(iter(table))) if member not in table]
        if absent:
            left_out[name] = " ".join(absent)
    odd = {name: members for name, members in left_out.items() if PARTIAL.get(name) != members}
    assert left_out == PARTIAL, f"these tables leave members out: {odd}"


def enums() -> Mapping[type[enum.Enum], set[str]]:
    """The enums of the program, each with the names that it has in its own module and in others."""
    found: dict[type[enum.Enum], set[str]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, enum.Enum) and value.__module__.startswith("hotline_"):
                found.setdefault(value, set()).add(name)
    return found


def test_every_member_of_an_enum_is_named_where_it_is_handled() -> None:
    """A member that nothing but its class names is one that nobody decides about."""
    text = "\n".join(source(module) for module in modules() if ".examples" not in module.__name__)
    named = set(re.findall(r"\b(\w+)\.([A-Z][A-Z0-9_]*)\b", text))
    unnamed = {
        f"{kind.__name__}.{member.name}"
        for kind, names in enums().items()
        for member in kind
        if not any((name, member.name) in named for name in names)
    }
    assert unnamed == OTHERWISE, f"no module handles these members: {', '.join(sorted(unnamed - OTHERWISE))}"


def subclasses(kind: type[Message]) -> Iterator[type[Message]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_message_has_its_topic() -> None:
    tagged = {
        kind
        for kind in subclasses(Message)
        if kind.__module__.startswith("hotline_protocol.") and kind.__struct_config__.tag is not None
    }
    assert tagged - set(describe.messages()) == INTERNAL


@pytest.mark.parametrize("kind", describe.messages(), ids=lambda kind: kind.__name__)
def test_every_message_is_named_where_it_is_heard(kind: type[Message]) -> None:
    """A message that no service names is one that all of them pass over."""
    services = [source(module) for module in modules() if module.__name__.startswith("hotline_services.")]
    heard = any(re.search(rf"\b{kind.__name__}\b", text) for text in services)
    assert heard, f"no module names {kind.__name__} but the protocol's own"


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.table)
def test_every_column_of_a_table_is_filled_in(kind: type[Row]) -> None:
    """A column that no fold of messages sets would stay empty in every run."""
    folds = "\n".join(source(module) for module in modules() if ".monitor." in module.__name__)
    empty = [name for name in kind.__struct_fields__ if not re.search(rf"""\b{name}\s*=[^=]|["']{name}["']""", folds)]
    assert empty == []


def rows(page: str) -> list[str]:
    """What stands in the first column of the page's tables, in code."""
    lines = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [word for line in lines for word in re.findall(r"`([^`]+)`", line)]


@pytest.mark.parametrize("format_", Format)
def test_a_format_of_exports_is_documented(format_: Format) -> None:
    assert format_.value in rows("docs/export.md"), f"docs/export.md has no row for the format {format_.value}"


def test_a_table_of_exports_is_documented() -> None:
    text = (ROOT / "docs/export.md").read_text(encoding="utf-8")
    assert [kind.table for kind in TABLES if f"`{kind.table}`" not in text] == []


def test_the_doctors_findings_are_documented() -> None:
    assert [kind.value for kind in Kind] == rows("docs/doctor.md")


@pytest.mark.parametrize("name", [name for name, *_ in COMMANDS])
def test_a_command_is_documented(name: str) -> None:
    assert re.search(rf"\bhotline {name}\b", TEXT), f"no page shows hotline {name}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "docs"], ids=lambda page: page.name)
def test_a_page_of_docs_is_found_from_the_readme(page: Path) -> None:
    assert f"(docs/{page.name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("bench_*.py")), ids=lambda path: path.stem)
def test_a_benchmark_takes_the_option_by_which_it_is_tried(path: Path) -> None:
    """``tests/broker/test_benchmarks.py`` runs it so."""
    text = path.read_text(encoding="utf-8")
    assert "parsed(parser" in text or '"--smoke"' in text, f"{path.name} takes no --smoke: see benchmarks/sizes.py"
