"""The run as GeoJSON (RFC 7946): reserved volumes, tracks, the line and the zones, and what happened where.

Positions are longitude, latitude and, on tracks, metres above mean sea level (the format says ellipsoid: what lies
between the two is not known here). Times and heights are properties; a track has a time for each of its positions in
``times``. The line bears in its properties that it is illustrative.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from hotline_protocol.airspace import Area, Position, Volume4D
from hotline_services.monitor.rows import AgreementRow, EscalationRow, PlanRow
from hotline_services.monitor.worldrows import CrossingRow, EncounterRow

from .captions import ILLUSTRATIVE, stamp
from .outlines import course, metres, rings, rounded
from .story import Journey, Story

Feature = dict[str, Any]


def geojson(story: Story) -> bytes:
    """The whole run as one FeatureCollection."""
    features = [*_ground(story), *_volumes(story), *map(_track, _flown(story)), *_events(story)]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _feature(name: str, geometry: dict[str, Any] | None, /, **properties: Any) -> Feature:
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}


def _polygon(area: Area) -> dict[str, Any] | None:
    drawn = rings(area)
    return {"type": "Polygon", "coordinates": drawn} if drawn else None


def _point(at: Position | None) -> dict[str, Any] | None:
    return {"type": "Point", "coordinates": rounded(at)} if at else None


def _ground(story: Story) -> Iterator[Feature]:
    for number, trace in enumerate(story.traces):
        geometry = {"type": "LineString", "coordinates": course(trace.positions)}
        since, until = stamp(trace.since), stamp(trace.until)
        yield _feature(
            f"line/{number}", geometry, feature="line", note=ILLUSTRATIVE, illustrative=True, since=since, until=until
        )
    for zone in story.agreement.zones if story.agreement else ():
        heights = {"lower_ft": zone.lower_ft, "upper_ft": zone.upper_ft}
        name = f"zone/{zone.name}"
        yield _feature(name, _polygon(zone.area), feature="zone", name=zone.name, holder=zone.holder, **heights)


def _volumes(story: Story) -> Iterator[Feature]:
    for plan in story.rows(PlanRow):
        about = {"party": plan.party, "plan_id": plan.plan_id, "callsign": plan.callsign}
        state = plan.state.value if plan.state else None
        yield from _parts("plan", plan.key, plan.volumes, state=state, **about)
    for row in story.rows(AgreementRow):
        about = {"granter": row.granter, "user": row.user, "agreement_id": row.agreement_id}
        times = {"entered_at": stamp(row.entered_at), "released_at": stamp(row.released_at)}
        yield from _parts("agreement", row.key, row.volumes, **about, **times)


def _parts(feature: str, key: str, volumes: tuple[Volume4D, ...], **properties: Any) -> Iterator[Feature]:
    for number, volume in enumerate(volumes):
        yield _feature(
            f"{feature}/{key}/{number}",
            _polygon(volume.area),
            feature=feature,
            **properties,
            lower_ft=volume.lower_ft,
            upper_ft=volume.upper_ft,
            start=stamp(volume.start),
            end=stamp(volume.end),
        )


def _flown(story: Story) -> list[Journey]:
    return [journey for journey in story.journeys() if len(journey.stops) > 1]


def _track(journey: Journey) -> Feature:
    geometry = {
        "type": "LineString",
        "coordinates": [(stop.lon_deg, stop.lat_deg, metres(stop.altitude_ft)) for stop in journey.stops],
    }
    return _feature(
        f"track/{journey.key}",
        geometry,
        feature="track",
        side=journey.flyer.side,
        operator=journey.flyer.operator,
        callsign=journey.flyer.callsign,
        plan_id=journey.flyer.plan_id,
        kind=journey.kind.value if journey.kind else None,
        began_at=stamp(journey.began_at),
        ended_at=stamp(journey.ended_at),
        times=[stamp(stop.at) for stop in journey.stops],
    )


def _events(story: Story) -> Iterator[Feature]:
    for crossing in story.rows(CrossingRow):
        yield _event("crossing", crossing, crossing.position)
    for encounter in story.rows(EncounterRow):
        yield _event("encounter", encounter, encounter.position)
    for escalation in story.rows(EscalationRow):
        yield _event("escalation", escalation, story.place_of(escalation))


def _event(feature: str, row: CrossingRow | EncounterRow | EscalationRow, at: Position | None) -> Feature:
    """All that the row says. One of which nobody says where it was has no geometry."""
    told = msgspec.to_builtins(row)
    told.pop("position", None)
    return _feature(f"{feature}/{row.key}", _point(at), feature=feature, **told)
