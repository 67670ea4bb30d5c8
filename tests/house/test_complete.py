"""What is added is handled everywhere, or left out on purpose: messages, enum members, formats, findings, commands.

``match`` statements are held to that by mypy (``exhaustive-match``), tables here.
"""

import enum
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import hotline_protocol
import hotline_services
from hotline_protocol import describe
from hotline_protocol.message import Message
from hotline_protocol.service import EpochBegun, Unreadable
from hotline_services.cli.export import Format
from hotline_services.cli.main import COMMANDS
from hotline_services.doctor.kinds import Kind
from hotline_services.export.tables import TABLES

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
    "hotline_services.doctor.findings._REMEDIES": (
        "RIGHTS PACKET_LIMIT NO_CLOCK CLOCK_SKEW TWO_OF_ONE_NAME DOWN SILENT MISSING TROUBLE RETAINED VERSIONS TOO_SLOW"
    ),
}
"""Tables that leave members of their enum out on purpose, and which."""
INTERNAL = {EpochBegun, Unreadable}
"""Messages that a shell gives to its own core, and that nobody sends."""


def tables() -> Iterator[tuple[str, Mapping[enum.Enum, object]]]:
    """Each module's tables that have members of one enum for keys, by the module's and the table's name."""
    for package in (hotline_protocol, hotline_services):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in vars(module).items():
                if isinstance(value, Mapping) and value and len({*map(type, value)}) == 1:
                    first = next(iter(value))
                    if isinstance(first, enum.Enum) and f"\n{name}" in source(found.name):
                        yield f"{found.name}.{name}", value


def source(module: str) -> str:
    return Path(str(importlib.import_module(module).__file__)).read_text(encoding="utf-8")


def test_a_table_has_every_member_of_its_enum_or_says_which_it_leaves_out() -> None:
    left_out = {}
    for name, table in tables():
        absent = [member.name for member in type(next(iter(table))) if member not in table]
        if absent:
            left_out[name] = " ".join(absent)
    assert left_out == PARTIAL


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


def rows(page: str) -> list[str]:
    """What stands in the first column of the page's tables, in code."""
    lines = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [word for line in lines for word in re.findall(r"`([^`]+)`", line)]


@pytest.mark.parametrize("format_", Format)
def test_a_format_of_exports_is_documented(format_: Format) -> None:
    assert format_.value in rows("docs/export.md")


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
