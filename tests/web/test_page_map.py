"""The map and what flies on it: what is drawn, when, and that nothing of it stays behind."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browsing import Visit, site

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

AT = "2017-08-20T05:02:00Z"

A_MAP_COMES_AND_GOES = """async () => {
  const names = ['watch', 'source', 'clock', 'map/map'];
  const modules = await Promise.all(names.map((name) => import(`./static/${name}.js`)));
  const {Watch, Source, Clock, TheatreMap} = Object.assign({}, ...modules);
  const watch = new Watch(new Source('a'), new Clock());
  await watch.open();
  const map = new TheatreMap(watch);
  document.querySelector('#map-region').append(map.element);
  await new Promise((done) => map.map.once('rendercomplete', done));
  map.close();
  map.element.remove();
}"""


async def living(session: "CDPSession", module: str, kind: str) -> Any:
    """How many of these are left once everything that can be let go of has been."""
    expression = f"import('./static/{module}.js').then((module) => module.{kind}.prototype)"
    found = await session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True})
    alive = await session.send("Runtime.queryObjects", {"prototypeObjectId": found["result"]["objectId"]})
    counting = {"objectId": alive["objects"]["objectId"], "functionDeclaration": "function() { return this.length }"}
    return (await session.send("Runtime.callFunctionOn", counting))["result"]["value"]


async def test_a_map_that_is_closed_is_kept_by_nothing(run: Path, visit: Visit) -> None:
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        session = await page.context.new_cdp_session(page)
        kinds = (("map/map", "TheatreMap"), ("vendor/ol", "VectorSource"))
        before = [await living(session, *kind) for kind in kinds]
        await page.evaluate(A_MAP_COMES_AND_GOES)
        assert [await living(session, *kind) for kind in kinds] == before
