"""Where flights are seen to be: over the line, in zones, and on the radar picture."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from hotline_protocol.airspace import Corridor, Position
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import DeviationKind, ReportSighting, SightingKind
from hotline_protocol.sky import LineCrossed, Tracks, ZoneEntered
from hotline_services.director.setting import Sky as Setting

from .skies import EAST, FAR_EAST, MINUTE, NOON, ON_THE_LINE, WEST, Watched, agreement, plan, zone

HOUR = timedelta(hours=1)
LATER = NOON + 6 * HOUR
ACROSS = Corridor(route=(EAST, WEST), half_width_nm=4)
THERE_AND_BACK = Corridor(route=(EAST, WEST, Position(40.5, 35.6)), half_width_nm=4)


# --- the line and the zones --------------------------------------------------------------------------------------


def test_a_crossing_is_told_where_and_when_it_happens_and_each_way() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", area=THERE_AND_BACK, minutes=80))
    watched.run(LATER)
    out, back = watched.all(LineCrossed)
    assert (out.outbound, back.outbound) == (True, False)
    assert (out.at.lon_deg, back.at.lon_deg) == pytest.approx((40.0, 40.0), abs=0.01)
    assert out.time == pytest.approx(NOON + 20 * MINUTE, abs=MINUTE)
    assert back.time == pytest.approx(NOON + 60 * MINUTE, abs=MINUTE)
    assert out.conforming


def test_the_side_into_whose_air_it_goes_is_told_once_and_a_while_later() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", area=THERE_AND_BACK, minutes=80, operator="sdf"))
    watched.run(LATER)
    out = watched.all(LineCrossed)[0]
    report = watched.only(ReportSighting)
    assert (report.to, report.by, report.operator, report.callsign) == ("ru", "us", "sdf", "P1")
    assert (report.kind, report.at, report.cause) == (SightingKind.LINE_CROSSING, out.at, out.id)
    assert report.seen_at == out.time
    assert 30 <= (report.time - out.time).total_seconds() <= 90


def test_who_sees_nothing_reports_nothing() -> None:
    watched = Watched(Setting(sees=0.0))
    watched.clear("us", plan("p-1", area=ACROSS))
    watched.run(LATER)
    assert watched.all(LineCrossed)
    assert watched.all(ReportSighting) == []


def test_as_many_crossings_are_seen_as_the_scenario_says() -> None:
    watched = Watched(Setting(sees=0.7))
    for number in range(300):
        watched.clear("us", plan(f"p-{number}", area=ACROSS))
    watched.run(LATER)
    assert len(watched.all(LineCrossed)) == 300
    assert len(watched.all(ReportSighting)) / 300 == pytest.approx(0.7, abs=0.08)


def test_who_works_across_the_line_is_told_of_once_and_not_with_every_lap() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", ON_THE_LINE, minutes=180))
    watched.run(LATER)
    crossings = [crossing.outbound for crossing in watched.all(LineCrossed)]
    assert crossings in ([True], [True, False])
    assert len(watched.all(ReportSighting)) == 1


def test_who_begins_on_the_other_side_has_come_over_the_line() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", WEST))
    watched.run(LATER)
    crossing = watched.only(LineCrossed)
    assert (crossing.outbound, crossing.time) == (True, NOON)


def test_in_its_own_air_nobody_crosses_anything() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", EAST))
    watched.clear("ru", plan("p-2", WEST))
    watched.run(LATER)
    assert [*watched.all(LineCrossed), *watched.all(ReportSighting)] == []


def test_a_line_that_divides_nobodys_air_is_crossed_by_nobody() -> None:
    rules = agreement()
    assert rules.line is not None
    watched = Watched(rules=replace(rules, line=replace(rules.line, left=None, right=None)))
    watched.clear("us", plan("p-1", area=ACROSS))
    watched.run(LATER)
    assert watched.all(LineCrossed) == []


def test_a_crossing_without_consent_or_beside_its_air_is_not_conforming() -> None:
    watched = Watched()
    watched.tell("us", plan("p-1", area=ACROSS), PlanState.NONCONFORMING)
    watched.clear("us", plan("p-2", EAST))
    watched.deviate("us", plan("p-2", EAST), kind=DeviationKind.RETASKED, at=WEST)
    watched.run(LATER)
    assert {crossing.flyer.plan_id: crossing.conforming for crossing in watched.all(LineCrossed)} == {
        "p-1": False,
        "p-2": False,
    }


def test_when_the_line_has_moved_crossings_are_those_of_where_it_runs_now() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", area=ACROSS))
    watched.run(NOON + MINUTE)
    for side in ("us", "ru"):
        watched.move_line(side, (Position(39.7, 34.5), Position(39.7, 36.5)))
    watched.run(LATER)
    assert watched.only(LineCrossed).at.lon_deg == pytest.approx(39.7, abs=0.01)


def test_a_line_that_moves_over_a_flight_has_not_been_crossed_by_it() -> None:
    watched = Watched()
    watched.clear("us", plan("p-1", EAST))
    watched.run(NOON + MINUTE)
    for side in ("us", "ru"):
        watched.move_line(side, (Position(41.5, 34.5), Position(41.5, 36.5)))
    watched.run(LATER)
    assert watched.all(LineCrossed) == []


def test_a_zone_is_entered_by_those_who_need_consent_for_it() -> None:
    garrison = Position(41.0, 35.5)
    rules = agreement(zones=(zone("garrison", garrison, 10, "ru"), zone("valley", garrison, 12, None)))
    watched = Watched(rules=rules)
    through = Corridor(route=(Position(40.5, 35.5), Position(41.5, 35.5)), half_width_nm=3)
    watched.clear("us", plan("p-1", area=through))
    watched.run(LATER)
    assert [entered.zone for entered in watched.all(ZoneEntered)] == ["valley", "garrison"]
    report = watched.only(ReportSighting)
    assert (report.to, report.detail.startswith("in valley at")) == ("ru", True)


def test_above_a_zone_one_is_not_in_it() -> None:
    low = zone("garrison", EAST, 30, "ru")
    rules = agreement(zones=(type(low)(name=low.name, area=low.area, holder="ru", upper_ft=10_000),))
    watched = Watched(rules=rules)
    watched.clear("us", plan("p-1", EAST))
    watched.run(LATER)
    assert watched.all(ZoneEntered) == []


def test_a_flight_that_nobody_was_told_of_is_reported_as_such_by_those_whose_air_it_is_in() -> None:
    watched = Watched()
    watched.fly_unannounced(plan("t-1", area=ACROSS, operator="turkey"))
    watched.fly_unannounced(plan("t-2", WEST, operator="sdf"), side="us")
    watched.fly_unannounced(plan("t-3", EAST, operator="sdf"), side="us")
    watched.run(LATER)
    reports = {(report.to, report.by, report.operator) for report in watched.all(ReportSighting)}
    assert reports == {("us", "turkey", None), ("ru", "turkey", None), ("ru", "us", "sdf")}
    assert {report.kind for report in watched.all(ReportSighting)} == {SightingKind.UNANNOUNCED_FLIGHT}


# --- tracks ------------------------------------------------------------------------------------------------------


def test_tracks_are_told_as_often_as_was_asked_and_only_while_something_flies() -> None:
    watched = Watched(tracks_every=timedelta(seconds=10))
    watched.clear("us", plan("p-1", FAR_EAST, minutes=5))
    watched.run(LATER)
    tracks = watched.all(Tracks)
    assert [told.time for told in tracks] == [NOON + timedelta(seconds=10 * n) for n in range(31)]
    assert [len(told.tracks) for told in tracks] == [1] * 30 + [0]
    assert {told.seq for told in tracks} == {0}
    assert len({told.id for told in tracks}) == len(tracks)


def test_tracks_do_not_use_up_numbers() -> None:
    watched = Watched(tracks_every=timedelta(seconds=10))
    watched.clear("us", plan("p-1", FAR_EAST))
    watched.run(LATER)
    assert [message.seq for message in watched.said if message.seq] == [1, 2]


def test_a_track_has_place_height_speed_and_true_course() -> None:
    watched = Watched(tracks_every=MINUTE)
    due_north = Corridor(route=(Position(43.0, 34.0), Position(43.0, 35.0)), half_width_nm=3)
    watched.clear("us", plan("p-1", area=due_north, minutes=15, lower_ft=18_000, upper_ft=18_800))
    watched.run(NOON + 5 * MINUTE)
    track = watched.all(Tracks)[-1].tracks[0]
    assert track.track_deg == pytest.approx(0.0, abs=0.2) or track.track_deg == pytest.approx(360.0, abs=0.2)
    assert track.speed_kt == pytest.approx(240, abs=1)
    assert (track.lon_deg, track.lat_deg) == pytest.approx((43.0, 34.33), abs=0.01)
    assert (track.altitude_ft, track.climb_fpm, track.conforming) == (18_400, 0, True)
