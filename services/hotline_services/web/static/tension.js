// How strained each side is towards each other one, over time and by cause; and its escalations.

import { Answer } from "./answers.js";
import { button, h, say } from "./dom.js";
import { dateTimeGroup, plain } from "./format.js";
import { LineChart } from "./chart.js";
import { curves, levelAt, pointOf, stageAt } from "./decay.js";
import { Keyed, Listing, newestFirst } from "./listing.js";
import { DASHES } from "./map/frames.js";
import { Stage } from "./protocol.js";
import { shortName } from "./sides.js";
import { words } from "./words.js";

const STAGES = { [Stage.CALM]: "", [Stage.TENSE]: "warn", [Stage.STRAINED]: "warn", [Stage.CRISIS]: "bad" };
const SAMPLES = 200; // of the curves: about one for two dots of the screen
const REDRAWS = 100; // of a curve while it grows, at most, and none for less than this:
const REDRAWN_MS = 60_000;
const { columns: heads } = words.tension;

/** What the source knows of tension, as of the time shown: the whole is asked for once, and goes on with the page's own rows. */
export class Levels {
  #whole;
  #pictures = 0;
  #known = null; // the rows that are among the points; none until the whole is there

  /** Points by pair: `us/ru` to a list of points, as `pointOf` makes them. */
  pairs = new Map();
  version = 0;

  constructor(watch) {
    this.watch = watch;
    this.#whole = new Answer(() => this.#ask(), (whole) => this.#begin(whole));
    watch.addEventListener("picture", () => {
      this.#pictures += 1;
      this.#known = null;
      this.#whole.hasten();
    });
  }

  refresh() {
    if (this.watch.store.n) this.#whole.refresh(`${this.#pictures}`);
    if (this.#known) this.#goOn();
  }

  async #ask() {
    const { store, source } = this.watch;
    const [picture, known] = [this.#pictures, new Set(store.table("strain").keys())];
    return { picture, known, points: await source.tension(store.n) };
  }

  #begin({ picture, known, points }) {
    this.#known = picture === this.#pictures ? known : null;
    this.pairs.clear();
    for (const [at, party, peer, ...step] of points) this.#put(`${party}/${peer}`, pointOf(at, ...step));
    this.version += 1;
  }

  #goOn() {
    const { store } = this.watch;
    const fresh = store.rows("strain").filter(({ key }) => !this.#known.has(key));
    if (!fresh.length) return;
    for (const row of fresh) this.#put(`${row.party}/${row.peer}`, pointOfRow(row));
    this.#known = new Set(store.table("strain").keys());
    this.version += 1;
  }

  /** In the order of time: a message may come late. */
  #put(pair, point) {
    if (!this.pairs.has(pair)) this.pairs.set(pair, []);
    const points = this.pairs.get(pair);
    points.splice(points.findLastIndex(([at]) => at <= point[0]) + 1, 0, point);
  }
}

function pointOfRow({ at, after, stage, before, decay }) {
  return pointOf(at, after, stage, before, decay);
}

