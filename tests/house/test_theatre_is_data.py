"""Another part of the world is data: nothing in the program names places of the theatre that is shipped."""

import re
from pathlib import Path

import hotline_protocol
import hotline_services
from hotline_protocol.theatre import default_theatre

PACKAGES = tuple(Path(str(package.__file__)).parent for package in (hotline_protocol, hotline_services))
ALLOWED = {
    "theatre.py": "which theatre is the default one",
    "icao_fpl.py": "examples in the documentation",
    "icao_route.py": "examples in the documentation",
    "icao_changes.py": "examples in the documentation",
    "describe.py": "an example of a message, as the documents show it",
    "examples.py": "examples of the messages",
    "figures.py": "published figures, and the shipped scenarios that they are measured in",
    "measures.py": "the shipped scenarios that figures are measured in",
    "run.py": "which scenario is played when none is named",
}
"""Files that may name them, and why."""
MORE = ("syria", "syrian", "euphrates", "khabur", "asia/damascus", "mesopotamia", "iraq")


def names() -> re.Pattern[str]:
    places = [name for place in default_theatre().places for name in (place.name.lower(), place.icao.lower()) if name]
    return re.compile(r"(?<![a-z])(?:" + "|".join(map(re.escape, sorted({*places, *MORE}))) + r")(?![a-z])")


def test_no_module_names_a_place_of_the_shipped_theatre() -> None:
    wanted = names()
    found: dict[str, list[str]] = {}
    seen: set[str] = set()
    for package in PACKAGES:
        for path in sorted(package.rglob("*")):
            if path.suffix not in {".py", ".js", ".html"} or "vendor" in path.parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").lower().splitlines(), start=1):
                if not wanted.search(line):
                    continue
                if path.name in ALLOWED:
                    seen.add(path.name)
                else:
                    found.setdefault(path.name, []).append(f"{number}: {line.strip()[:90]}")
    assert found == {}
    assert seen == set(ALLOWED)


def test_no_bounds_or_zones_stand_in_the_program() -> None:
    west, south, east, north = default_theatre().bounds_deg
    numbers = re.compile(rf"\b{west:g}(\.0)?, {south:g}(\.0)?, {east:g}(\.0)?, {north:g}(\.0)?\b|lon_0=39|lat_0=35")
    for package in PACKAGES:
        for path in package.rglob("*.py"):
            assert not numbers.search(path.read_text(encoding="utf-8")), path
