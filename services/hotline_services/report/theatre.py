"""A map of the run as SVG: what was reserved, the line and the zones, crossings and encounters, over the geography.

Everything is in kilometres of the protocol's plane, in which a circle is round and a corridor as wide everywhere. The
sides are told apart by how their volumes are hatched as well as by colour.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any, Final, assert_never

from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position
from hotline_protocol.geometry import METRES_PER_NM, area_problem, bounds_deg, centre, to_plane
from hotline_services.export.formats.captions import ILLUSTRATIVE, in_order
from hotline_services.export.formats.story import Story
from hotline_services.monitor.rows import AgreementRow
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow
from hotline_services.resources import map_file
from hotline_services.text_files import read_text

from .charts import SIDES

SVG: Final = "http://www.w3.org/2000/svg"  # a name, never fetched
MARGIN_KM: Final = 70.0
KM: Final = 1_000.0
KM_PER_NM: Final = METRES_PER_NM / KM
ANGLES: Final = (45, 135, 0, 90, 22.5, 112.5, 67.5, 157.5)
"""Of the hatches of the sides in their order, in degrees: eight differ."""
STYLE: Final = """<style>
.land { fill: none; stroke: var(--grid); stroke-width: 1.5 } .water { fill: none; stroke: var(--c5); opacity: .6 }
.line { fill: none; stroke: var(--ink); stroke-width: 3; stroke-dasharray: 10 5 }
.zone { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 3 }
.town, .named { font: 11px system-ui, sans-serif; fill: var(--soft) } .named { fill: var(--ink) }
.mark { fill: none; stroke: var(--ink); stroke-width: 1.5 } .met { fill: var(--c1); stroke: var(--paper) }
</style>"""


def theatre_map(story: Story) -> str:
    """The whole map. The line bears in the picture itself that it is illustrative."""
    rows = story.rows(AgreementRow)
    sides = in_order((row.user for row in rows), story.agreement)
    west, north, width, height = _frame(story, rows)
    parts = [
        f'<svg xmlns="{SVG}" viewBox="{west:.0f} {north:.0f} {width:.0f} {height:.0f}" width="900">',
        "<title>Map of the run</title>",
        STYLE,
        *_hatches(sides),
        *_geography(),
        *(part for n, side in enumerate(sides) for part in _volumes(rows, side, n)),
        *_zones(story),
        *_crossings(story),
        *_line(story),
        *_encounters(story),
        *_key(sides, west, north),
        "</svg>",
    ]
    return "".join(parts)


def _xy(position: Position) -> tuple[float, float]:
    (east, north) = to_plane((position,))[0]
    return east / KM, -north / KM


def _frame(story: Story, rows: Sequence[AgreementRow]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is drawn on the ground, with a margin around it."""
    at = [_xy(position) for trace in story.traces for position in trace.positions]
    at += [_xy(centre(zone.area)) for zone in (story.agreement.zones if story.agreement else ())]
    areas = {volume.area for row in rows for volume in row.volumes}
    at += [_xy(centre(area)) for area in areas if not area_problem(area)]
    at = at or _corners()
    west, north = min(x for x, _ in at) - MARGIN_KM, min(y for _, y in at) - MARGIN_KM
    return west, north, max(x for x, _ in at) + MARGIN_KM - west, max(y for _, y in at) + MARGIN_KM - north


def _corners() -> list[tuple[float, float]]:
    """Of the theatre."""
    west, south, east, north = bounds_deg()
    return [_xy(Position(lon, lat)) for lon in (west, east) for lat in (south, north)]


def _path(positions: Iterable[Position], *, closed: bool = False) -> str:
    points = " L".join(f"{x:.1f} {y:.1f}" for x, y in map(_xy, positions))
    return f"M{points}{' Z' if closed else ''}"


def _hatches(sides: Sequence[str]) -> Iterator[str]:
    yield "<defs>"
    for n, _ in enumerate(sides):
        angle, ink = ANGLES[n % len(ANGLES)], SIDES[n % len(SIDES)]
        yield (
            f'<pattern id="side{n}" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate({angle:g})"><path d="M0 0 V6" stroke="{ink}" stroke-width="2" opacity=".5"/>'
            "</pattern>"
        )
    yield "</defs>"


def _key(sides: Sequence[str], west: float, north: float) -> Iterator[str]:
    """Which hatching is whose, in the upper left corner."""
    for n, side in enumerate(sides):
        x, y = west + 12, north + 14 + 20 * n
        edge = f'stroke="{SIDES[n % len(SIDES)]}"'
        yield f'<rect x="{x:.0f}" y="{y:.0f}" width="22" height="12" fill="url(#side{n})" {edge}/>'
        yield f'<text class="named" x="{x + 28:.0f}" y="{y + 10:.0f}">granted to {escape(side.upper())}</text>'


