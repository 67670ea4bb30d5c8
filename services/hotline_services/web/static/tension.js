// How strained each side is towards each other one, over time and by cause; and its escalations.

import { button, h } from "./dom.js";
import { dateTimeGroup, instant, plain } from "./format.js";
import { LineChart } from "./chart.js";
import { Listing, newestFirst } from "./listing.js";
import { shortName } from "./sides.js";
import { words } from "./words.js";

const ASK_MS = 2_000;
const STAGES = { calm: "", tense: "warn", strained: "warn", crisis: "bad" };
const { columns: heads } = words.tension;

/** What the source knows of tension, as of the time shown: asked for at most every other second. */
export class Levels {
  #askedAt = -Infinity;
  #askedFor = "";
  points = [];
  version = 0;

  constructor(watch) {
    this.watch = watch;
    watch.addEventListener("picture", () => (this.#askedAt = -Infinity));
  }

  async refresh() {
    const { store, source } = this.watch;
    const state = `${store.version("strain")}`;
    if (!store.n || state === this.#askedFor || performance.now() - this.#askedAt < ASK_MS) return;
    [this.#askedFor, this.#askedAt] = [state, performance.now()];
    this.points = await source.tension(store.n).catch(() => this.points);
    this.version += 1;
  }

  /** Points by pair: `us/ru` to [[ms, level, stage]]. */
  get pairs() {
    const pairs = new Map();
    for (const [at, party, peer, level, stage] of this.points) {
      const key = `${party}/${peer}`;
      if (!pairs.has(key)) pairs.set(key, []);
      pairs.get(key).push([instant(at), level, stage]);
    }
    return pairs;
  }
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
    this.none = h("div", { class: "empty" });
    this.element = h("section", { class: "panel", "aria-label": words.tension.name }, h("header", {}, h("h2", {}, words.tension.name), this.now),
      h("div", { class: "body chart-box" }, this.chart.element, this.none));
  }

  /** What there is to say where no side has a model of escalation: the escalations themselves. */
  #withoutTension() {
    const lately = newestFirst(this.watch.store, "escalations", "at").slice(0, 4);
    const line = (row) => h("li", {}, this.watch.sides.tag(row.party), 
      button(plain(row.kind), () => this.ask(`escalation:${row.key}`), { class: "opener" }), h("span", { class: "quiet nowrap" }, dateTimeGroup(row.at)));
    return [h("p", {}, words.tension.none, lately.length ? ` ${words.tension.lately}` : ""), h("ul", { class: "states" }, lately.map(line))];
  }

  stale() {
    this.levels.refresh();
    return `${this.levels.version}/${this.watch.store.version("strain", "escalations")}/${this.element.clientWidth}/${document.documentElement.dataset.theme}`;
  }

  draw() {
    const { sides, store, clock } = this.watch;
    const latest = newest(store);
    this.none.hidden = latest.length > 0;
    this.none.replaceChildren(...this.#withoutTension());
    this.chart.element.hidden = latest.length === 0;
    const towards = (row) => (sides.parties.length > 2 ? ` → ${shortName(row.peer)} ` : " ");
    this.now.replaceChildren(...latest.map((row) => h("span", { class: "nowrap" }, sides.tag(row.party), towards(row),
      h("span", { class: "state", "data-state": STAGES[row.stage] || "good" }, `${row.stage} ${row.after.toFixed(1)}`))));
    if (!latest.length) return;
    const lines = [...this.levels.pairs].map(([key, points]) => {
      const [party, peer] = key.split("/");
      return { label: words.tension.towards(shortName(party), shortName(peer)), ink: sides.frame(party), dash: sides.frame(party) === "neutral" ? [6, 3] : [], points };
    });
    const told = latest.map((row) => words.tension.level(`${shortName(row.party)} → ${shortName(row.peer)}`, row.stage, row.after.toFixed(1))).join("; ");
    this.chart.show(lines, clock.now(), words.tension.chart(told));
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
