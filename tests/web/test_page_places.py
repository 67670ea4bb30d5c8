"""What the page works out by itself is what the protocol and the sky would say."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline_protocol.airspace import Position
from hotline_protocol.gars import gars
from hotline_protocol.sky import Fix
from hotline_services.monitor import wording
from hotline_services.monitor.positions import motion_at

from .browsing import Visit, site

AT = "2017-08-20T05:02:00Z"
EPOCH = datetime(2017, 8, 20, tzinfo=UTC)


async def test_cells_are_named_as_the_protocol_names_them(run: Path, visit: Visit) -> None:
    chance = random.Random(1)
    places = [(chance.uniform(-180, 180), chance.uniform(-89.9, 89.9)) for _ in range(200)]
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        named = await page.evaluate(
            "(places) => import('./static/map/gars.js').then(({cellName}) => places.map((at) => cellName(at, 1 / 12)))",
            places,
        )
    assert named == [gars(Position(*place), "keypad") for place in places]


async def test_a_flight_is_where_the_sky_would_have_it(run: Path, visit: Visit) -> None:
    path = (Fix(0, 36.0, 34.0, 10_000), Fix(2_400, 41.5, 36.5, 30_000), Fix(2_500, 41.5, 36.5, 30_000))
    row = {"side": "us", "operator": "us", "callsign": "X1", "plan_id": "p", "announced": True, "kind": "patrol",
           "conforming": True, "ended_at": None, "path_at": EPOCH.isoformat(),
           "path": [[fix.after_s, fix.lon_deg, fix.lat_deg, fix.altitude_ft] for fix in path]}  # fmt: skip
    times = [0, 1, 600, 1_199, 1_200, 2_399, 2_400, 2_450, 2_500]
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        found = await page.evaluate(
            """async ({row, begins, times}) => {
              const {Flights} = await import('./static/map/flights.js');
              const {toPosition} = await import('./static/map/plane.js');
              const flights = new Flights();
              flights.update(new Map([['x', row]]));
              const told = (one) => [...toPosition([one.x, one.y]), one.feet];
              return times.map((s) => [...flights.aloft(begins + s * 1000)].map(told)[0]);
            }""",
            {"row": row, "begins": EPOCH.timestamp() * 1_000, "times": times},
        )
    for seconds, (lon, lat, feet) in zip(times, found, strict=True):
        motion = motion_at(path, seconds)
        assert motion is not None
        assert (lon, lat) == pytest.approx((motion.position.lon_deg, motion.position.lat_deg), abs=0.002)
        assert feet == pytest.approx(motion.altitude_ft, abs=1)


async def test_times_and_heights_are_worded_as_in_the_duty_log(run: Path, visit: Visit) -> None:
    seconds, heights = [0, 59, 60, 200, 3_599, 3_600, 7_500, 90_000], [(6_500, 12_000), (24_000, 26_000), (0, 500)]
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        worded = await page.evaluate(
            """({at, seconds, heights}) => import('./static/format.js').then((format) => [
              format.dateTimeGroup(at),
              seconds.map((one) => format.duration(one)),
              heights.map(([lower, upper]) => format.heights(lower, upper))])""",
            {"at": EPOCH.isoformat(), "seconds": seconds, "heights": heights},
        )
    assert worded == [
        wording.date_time_group(EPOCH),
        [wording.duration(one) for one in seconds],
        [wording.heights(lower, upper).replace("-", "–") for lower, upper in heights],
    ]


async def test_a_corridor_that_bends_has_one_outline_and_nothing_of_it_inside(run: Path, visit: Visit) -> None:
    routes = [
        [[38.0, 35.0], [39.0, 35.2], [39.5, 36.0], [40.5, 35.9]],
        [[40.5, 35.9], [39.5, 36.0], [39.0, 35.2], [38.0, 35.0]],
    ]
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        found = await page.evaluate(
            """(routes) => import('./static/map/plane.js').then(({outline, toPlane, stretch, NM_M}) =>
             routes.map((route) => {
              const ring = outline({shape: 'corridor', route, half_width_nm: 4});
              const apart = ([x, y]) => Math.min(...route.slice(1).map((to, leg) => {
                const [a, b] = [toPlane(route[leg]), toPlane(to)];
                const [u, v] = [b[0] - a[0], b[1] - a[1]];
                const share = Math.min(1, Math.max(0, ((x - a[0]) * u + (y - a[1]) * v) / (u * u + v * v)));
                return Math.hypot(x - a[0] - share * u, y - a[1] - share * v);
              }));
              return ring.map((point) => apart(point) / NM_M / stretch(35.5));
            }))""",
            routes,
        )
    for distances in found:
        assert distances == [pytest.approx(4.0, rel=0.02)] * len(distances)


async def test_legs_that_follow_each_other_are_drawn_as_one_corridor(run: Path, visit: Visit) -> None:
    def leg(route: list[list[float]], start: str, end: str, lower_ft: int = 18_000) -> dict[str, object]:
        area = {"shape": "corridor", "route": route, "half_width_nm": 4}
        return {"area": area, "lower_ft": lower_ft, "upper_ft": 22_000, "start": start, "end": end}

    a, b, c, d = [38.0, 35.0], [39.0, 35.2], [39.5, 36.0], [40.5, 35.9]
    legs = [
        leg([a, b], "2017-08-20T05:00:00Z", "2017-08-20T05:20:00Z"),
        leg([b, c], "2017-08-20T05:10:00Z", "2017-08-20T05:30:00Z"),
        leg([c, d], "2017-08-20T05:20:00Z", "2017-08-20T05:40:00Z", 16_000),
    ]
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        drawn = await page.evaluate(
            """({legs, times}) => import('./static/map/airspace.js').then(({joined}) =>
              times.map((time) => joined(legs, Date.parse(time))
                .map(({area, start, end}) => [area.route.length, start, end])))""",
            {"legs": legs, "times": ["2017-08-20T04:00:00Z", "2017-08-20T05:05:00Z"]},
        )
    last = [2, "2017-08-20T05:20:00Z", "2017-08-20T05:40:00Z"]
    assert drawn[0] == [[3, "2017-08-20T05:00:00Z", "2017-08-20T05:30:00Z"], last]
    assert len(drawn[1]) == len(legs)