/** The newest step of each pair. */
function newest(store) {
  const found = new Map();
  for (const row of newestFirst(store, "strain", "at")) if (!found.has(`${row.party}/${row.peer}`)) found.set(`${row.party}/${row.peer}`, row);
  return [...found.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}

export class TensionChart {
  constructor(watch, levels, ask, { height }) {
    Object.assign(this, { watch, levels, ask });
    this.now = h("span", { class: "more row" });
    this.chart = new LineChart(height);
    this.why = h("p", {});
    const lately = h("ul", { class: "states" });
    this.lately = new Keyed(lately, (row) => this.#escalation(row));
    this.none = h("div", { class: "empty" }, this.why, lately);
    this.element = h("section", { class: "panel", "aria-label": words.tension.name }, h("header", {}, h("h2", {}, words.tension.name), this.now),
      h("div", { class: "body chart-box" }, this.chart.element, this.none));
  }

  /** What there is to say where no tension is on record: why, and the escalations themselves. */
  #withoutTension() {
    const lately = newestFirst(this.watch.store, "escalations", "at").slice(0, 4);
    const why = this.watch.setting.tension === false ? words.tension.notModelled : words.tension.none;
    say(this.why, why + (lately.length ? ` ${words.tension.lately}` : ""));
    this.lately.show(lately);
  }

  #escalation(row) {
    return h("li", {}, this.watch.sides.tag(row.party), button(plain(row.kind), () => this.ask(`escalation:${row.key}`), { class: "opener" }),
      h("span", { class: "quiet nowrap" }, dateTimeGroup(row.at)));
  }

  stale() {
    this.levels.refresh();
    return `${this.levels.version}/${this.#stretches()}/${this.watch.store.version("strain", "escalations")}/${this.element.clientWidth}/${document.documentElement.dataset.theme}`;
  }

  /** Changes as often as the curves, which fall by themselves, are to be drawn again. */
  #stretches() {
    const begins = [...this.levels.pairs.values()].map(([[at]]) => at);
    const span = begins.length ? Math.max(0, this.watch.clock.now() - Math.min(...begins)) : 0;
    const doublings = Math.max(0, Math.ceil(Math.log2(span / REDRAWS / REDRAWN_MS)));
    return `${doublings}.${Math.floor(span / REDRAWN_MS / 2 ** doublings)}`;
  }

  draw() {
    const { sides, store, clock } = this.watch;
    const latest = newest(store);
    this.none.hidden = latest.length > 0;
    this.#withoutTension();
    this.chart.element.hidden = latest.length === 0;
    const now = clock.now();
    const stages = Object.keys(STAGES);
    const stands = latest.map((row) => ({ row, level: levelAt(pointOfRow(row), now).toFixed(1), stage: stageAt(pointOfRow(row), now, stages) }));
    const towards = (row) => (sides.parties.length > 2 ? ` → ${shortName(row.peer)} ` : " ");
    this.now.replaceChildren(...stands.map(({ row, level, stage }) => h("span", { class: "nowrap" }, sides.tag(row.party), towards(row),
      h("span", { class: "state", "data-state": STAGES[stage] || "good" }, `${stage} ${level}`))));
    if (!latest.length) return;
    const lines = [...this.levels.pairs.keys()].map((key) => {
      const [party, peer] = key.split("/");
      return { label: words.tension.towards(shortName(party), shortName(peer)), ink: sides.frame(party), dash: DASHES[sides.frame(party)] ?? [] };
    });
    const told = stands.map(({ row, level, stage }) => words.tension.level(`${shortName(row.party)} → ${shortName(row.peer)}`, stage, level)).join("; ");
    this.chart.show(lines, curves([...this.levels.pairs.values()], now, SAMPLES), words.tension.chart(told));
  }

  close() {
    this.chart.close();
  }
}

/** The tab: the chart, its causes, and escalations. */
export class TensionLists {
  constructor(watch, levels, ask) {
    this.watch = watch;
    const { sides } = watch;
    this.chart = new TensionChart(watch, levels, ask, { height: 150 });
    this.causes = new Listing({
      caption: words.tension.causes, isCaptionSeen: true, empty: words.lists.empty, ask: (row) => ask(`strain:${row.key}`),
      mark: (row) => STAGES[row.stage] ?? "",
      columns: [
        { name: heads.at, cell: (row) => dateTimeGroup(row.at) },
        { name: heads.who, cell: (row) => sides.pair(row.party, row.peer) },
        { name: heads.because, cell: (row) => h("span", { title: row.arithmetic }, plain(row.because)), wide: true },
        { name: heads.change, cell: (row) => h("span", { class: "nowrap" }, `${row.before.toFixed(1)} → ${row.after.toFixed(1)}`) },
        { name: heads.stage, cell: (row) => row.stage },
      ],
    });
    this.escalations = escalationList(watch, ask);
    this.element = h("div", {}, this.chart.element, this.escalations.element, this.causes.element);
  }

  stale() {
    return `${this.chart.stale()}/${this.watch.store.version("strain", "escalations")}`;
  }

  draw() {
    this.chart.draw();
    this.causes.show(newestFirst(this.watch.store, "strain", "at").slice(0, 100));
    this.escalations.show(newestFirst(this.watch.store, "escalations", "at").slice(0, 100));
  }

  close() {
    this.chart.close();
  }
}

function escalationList({ sides }, ask) {
  return new Listing({
    caption: words.tension.escalations, isCaptionSeen: true, empty: words.lists.empty, ask: (row) => ask(`escalation:${row.key}`),
    columns: [
      { name: heads.at, cell: (row) => dateTimeGroup(row.at) },
      { name: heads.who, cell: (row) => sides.pair(row.party, row.peer) },
      { name: heads.kind, cell: (row) => plain(row.kind) },
      { name: heads.detail, cell: (row) => row.detail, wide: true },
    ],
  });
}
