"""What the page keeps of the rows that it is told of, what it asks for, and what it calls them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hotline_protocol.events import StrainChanged
from hotline_services.director.scenario import read_scenario

from .browsing import Visit, expect, site
from .day import recording

AT = "2017-08-20T05:02:00Z"

STORE = """const {Store} = await import('./static/store.js');
const store = new Store();
const at = '2017-08-20T05:00:00Z';
"""


@pytest_asyncio.fixture(loop_scope="session")
async def run_script(run: Path, visit: Visit) -> Any:
    """Runs a script among the page's own modules."""
    async with site(run) as served:
        page = await visit(served.at(at=AT))
        yield lambda script, given=None: page.evaluate(f"async (given) => {{ {script} }}", given)


async def test_what_is_in_force_stays_however_much_happens_after_it(run_script: Any) -> None:
    kept = await run_script(
        STORE
        + """
        const air = (end) => ({released_at: null, volumes: [{end}]});
        const [late, past] = ['2017-08-20T06:00:00Z', '2017-08-20T04:00:00Z'];
        store.replace({n: 1, at, rows: {
          agreements: [{key: 'in force', ...air(late)}, {key: 'over', ...air(past)},
            {key: 'released', ...air(late), released_at: at}],
          strain: [{key: 'quiet', party: 'us', peer: 'tr'}],
        }});
        for (let n = 2; n < 1002; n += 1) store.apply({n, at, rows: {
          agreements: [{key: `${n}`, ...air(past)}], strain: [{key: `${n}`, party: 'us', peer: 'ru'}],
        }});
        return ['agreements', 'strain'].map((name) => [store.table(name).size, store.rows(name)[0].key]);
        """
    )
    assert kept == [[300, "in force"], [600, "quiet"]]


async def test_tension_goes_on_with_the_rows_that_come_and_is_not_asked_for_again(run_script: Any) -> None:
    asked, points = await run_script(
        STORE
        + """
        const {Levels} = await import('./static/tension.js');
        const row = (key, at, after) => ({key, at, party: 'us', peer: 'ru', after, stage: 'calm'});
        const times = ['2017-08-20T05:00:00Z', '2017-08-20T05:01:00Z', '2017-08-20T05:02:00Z'];
        let asked = 0, answer;
        const source = {tension: () => (asked += 1, new Promise((done) => (answer = done)))};
        const levels = new Levels(Object.assign(new EventTarget(), {store, source}));
        store.replace({n: 1, at, rows: {strain: [row('a', times[0], 1)]}});
        levels.refresh();
        store.apply({n: 2, at, rows: {strain: [row('b', times[2], 3)]}}); // told while the answer is on its way
        answer([[times[0], 'us', 'ru', 1, 'calm']]);
        await new Promise((done) => setTimeout(done));
        store.apply({n: 3, at, rows: {strain: [row('c', times[1], 2)]}}); // late
        levels.refresh();
        levels.refresh();
        return [asked, levels.pairs.get('us/ru').map(([, level]) => level)];
        """
    )
    assert (asked, points) == (1, [1, 2, 3])


async def test_a_plan_that_starts_late_stays_however_many_others_change_after_it(run_script: Any) -> None:
    kept = await run_script(
        STORE
        + """
        const air = (end) => ({volumes: [{end}]});
        const plan = (key, state, end) => ({key, party: 'us', plan_id: key, state, at, ...air(end)});
        store.replace({n: 1, at, rows: {plans: [plan('late', 'accepted', '2017-08-25T00:00:00Z')]}});
        for (let n = 2; n < 2002; n += 1) {
          store.apply({n, at, rows: {plans: [plan(`${n}`, 'ended', '2017-08-20T04:00:00Z')]}});
        }
        return [store.table('plans').size, store.rows('plans')[0].key];
        """
    )
    assert kept == [900, "late"]


CURVES = """const {curves, levelAt, pointOf, stageAt} = await import('./static/decay.js');
const STAGES = ['calm', 'tense', 'strained', 'crisis'];
const hour = (n) => new Date(Date.UTC(2017, 7, 20) + n * 3_600_000).toISOString();
const ms = (n) => Date.parse(hour(n));
const at = ([times, values], n) => values[times.findLastIndex((time) => time <= ms(n))];
"""
HALVES = {"stages": [10.0, 25.0, 50.0], "half_life_h": 24.0, "floor": 0.0}
FALLS = {"stages": [10.0, 25.0, 50.0], "falls": [{"at": "2017-08-20T12:00:00Z", "level": 8.0}]}
HOLDS = {"stages": [10.0, 25.0, 50.0], "falls": []}


