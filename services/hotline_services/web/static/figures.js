// The line's traffic in figures: calls a day, how long they take to set up and last, how they end, and the load.

import { Answer } from "./answers.js";
import { choice, h, say } from "./dom.js";
import { ColumnChart } from "./chart.js";
import { lasted, plain } from "./format.js";
import { Listing } from "./listing.js";
import { words } from "./words.js";

const { columns: heads, groups } = words.figures;

/** Traffic by some grouping, as of the time shown; asked for again when calls have changed. */
class Volume {
  #answer;
  rows = [];

  constructor(watch, by) {
    Object.assign(this, { watch, by });
    this.#answer = new Answer(() => watch.source.volume(this.by, watch.store.n), (rows) => (this.rows = rows));
  }

  get version() {
    return this.#answer.version;
  }

  refresh() {
    const { store } = this.watch;
    if (store.n) this.#answer.refresh(`${this.by}/${store.version("calls")}`);
  }

  set(by) {
    this.by = by;
    this.#answer.hasten();
  }
}

const mean = (spread) => (spread.count ? lasted(spread.mean_s) : words.none); // a dash where there was none to measure

/** The figures that are always in sight. */
export class KeyFigures {
  constructor(watch) {
    this.watch = watch;
    this.total = new Volume(watch, "total");
    this.list = h("dl", { class: "numbers" });
    this.element = h("section", { class: "panel", "aria-label": words.figures.name }, h("header", {}, h("h2", {}, words.figures.name), h("span", { class: "more" }, words.figures.means)), h("div", { class: "body" }, this.list));
  }

  stale() {
    this.total.refresh();
    return `${this.total.version}/${this.watch.store.version("calls")}`;
  }

  draw() {
    const [all] = this.total.rows;
    this.list.replaceChildren(...numbers(all ? facts(all) : [[words.figures.calls, this.#unless()]]));
  }

  /** What there is to say before any ring is counted: nothing while that is being asked. */
  #unless() {
    return this.total.version && !this.watch.store.table("calls").size ? "0" : words.none;
  }
}

/** Of less than a whole day nothing is said a day. */
function counts({ hours, calls, calls_per_day: perDay }) {
  if (perDay === null) return [[words.figures.callsIn(hours), String(calls)]];
  return [[words.figures.perDay, perDay.toFixed(1)], [words.figures.calls, String(calls)]];
}

function facts(all) {
  const ended = all.calls - all.in_progress;
  const share = ended ? `${Math.round((all.completed / ended) * 100)}%` : words.none;
  return [
    ...counts(all),
    ...(all.ringing ? [[words.figures.ringing, String(all.ringing)]] : []),
    [words.figures.attempts, String(all.attempts), words.figures.attemptsMean],
    [words.figures.completed, share], [words.figures.setUp, mean(all.set_up)],
    [words.figures.hold, mean(all.hold)], [words.figures.waiting, mean(all.waiting), words.figures.waitingMeans],
    [words.figures.load, words.figures.erlang(all.erlang)],
  ];
}

/** Each with its name; some say what they mean when one points at them. */
function numbers(told) {
  return told.map(([name, value, means]) => h("div", { title: means }, h("dt", {}, name), h("dd", {}, value)));
}

/** The tab: traffic by day, hour, side, reason or tier. */
export class Figures {
  constructor(watch) {
    this.watch = watch;
    this.total = new Volume(watch, "total");
    this.volume = new Volume(watch, "day");
    this.chart = new ColumnChart(150);
    this.chooser = choice(words.figures.by, Object.entries(groups), (by) => this.volume.set(by));
    this.list = h("dl", { class: "numbers" });
    this.none = h("p", { class: "empty" }, words.figures.none);
    this.listing = new Listing({ caption: words.figures.name, key: (row) => row.group, columns: [
      { name: heads.group, cell: (row) => plain(row.group.replace("T", " ")) },
      { name: heads.calls, cell: (row) => row.calls },
      { name: heads.completed, cell: (row) => row.completed },
      { name: heads.attempts, cell: (row) => h("span", { title: words.figures.others(row) }, row.attempts) },
      { name: heads.setUp, cell: (row) => mean(row.set_up) },
      { name: heads.hold, cell: (row) => mean(row.hold) },
      { name: heads.load, cell: (row) => row.erlang.toFixed(3) },
    ] });
    this.element = h("div", {}, this.list, h("div", { class: "filters" }, h("span", {}, words.figures.by), this.chooser),
      h("div", { class: "chart-box" }, this.chart.element), this.none, this.listing.element);
  }

  stale() {
    this.total.refresh();
    this.volume.refresh();
    return `${this.total.version}/${this.volume.version}/${this.element.clientWidth}/${document.documentElement.dataset.theme}`;
  }

  draw() {
    const { rows, by } = this.volume;
    this.none.hidden = rows.length > 0;
    const [all] = this.total.rows;
    this.list.replaceChildren(...numbers(all ? facts(all) : []));
    say(this.listing.caption, words.figures.caption(groups[by]));
    this.listing.show(rows);
    this.chart.show(rows.map((row) => label(row.group)), rows.map((row) => row.calls), words.figures.chart(groups[by]));
  }

  close() {
    this.chart.close();
  }
}

/** `08-21`, `21 06Z`, `routine`. */
function label(group) {
  const time = /^\d{4}-(\d\d)-(\d\d)(?:T(\d\d):00Z)?$/.exec(group);
  if (!time) return plain(group);
  return time[3] ? `${time[2]} ${time[3]}Z` : `${time[1]}-${time[2]}`;
}
