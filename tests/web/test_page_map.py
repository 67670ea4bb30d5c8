"""The map and what flies on it: what is drawn, when, and that nothing of it stays behind."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browsing import PATIENCE_MS, Visit, site

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

NEXT_FRAME = "new Promise(requestAnimationFrame)"
AT = "2017-08-20T05:02:00Z"

MAP = """
  const names = ['watch', 'source', 'clock', 'map/map'];
  const modules = await Promise.all(names.map((name) => import(`./static/${name}.js`)));
  const {Watch, Source, Clock, TheatreMap} = Object.assign({}, ...modules);
  const watch = new Watch(new Source('a'), new Clock());
  await watch.open();
  const map = new TheatreMap(watch);
"""

A_MAP_COMES_AND_GOES = (
    "async () => {"
    + MAP
    + """
  document.querySelector('#map-region').append(map.element);
  await new Promise((done) => map.map.once('rendercomplete', done));
  map.close();
  map.element.remove();
}"""
)


async def living(session: "CDPSession", module: str, kind: str) -> Any:
    """How many of these are left once everything that can be let go of has been."""
    expression = f"import('./static/{module}.js').then((module) => module.{kind}.prototype)"
    found = await session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True})
    alive = await session.send("Runtime.queryObjects", {"prototypeObjectId": found["result"]["objectId"]})
    counting = {"objectId": alive["objects"]["objectId"], "functionDeclaration": "function() { return this.length }"}
    count = (await session.send("Runtime.callFunctionOn", counting))["result"]["value"]
    await session.send("Runtime.releaseObject", {"objectId": alive["objects"]["objectId"]})  # which held all of them
    return count


async def test_a_map_that_is_closed_is_kept_by_nothing(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        session = await page.context.new_cdp_session(page)
        kinds = (("map/map", "TheatreMap"), ("vendor/ol", "VectorSource"))
        before = [await living(session, *kind) for kind in kinds]
        await page.evaluate(A_MAP_COMES_AND_GOES)
        async with asyncio.timeout(
            PATIENCE_MS / 1_000
        ):  # frames and answers that are on their way hold it for a moment
            while [await living(session, *kind) for kind in kinds] != before:
                await page.evaluate(NEXT_FRAME)


AIRCRAFT_ARE_DRAWN = (
    "async () => {"
    + MAP
    + """
  document.querySelector('#map-region').replaceChildren(map.element);
  map.place = '39,35.5,9';
  await new Promise((done) => map.map.once('rendercomplete', done));
  const drawing = CanvasRenderingContext2D.prototype, clear = drawing.clearRect;
  let count = 0;
  drawing.clearRect = function (...box) {
    count += this.canvas === map.aircraft.canvas;
    return clear.apply(this, box);
  };
  const [time, real] = [Date.parse('2017-08-20T05:00:00Z'), performance.now()];
  const track = ['us', 'us', 'p1', 'TESTED1', 'patrol', 39, 35.5, 20000, 360, 90, 0, true];
  const see = () => watch.flights.see({time: new Date(time).toISOString(), tracks: [track]}, real);
  const after = (deed, at = time, later = 0) => {
    const before = count;
    deed();
    map.draw(at, real + later);
    return count - before;
  };
  const nothing = () => undefined;
  return {
    seen: after(see),
    still: after(nothing),
    crept: after(nothing, time + 100, 16),
    went: after(nothing, time + 2000, 32),
    chosen: after(() => map.select('plan:p1'), time + 2000, 48),
    unseen: after(() => watch.flights.forgetSeen(), time + 2000, 64),
    waited: after(nothing, time + 2000, 2000),
  };
}"""
)


async def test_aircraft_are_drawn_anew_when_that_can_be_seen_and_not_otherwise(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        drawn = await page.evaluate(AIRCRAFT_ARE_DRAWN)
    assert drawn == {"seen": 1, "still": 0, "crept": 0, "went": 1, "chosen": 1, "unseen": 1, "waited": 1}


AIR_IS_SHOWN = """async (times) => {
  const [{Airspace}, {Store}, {Sides}] =
    await Promise.all(['map/airspace', 'store', 'sides'].map((name) => import(`./static/${name}.js`)));
  const area = {shape: 'circle', centre: [39, 35], radius_nm: 5};
  const [start, end] = ['2017-08-20T06:00:00Z', '2017-08-20T07:00:00Z'];
  const plan = {key: 'ru/p/d', plan_id: 'p', party: 'ru', callsign: 'TESTED1', state: 'accepted', negotiation_id: '',
    volumes: [{area, lower_ft: 18000, upper_ft: 22000, start, end}]};
  const [store, airspace] = [new Store(), new Airspace(new Sides({parties: {us: '', ru: ''}}))];
  store.replace({n: 1, at: times[0], rows: {plans: [plan]}});
  let [known, count] = [null, 0];
  return times.map((time) => {
    airspace.update(store, Date.parse(time));
    const [feature] = airspace.layers.volumes.getSource().getFeatures();
    if (feature !== known) count += 1;
    known = feature;
    return [count, feature ? feature.get('isActive') : null, feature?.get('label').split('\\n')[0] ?? null];
  });
}"""


async def test_air_is_drawn_when_it_begins_and_ends_and_not_in_between(run: Path, visit: Visit) -> None:
    times = ("04:59:59", "05:00:00", "05:59:59", "06:00:00", "06:59:59", "07:00:00")
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        shown = await page.evaluate(AIR_IS_SHOWN, [f"2017-08-20T{time}Z" for time in times])
    name = "TESTED1 RU"  # whose it is stands there, and is not only a colour
    none, soon, used = [None, None], [False, name], [True, name]
    assert shown == [[1, *none], [2, *soon], [2, *soon], [3, *used], [3, *used], [4, *none]]
