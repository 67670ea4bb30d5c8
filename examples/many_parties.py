"""Write a scenario in which several centres ring each other, and its agreement, as two files.

Each party flies 20 flights a day at home, which bother nobody, and nine for which it has to ask another party. All file
at the same three times of day. In the mode `pair` each asks the next one for air in its zone; in `all` everybody wants
the one zone that all share, and needs the consent of all others.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

EXAMPLE: Final = """example:
  python examples/many_parties.py 4 pair --folder /tmp      # prints /tmp/n4pair.toml
  hotline simulate /tmp/n4pair.toml
"""
PARTIES: Final = ("us", "ru", "tr", "il", "sy", "fr", "uk", "jo")
Spot = tuple[float, float]  # longitude and latitude
HOMES: Final[dict[str, Spot]] = {
    "us": (39.0, 36.3),
    "ru": (36.6, 35.0),
    "tr": (38.0, 36.5),
    "il": (36.9, 33.6),
    "sy": (37.2, 34.6),
    "fr": (41.0, 36.4),
    "uk": (40.6, 33.4),
    "jo": (37.8, 32.6),
}
ZONES: Final[dict[str, Spot]] = {**HOMES, "us": (38.618, 33.506), "ru": (35.949, 35.401)}
"""Centre of each party's zone; the first two stand in the shipped agreement."""
SHARED: Final[tuple[Spot, ...]] = ((40.35, 35.15), (40.45, 35.02), (40.14, 35.34))
"""Spots in the zone that all share."""
SHIPPED: Final = Path(__file__).parents[1] / "scenarios" / "agreements" / "valley.toml"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parties", type=int, choices=range(2, len(PARTIES) + 1), help="how many centres")
    parser.add_argument("mode", choices=("pair", "all"), help="each asks the next one, or all want the shared zone")
    parser.add_argument("--lines", type=int, help="calls that a centre can have at a time (default: not agreed)")
    parser.add_argument("--folder", type=Path, default=Path(), help="where to write (default: here)")
    asked = parser.parse_args()
    sys.stdout.write(f"{write(asked.folder, asked.parties, asked.mode, asked.lines)}\n")


def write(folder: Path, count: int, mode: str, lines: int | None = None) -> Path:
    """Write both files; returns the scenario's."""
    name = f"n{count}{mode}" + (f"-{lines}" if lines else "")
    parties = PARTIES[:count]
    (folder / f"{name}-agreement.toml").write_text(agreement(SHIPPED.read_text("utf-8"), parties, lines), "utf-8")
    path = folder / f"{name}.toml"
    path.write_text(scenario(parties, mode, f"{name}-agreement.toml"), "utf-8")
    return path


def circle(centre: Spot, radius_nm: int) -> str:
    return f'{{ shape = "circle", centre = [{centre[0]}, {centre[1]}], radius_nm = {radius_nm} }}'


def agreement(shipped: str, parties: Sequence[str], lines: int | None) -> str:
    """The shipped agreement for more parties: each further one has a zone of its own, and nobody has partners."""
    quoted = ", ".join(f'"{party}"' for party in parties)
    text = shipped[: shipped.index("# Each side answers for its partners")]
    text = text.replace(
        'parties = ["us", "ru"]', f"parties = [{quoted}]" + (f"\nlines = {lines}" if lines else "")
    ).replace("Valley memorandum (exercise)", f"Valley memorandum of {len(parties)} (exercise)")
    zones = "".join(
        f'[[zones]]\nname = "{party}-zone"\nholder = "{party}"\narea = {circle(ZONES[party], 18)}\n\n'
        for party in parties[2:]
    )
    before, blocks, after = text.partition("[[altitude_blocks]]")
    return before + zones + blocks + after


def scenario(parties: Sequence[str], mode: str, agreement_file: str) -> str:
    text = f"""name = "n{len(parties)}-{mode}"
title = "{len(parties)} parties, {mode}"
start = 2017-07-20T04:00:00+03:00
days = 1
speed = 60
seed = 1
agreement = "{agreement_file}"
"""
    text += "".join(map(private, parties)) + "\n[sky]\nsees = 0.9\nsees_after_s = 60\n"
    for index, party in enumerate(parties):
        wanted = SHARED if mode == "all" else (ZONES[parties[(index + 1) % len(parties)]],)
        text += traffic(party, "ABCDEFGH"[index], wanted)
    return text


def private(party: str) -> str:
    return f"""
[parties.{party}]
title = "AOC {party}"
strategy = {{ kind = "concession", exponent = 0.5, trade_offs = true }}
costs = {{ shift = 0.35, block = 0.25, sector = 0.4, line = 0.3, own_plan = 0.5, walk_away = 0.35 }}
officer = {{ answer_s = 8, think_s = 20 }}
"""


def traffic(party: str, letter: str, wanted: Sequence[Spot]) -> str:
    lon, lat = HOMES[party]
    home = f"{circle((lon, lat), 8)}, {circle((lon, lat - 0.25), 8)}"
    abroad = ", ".join(circle(centre, 6) for centre in wanted)
    return f"""
[[traffic]]
party = "{party}"
callsign = "HOME{letter}"
kind = "support"
a_day = 20
window = ["05:30", "23:30"]
duration_min = [40, 75]
areas = [{home}]
blocks = ["B", "C", "D", "E"]

[[traffic]]
party = "{party}"
callsign = "NEED{letter}"
kind = "patrol"
a_day = 9
window = ["06:30", "22:30"]
duration_min = [45, 80]
areas = [{abroad}]
blocks = ["B", "C", "D", "E"]
flexibility = {{ max_shift_min = 30, max_offset_nm = 10 }}
notice_min = [75, 120]
filed_at = ["04:05", "11:00", "16:30"]
"""


if __name__ == "__main__":
    main()
