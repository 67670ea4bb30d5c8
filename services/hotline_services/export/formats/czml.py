"""The run as CZML, the format of Cesium: aircraft that move, volumes that stand in their time, events as they come.

The format: https://github.com/AnalyticalGraphicsInc/czml-writer/wiki/CZML-Guide. Heights are metres; above mean sea
level here, above the ellipsoid there. Descriptions are shown as HTML, and so are escaped.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

import msgspec

from .captions import ILLUSTRATIVE, Block, Colour, Event, blocks, colours_of, events, stamp
from .outlines import course, later, metres, rings
from .story import Journey, Story, Trace

Packet = dict[str, Any]

SHOWN_FOR: Final = timedelta(minutes=30)
"""How long an event stays on the map."""
TRAIL_S: Final = 900
SPEED: Final = 60
OPACITY: Final = {"plan": 40, "agreement": 90}


def czml(story: Story) -> bytes:
    """The whole run as one CZML document."""
    journeys, reserved = story.journeys(), blocks(story)
    colours = colours_of({journey.side for journey in journeys} | {block.party for block in reserved}, story.agreement)
    packets = [_document(story), *_lines(story)]
    packets += [_flight(journey, colours[journey.side]) for journey in journeys if journey.stops]
    packets += [packet for block in reserved for packet in _block(block, colours[block.party])]
    packets += [_event(event) for event in events(story)]
    return msgspec.json.encode(packets)


def _interval(start: datetime, end: datetime) -> str:
    return f"{stamp(start)}/{stamp(max(start, end))}"


def _document(story: Story) -> Packet:
    packet: Packet = {"id": "document", "name": f"Hotline: {story.header.scenario}", "version": "1.0"}
    if story.period:
        interval = _interval(story.period.start, story.period.end)
        packet["clock"] = {"interval": interval, "currentTime": stamp(story.period.start), "multiplier": SPEED}
    return packet


def _rgba(colour: Colour, alpha: int = 255) -> dict[str, Any]:
    return {"rgba": [*colour, alpha]}


def _solid(colour: Colour, alpha: int = 255) -> dict[str, Any]:
    return {"solidColor": {"color": _rgba(colour, alpha)}}


def _lines(story: Story) -> Iterator[Packet]:
    for number, trace in enumerate(story.traces):
        flat = [value for lon, lat in course(trace.positions) for value in (lon, lat, 0.0)]
        packet = {
            "id": f"line/{number}",
            "name": "Line (illustrative)",
            "description": escape(f"The deconfliction line, {ILLUSTRATIVE}."),
            "polyline": {
                "positions": {"cartographicDegrees": flat},
                "width": 2.0,
                "material": _solid((90, 90, 90)),
                "clampToGround": True,
            },
        }
        yield packet | _availability(trace, story)


def _availability(trace: Trace, story: Story) -> Packet:
    if story.period is None or (trace.since is None and trace.until is None):
        return {}
    since, until = trace.since or story.period.start, trace.until or story.period.end
    return {"availability": _interval(since, until)}


def _flight(journey: Journey, colour: Colour) -> Packet:
    epoch, last = journey.stops[0].at, journey.stops[-1].at
    samples = [
        value
        for stop in journey.stops
        for value in (
            round((stop.at - epoch).total_seconds(), 3),
            stop.lon_deg,
            stop.lat_deg,
            metres(stop.altitude_ft),
        )
    ]
    flyer = journey.flyer
    told = f"{journey.kind.value if journey.kind else 'flight'} of {flyer.operator}, plan {flyer.plan_id}"
    return {
        "id": f"flight/{journey.key}",
        "name": flyer.callsign,
        "description": escape(told),
        "availability": _interval(epoch, last),
        "position": {"epoch": stamp(epoch), "cartographicDegrees": samples},
        "point": {"pixelSize": 8.0, "color": _rgba(colour), "outlineColor": _rgba((255, 255, 255)), "outlineWidth": 1},
        "label": {"text": flyer.callsign, "font": "12px sans-serif", "pixelOffset": {"cartesian2": [0.0, -16.0]}},
        "path": {"leadTime": 0, "trailTime": TRAIL_S, "width": 2.0, "material": _solid(colour, 160)},
    }


def _block(block: Block, colour: Colour) -> Iterator[Packet]:
    outline, *holes = [
        [value for lon, lat in ring for value in (lon, lat, 0.0)] for ring in rings(block.volume.area)
    ] or [[]]
    if not outline:
        return
    polygon: Packet = {
        "positions": {"cartographicDegrees": outline},
        "height": metres(block.volume.lower_ft),
        "extrudedHeight": metres(block.volume.upper_ft),
        "material": _solid(colour, OPACITY[block.kind]),
        "outline": True,
        "outlineColor": _rgba(colour),
    }
    if holes:
        polygon["holes"] = {"cartographicDegrees": holes}
    yield {
        "id": block.key,
        "name": block.name,
        "description": escape(block.told),
        "availability": _interval(block.volume.start, block.volume.end),
        "polygon": polygon,
    }


def _event(event: Event) -> Packet:
    packet: Packet = {
        "id": event.key,
        "name": event.name,
        "description": escape(event.told),
        "availability": _interval(event.at, later(event.at, SHOWN_FOR)),
    }
    if event.place:
        lon, lat, up = event.place.lon_deg, event.place.lat_deg, metres(event.altitude_ft)
        packet["position"] = {"cartographicDegrees": [lon, lat, up]}
        packet["point"] = {"pixelSize": 12.0, "color": _rgba((255, 196, 0)), "outlineWidth": 2}
        packet["label"] = {"text": event.name, "font": "11px sans-serif", "pixelOffset": {"cartesian2": [0.0, 18.0]}}
    return packet
