"""The run as KML 2.2 with Google's tracks (``gx:Track``): folders of flights, volumes, events, and the line.

The format: OGC 07-147r2, and https://developers.google.com/kml/documentation/kmlreference for tracks. Heights are
metres above mean sea level (``absolute``), as here. A volume is its floor, its ceiling and its walls, since an
extruded polygon of KML would reach down to the ground. What is shown as HTML has nothing in it that is markup.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Final
from xml.etree import ElementTree as ET

from .captions import ILLUSTRATIVE, Block, Colour, Event, blocks, colours_of, events, stamp
from .outlines import Ring, course, metres, rings
from .story import Journey, Story

KML: Final = "http://www.opengis.net/kml/2.2"
GX: Final = "http://www.google.com/kml/ext/2.2"
COARSE_M: Final = 200.0
"""How far an outline may lie off: a wall is drawn on each of its edges."""
UNFIT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped."""
LOOKALIKES: Final = str.maketrans("<>&", "‹›＆")


def kml(story: Story) -> bytes:
    """The whole run as one KML document."""
    ET.register_namespace("", KML)
    ET.register_namespace("gx", GX)
    journeys, volumes = story.journeys(), blocks(story)
    colours = colours_of({journey.side for journey in journeys} | {block.party for block in volumes}, story.agreement)
    root = ET.Element(f"{{{KML}}}kml")
    document = _under(root, "Document")
    _under(document, "name", _name(f"Hotline: {story.header.scenario}"))
    styles = {side: _style(document, f"side-{n}", colour) for n, (side, colour) in enumerate(colours.items())}
    _line(_folder(document, "The line (illustrative)"), story)
    flights = _folder(document, "Flights")
    for journey in journeys:
        _flight(flights, journey, styles[journey.side])
    for kind, title in (("plan", "Plans"), ("agreement", "Agreements")):
        folder = _folder(document, title)
        for block in volumes:
            if block.kind == kind:
                _block(folder, block, styles[block.party])
    folder = _folder(document, "Events")
    for event in events(story):
        _event(folder, event)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _under(parent: ET.Element, tag: str, text: str | None = None, namespace: str = KML) -> ET.Element:
    element = ET.SubElement(parent, f"{{{namespace}}}{tag}")
    if text is not None:
        element.text = UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    return element


def _name(text: str) -> str:
    """A name as it can stand in a balloon, where it is taken for HTML, and on the map, where it is not."""
    return text.translate(LOOKALIKES)


def _folder(parent: ET.Element, name: str) -> ET.Element:
    folder = _under(parent, "Folder")
    _under(folder, "name", name)
    return folder


def _placemark(parent: ET.Element, name: str, told: str) -> ET.Element:
    placemark = _under(parent, "Placemark")
    _under(placemark, "name", _name(name))
    _under(placemark, "description", escape(told))
    return placemark


def _span(placemark: ET.Element, begin: datetime | None, end: datetime | None) -> None:
    if begin is None and end is None:
        return
    span = _under(placemark, "TimeSpan")
    for tag, at in (("begin", begin), ("end", end)):
        if at is not None:
            _under(span, tag, stamp(at))


def _style(document: ET.Element, name: str, colour: Colour) -> str:
    """How one side is drawn, and by what that is referred to. KML writes alpha, blue, green, red."""
    red, green, blue = colour
    style = _under(document, "Style")
    style.set("id", name)
    line = _under(style, "LineStyle")
    _under(line, "color", f"ff{blue:02x}{green:02x}{red:02x}")
    _under(line, "width", "2")
    _under(_under(style, "PolyStyle"), "color", f"40{blue:02x}{green:02x}{red:02x}")
    return f"#{name}"


def _line(folder: ET.Element, story: Story) -> None:
    for trace in story.traces:
        placemark = _placemark(folder, "The line (illustrative)", f"The deconfliction line, {ILLUSTRATIVE}.")
        _span(placemark, trace.since, trace.until)
        line = _under(placemark, "LineString")
        _under(line, "tessellate", "1")
        _under(line, "coordinates", " ".join(f"{lon},{lat}" for lon, lat in course(trace.positions)))


def _flight(folder: ET.Element, journey: Journey, style: str) -> None:
    if not journey.stops:
        return
    flyer = journey.flyer
    kind = journey.kind.value if journey.kind else "flight"
    placemark = _placemark(folder, flyer.callsign, f"{kind} of {flyer.operator}, plan {flyer.plan_id}")
    _under(placemark, "styleUrl", style)
    track = _under(placemark, "Track", namespace=GX)
    _under(track, "altitudeMode", "absolute")
    for stop in journey.stops:
        _under(track, "when", stamp(stop.at))
    for stop in journey.stops:
        _under(track, "coord", f"{stop.lon_deg} {stop.lat_deg} {metres(stop.altitude_ft)}", namespace=GX)


def _block(folder: ET.Element, block: Block, style: str) -> None:
    outlines = rings(block.volume.area, coarse_m=COARSE_M)
    if not outlines:
        return
    placemark = _placemark(folder, block.name, block.told)
    _span(placemark, block.volume.start, block.volume.end)
    _under(placemark, "styleUrl", style)
    solid = _under(placemark, "MultiGeometry")
    low, high = metres(block.volume.lower_ft), metres(block.volume.upper_ft)
    for level in (low, high):
        _polygon(solid, [[(lon, lat, level) for lon, lat in ring] for ring in outlines])
    for ring in outlines:
        for wall in _walls(ring, low, high):
            _polygon(solid, [wall])


def _walls(ring: Ring, low: float, high: float) -> Iterable[list[tuple[float, float, float]]]:
    for a, b in itertools.pairwise(ring):
        yield [(*a, low), (*b, low), (*b, high), (*a, high), (*a, low)]


def _polygon(parent: ET.Element, faces: Sequence[Sequence[tuple[float, float, float]]]) -> None:
    polygon = _under(parent, "Polygon")
    _under(polygon, "altitudeMode", "absolute")
    for number, face in enumerate(faces):
        ring = _under(_under(polygon, "innerBoundaryIs" if number else "outerBoundaryIs"), "LinearRing")
        _under(ring, "coordinates", " ".join(f"{lon},{lat},{up}" for lon, lat, up in face))


def _event(folder: ET.Element, event: Event) -> None:
    placemark = _placemark(folder, event.name, event.told)
    _under(_under(placemark, "TimeStamp"), "when", stamp(event.at))
    if event.place:
        point = _under(placemark, "Point")
        _under(point, "altitudeMode", "absolute" if event.altitude_ft else "clampToGround")
        _under(point, "coordinates", f"{event.place.lon_deg},{event.place.lat_deg},{metres(event.altitude_ft)}")