@pytest.mark.parametrize(
    ("decay", "levels", "stage"),
    [
        ([HALVES, HALVES], [0, 16 * 2**-0.5, 8, 10, 5], "calm"),
        ([FALLS, HOLDS], [0, 8, 8, 10, 10], "tense"),
        ([None, None], [0, 12, 8, 10, 10], "tense"),  # a record of an older program
    ],
)
async def test_the_curve_of_tension_falls_between_steps_as_each_step_says(
    run_script: Any, decay: list[dict[str, Any] | None], levels: list[float], stage: str
) -> None:
    drawn, now = await run_script(
        CURVES
        + """
        const points = [pointOf(hour(0), 16, 'tense', 0, given[0]), pointOf(hour(24), 10, 'tense', 8, given[1])];
        const curve = curves([points], ms(48), 480);
        const before = [at(curve, 0 - 1 / 3_600_000), at(curve, 12), at(curve, 24 - 1 / 3_600_000)];
        return [[...before, at(curve, 24), at(curve, 48)], stageAt(points[1], ms(47), STAGES)];
        """,
        decay,
    )
    assert drawn == pytest.approx(levels, abs=0.02)
    assert now == stage


async def test_the_page_says_that_a_scenario_does_not_model_tension(tmp_path: Path, visit: Visit) -> None:
    plain = {f"parties.{name}.strain.model": "none" for name in ("us", "ru")}
    await asyncio.to_thread(recording, tmp_path / "run.jsonl", "of-my-own", without=StrainChanged)
    async with site(tmp_path / "run.jsonl", plays=read_scenario("valley-2017", plain)) as served:
        page = await visit(served.at(t="tension"))
        await expect(page.locator("#panel-tension")).to_contain_text("This scenario does not model tension.")


async def test_an_answer_that_comes_late_does_not_replace_a_newer_one_and_a_failure_is_asked_again(
    run_script: Any,
) -> None:
    taken, asked = await run_script(
        """
        const {Answer} = await import('./static/answers.js');
        const [taken, waiting] = [[], []];
        const answer = new Answer(() => new Promise((...ends) => waiting.push(ends)), (value) => taken.push(value));
        const settled = () => new Promise((done) => setTimeout(done));
        const ask = (state) => { answer.hasten(); answer.refresh(state); };
        ask('first');
        ask('second');
        waiting[1][0]('newer');
        await settled();
        waiting[0][0]('older');
        ask('third');
        waiting[2][1](new Error('away'));
        await settled();
        ask('third');
        return [taken, waiting.length];
        """
    )
    assert (taken, asked) == (["newer"], 4)


async def test_the_log_names_flights_where_the_record_has_ids(run_script: Any) -> None:
    text = {"part": "free-text"}

    def about(name: str) -> dict[str, Any]:
        return {"part": "thing-named", "id": name}

    lines: list[dict[str, Any]] = [
        {"parts": [about("us-1-n2"), text], "details": ["us-1-n2", "FL180-220"]},
        {"parts": [about("us-1-n2.ab12"), text], "details": ["us-1-n2.ab12", "entry 1 of RU"]},
        {"parts": [text, {"part": "about-ids", "ids": ["us-1-n2"]}], "details": ["routine", "about us-1-n2"]},
        {"parts": [about("us-9-n9"), text], "details": ["us-9-n9", "440LM22"]},
        {"parts": [], "details": []},
    ]
    named = await run_script(
        STORE
        + """
        const {toldOf} = await import('./static/names.js');
        const {h} = await import('./static/dom.js');
        const plans = [{key: 'us/o/d', plan_id: 'o', callsign: 'UNTALKED', negotiation_id: ''},
          {key: 'us/p/d', plan_id: 'p', callsign: 'TESTED1', negotiation_id: 'us-1-n2'}];
        store.replace({n: 1, at, rows: {plans}});
        return given.map((line) => h('p', {}, toldOf(store, line))).map((told) =>
          [told.textContent, told.querySelector('[title]')?.title ?? null]);
        """,
        lines,
    )
    assert named == [
        ["TESTED1 · FL180-220", "us-1-n2"],
        ["TESTED1 · entry 1 of RU", "us-1-n2.ab12"],
        ["routine · about TESTED1", "us-1-n2"],
        ["us-9-n9 · 440LM22", None],
        ["", None],
    ]


async def test_what_is_on_the_table_is_told_of_all_legs_of_a_corridor(run_script: Any) -> None:
    told = await run_script(
        STORE
        + """
        const [{Transcript}, {Clock}, {Sides}] =
          await Promise.all(['transcript', 'clock', 'sides'].map((name) => import(`./static/${name}.js`)));
        const on = (time) => `2017-08-20T${time}Z`;
        const leg = (lower_ft, upper_ft, start, end) => ({lower_ft, upper_ft, start: on(start), end: on(end)});
        store.replace({n: 1, at, rows: {
          calls: [{key: 'c', caller: 'us', callee: 'ru', rang_at: at, answered_at: at, about: []}],
          offers: [{key: 'n', call_id: 'c', by: 'us', kind: 'transport', expires_at: '2017-08-20T05:02:00Z',
            volumes: [leg(18000, 22000, '06:00:00', '06:20:00'), leg(16000, 20000, '06:15:00', '06:40:00')]}],
        }});
        const clock = new Clock();
        clock.set(Date.parse(at));
        const sides = new Sides({parties: {us: '', ru: ''}});
        const transcript = new Transcript({store, clock, sides}, () => undefined);
        transcript.draw();
        return transcript.table.textContent;
        """
    )
    assert "FL160–220 · 0600Z–0640Z" in told
