"""Where a flight is by the path that was told of it: what the sky itself says, at any time of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from hotline_protocol.airspace import Corridor, Position
from hotline_protocol.flightplan import FlightKind
from hotline_protocol.injection import DeviationKind
from hotline_protocol.sky import Fix, PathChanged, Track, Tracks
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.positions import motion_at, track_at
from hotline_services.monitor.projection import Projection

from .skies import NOON, Watched, plan

ROUTE = Corridor(route=(Position(40.4, 35.0), Position(41.1, 35.5), Position(40.9, 36.2)), half_width_nm=4)
STEADY = (Fix(0.0, 40.0, 35.0, 10_000.0), Fix(600.0, 40.0, 36.0, 20_000.0))


def flown(**changes: Any) -> tuple[Watched, Projection]:
    """A sky in which one flight flew from noon on, and what the monitor made of what was said."""
    watched = Watched(tracks_every=timedelta(seconds=7))
    filed = plan("p-1", **changes)
    watched.clear("us", filed)
    watched.run(NOON + timedelta(minutes=20))
    watched.deviate("us", filed, kind=DeviationKind.OFF_ROUTE, offset_nm=8.0)
    watched.run(NOON + timedelta(hours=3))
    projection = Projection()
    return watched, projection


def agrees(told: Track, found: Track) -> bool:
    metres = Geod(ellps="WGS84").inv(told.lon_deg, told.lat_deg, found.lon_deg, found.lat_deg)[2]
    turned = abs((told.track_deg - found.track_deg + 180) % 360 - 180)
    return (
        metres <= 3
        and abs(told.altitude_ft - found.altitude_ft) <= 2
        and abs(told.speed_kt - found.speed_kt) <= max(1.0, 0.01 * told.speed_kt)
        and turned <= 0.5
        and abs(told.climb_fpm - found.climb_fpm) <= 15
    )


@pytest.mark.parametrize("area", [ROUTE, None], ids=["along a route", "holding a circle"])
def test_it_is_where_the_sky_says_it_is_before_and_after_it_turns_off_its_way(area: Corridor | None) -> None:
    watched, projection = flown(**({"area": area} if area else {}))
    compared = 0
    for message in watched.said:
        projection.apply(message)
        if isinstance(message, Tracks):
            (row,) = projection.rows(AirborneRow)
            for told in message.tracks:
                found = track_at(row, message.time)
                assert found is not None
                assert agrees(told, found), (message.time, told, found)
                assert (found.side, found.callsign, found.kind) == (told.side, told.callsign, told.kind)
                compared += 1
    assert compared > 300
    assert watched.all(PathChanged)


def row(path: tuple[Fix, ...] = STEADY, **changes: Any) -> AirborneRow:
    fields: dict[str, Any] = {"side": "us", "operator": "us", "path": path, "path_at": NOON, "began_at": NOON}
    return AirborneRow(key="us/p-1", **(fields | changes))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_half_way_it_is_half_way_and_as_high() -> None:
    track = track_at(row(), after(300))
    assert track is not None
    assert (track.lon_deg, track.altitude_ft, track.climb_fpm) == (40.0, 15_000, 1_000)
    assert track.lat_deg == pytest.approx(35.5, abs=2e-4)
    assert track.track_deg == pytest.approx(0, abs=0.1)
    assert track.speed_kt == pytest.approx(360, rel=5e-3)  # a degree of latitude is 59.9 NM here


def test_it_is_nowhere_before_its_path_begins_after_it_ends_and_once_it_is_down() -> None:
    assert track_at(row(), after(-1)) is None
    assert track_at(row(), after(601)) is None
    assert track_at(row(ended_at=after(200)), after(201)) is None
    assert track_at(row(ended_at=after(200)), after(200)) is not None
    assert track_at(row(), after(0)) is not None
    assert track_at(row(), after(600)) is not None


def test_a_flight_of_which_no_path_was_told_is_nowhere() -> None:
    assert track_at(row(path=()), NOON) is None
    assert track_at(row(path_at=None), NOON) is None


def test_a_flight_of_nobody_and_of_no_kind_is_told_as_such() -> None:
    track = track_at(row(side="", operator="syaf", conforming=False), NOON)
    assert track is not None
    assert (track.side, track.operator, track.kind, track.conforming) == (None, "syaf", FlightKind.PATROL, False)


def test_a_path_of_one_fix_or_of_two_at_one_time_stands_still() -> None:
    fix = Fix(0.0, 40.0, 35.0, 1_000.0)
    for path in ((fix,), (fix, fix)):
        motion = motion_at(path, 0.0)
        assert motion is not None
        assert (motion.speed_kt, motion.climb_fpm) == (0.0, 0.0)


def test_a_path_over_a_pole_is_no_position() -> None:
    assert motion_at((Fix(0.0, 40.0, -90.0, 0.0), Fix(60.0, 40.0, 35.0, 0.0)), 30.0) is None


@given(st.floats(0, 600))
def test_at_any_time_of_its_path_it_is_between_the_fixes(seconds: float) -> None:
    motion = motion_at(STEADY, seconds)
    assert motion is not None
    assert 35 <= motion.position.lat_deg <= 36
    assert 10_000 <= motion.altitude_ft <= 20_000