def _geography() -> Iterator[str]:
    for name, style in (("countries", "land"), ("rivers", "water"), ("lakes", "water")):
        for feature in _features(name):
            for line in _lines(feature["geometry"]):
                yield f'<path class="{style}" d="{_path(line)}"/>'
    for feature in _features("places"):
        name = feature["properties"].get("name", "")
        if feature["properties"].get("chief"):
            x, y = _xy(Position(*feature["geometry"]["coordinates"][:2]))
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="var(--soft)"/>'
            yield f'<text class="town" x="{x + 5:.1f}" y="{y + 4:.1f}">{escape(name)}</text>'


def _features(name: str) -> list[dict[str, Any]]:
    """What is in this file of the theatre's map; nothing where it has none."""
    file = map_file(name)
    found: list[dict[str, Any]] = json.loads(read_text(file))["features"] if file else []
    return found


def _lines(geometry: dict[str, Any]) -> Iterator[list[Position]]:
    match geometry["type"]:
        case "LineString":
            found = [geometry["coordinates"]]
        case "Polygon" | "MultiLineString":
            found = geometry["coordinates"]
        case "MultiPolygon":
            found = [ring for polygon in geometry["coordinates"] for ring in polygon]
        case _:
            found = []
    for line in found:
        yield [Position(*at[:2]) for at in line]


def _volumes(rows: Sequence[AgreementRow], side: str, n: int) -> Iterator[str]:
    """What was granted to one side. The same air again and again is drawn once, with a firmer edge."""
    areas = Counter(volume.area for row in rows if row.user == side for volume in row.volumes)
    yield f'<g aria-label="granted to {escape(side)}">'
    for area, count in areas.items():
        if not area_problem(area):
            yield _shape(
                area, f'stroke="{SIDES[n % len(SIDES)]}" stroke-opacity="{min(1.0, 0.3 + 0.1 * count):.1f}"', n
            )
    yield "</g>"


def _shape(area: Area, edge: str, n: int) -> str:
    match area:
        case Circle():
            x, y = _xy(area.centre)
            return (
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{area.radius_nm * KM_PER_NM:.1f}" fill="url(#side{n})" {edge}/>'
            )
        case Polygon():
            return f'<path d="{_path(area.vertices, closed=True)}" fill="url(#side{n})" {edge}/>'
        case Corridor():
            width = 2 * area.half_width_nm * KM_PER_NM
            drawn = 'fill="none" stroke-linejoin="round" stroke-linecap="round"'
            return f'<path d="{_path(area.route)}" stroke="url(#side{n})" stroke-width="{width:.1f}" {drawn}/>'
        case _:
            assert_never(area)


def _zones(story: Story) -> Iterator[str]:
    for zone in story.agreement.zones if story.agreement else ():
        if isinstance(zone.area, Circle):
            x, y = _xy(zone.area.centre)
            yield f'<circle class="zone" cx="{x:.1f}" cy="{y:.1f}" r="{zone.area.radius_nm * KM_PER_NM:.1f}"/>'
        else:
            x, y = _xy(zone.area.vertices[0])
            yield f'<path class="zone" d="{_path(zone.area.vertices, closed=True)}"/>'
        yield f'<text class="named" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{escape(zone.name)}</text>'


def _line(story: Story) -> Iterator[str]:
    """Where it ran at the end; where it ran before, thin."""
    traces = story.traces
    for trace in traces[:-1]:
        yield f'<path class="line" style="stroke-width: 1; opacity: .5" d="{_path(trace.positions)}"/>'
    for trace in traces[-1:]:
        x, y = _xy(trace.positions[0])
        yield f'<path class="line" d="{_path(trace.positions)}"><title>The line, {escape(ILLUSTRATIVE)}</title></path>'
        yield f'<text class="named" x="{x:.1f}" y="{y - 10:.1f}">the line (illustrative)</text>'


def _crossings(story: Story) -> Iterator[str]:
    """Crosses, the fainter the more there are."""
    rows = story.rows(CrossingRow)
    yield f'<g opacity="{max(0.25, min(1.0, 40 / (len(rows) + 1))):.2f}">'
    for row in rows:
        if row.position:
            x, y = _xy(row.position)
            cross = f"M{x - 3:.1f} {y - 3:.1f} l6 6 m0 -6 l-6 6"
            told = f"{row.callsign} crosses {row.what}"
            yield f'<path class="mark" d="{cross}"><title>{escape(told)}</title></path>'
    yield "</g>"


def _encounters(story: Story) -> Iterator[str]:
    for met in story.rows(EncounterRow):
        if met.position:
            x, y = _xy(met.position)
            told = f"{met.grade.value if met.grade else 'encounter'}: {met.one} and {met.other}"
            triangle = f"M{x:.1f} {y - 6:.1f} l5 9 h-10 Z"
            yield f'<path class="met" d="{triangle}"><title>{escape(told)}</title></path>'
