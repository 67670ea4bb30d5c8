// Everything that is known of one thing: its rows, what was said, what caused it and what came of it.

import { button, h, say } from "./dom.js";
import { air, dateTimeGroup, duration, instant, plain, timeOfDay } from "./format.js";
import { Listing } from "./listing.js";
import { callsignOf, toldOf } from "./names.js";
import { shortName } from "./sides.js";
import { words } from "./words.js";

const ISO = /^\d{4}-\d\d-\d\dT/;
const HIDDEN = new Set(["key", "path", "trace", "seq"]);
const STEPS = "plan_steps"; // a table of its own: its rows are alike
const LATEST_MS = 2_000;
const said = words.about;

/** Emits `close` and `open` (detail: `kind:id`), and `seek` (detail: a time). */
export class DrillDown extends EventTarget {
  #current = "";
  #trail = [];
  #turn = 0;
  #shown = "";
  #askedFor = "";
  #askedAt = 0;

  /** `covers` lies behind it while it is open, and is out of reach; `fallback` has the focus when what opened it is gone. */
  constructor(element, { covers, fallback }) {
    super();
    Object.assign(this, { element, covers, fallback });
    this.title = h("h2", { tabindex: "-1" });
    this.back = button(`← ${said.back}`, () => this.goBack());
    this.body = h("div", { class: "body", tabindex: "0", role: "region", "aria-label": said.facts });
    element.setAttribute("aria-label", said.name);
    element.append(h("div", { class: "panel" }, h("header", {}, this.back, this.title, button(said.close, () => this.close(), { class: "push" })), this.body));
  }

  get current() {
    return this.#current;
  }

  /** What was opened of another is not gone back to. */
  watch(watch) {
    if (watch === this.watched) return;
    this.#leave();
    this.watched = watch;
  }

  async open(about, { isBack = false, isFocused = true } = {}) {
    if (!isBack && this.#current && this.#current !== about) this.#trail.push(this.#current);
    if (!this.#current) this.opener = document.activeElement;
    this.#current = about;
    this.back.hidden = this.#trail.length === 0;
    this.#uncover(true);
    await this.#load();
    if (this.#current !== about) return; // left, or for another
    if (isFocused) this.title.focus();
    this.dispatchEvent(new CustomEvent("open", { detail: about }));
  }

  goBack() {
    const before = this.#trail.pop();
    if (before) this.open(before, { isBack: true });
  }

  /** The focus goes back to what opened it, unless it is elsewhere by now. */
  close() {
    if (!this.#current) return;
    const { opener } = this;
    const { activeElement: focused } = document;
    this.#leave();
    if (focused === document.body || this.element.contains(focused)) {
      (opener?.isConnected && opener !== document.body ? opener : this.fallback).focus();
    }
    this.dispatchEvent(new Event("close"));
  }

  #leave() {
    [this.#current, this.#trail] = ["", []];
    this.#turn += 1;
    this.#uncover(false);
  }

  #uncover(isOpen) {
    this.element.hidden = !isOpen;
    for (const part of this.covers) part.inert = isOpen;
  }

  stale() {
    return `${this.#current}/${this.watched?.store.n}`;
  }

  /** What is open is kept up to date while time goes on. */
  draw() {
    if (!this.#current || this.#askedFor === this.stale()) return true;
    const isRead = this.body.contains(document.activeElement) && document.activeElement !== this.body;
    if (isRead || performance.now() - this.#askedAt < LATEST_MS) return false;
    this.#load();
    return true;
  }

  async #load() {
    const turn = (this.#turn += 1);
    [this.#askedFor, this.#askedAt] = [this.stale(), performance.now()];
    const place = this.#current.indexOf(":");
    const [kind, id] = [this.#current.slice(0, place), this.#current.slice(place + 1)];
    try {
      const about = await this.watched.source.about(kind, id, this.watched.store.n);
      if (turn === this.#turn) this.#show(about);
    } catch (fault) {
      if (turn !== this.#turn) return;
      this.#shown = "";
      const flown = this.watched.store.rows("airborne").find((row) => row.plan_id === id); // told to no centre: there is no plan
      say(this.title, flown ? flown.callsign : `${plain(kind)} ${id}`);
      this.body.replaceChildren(flown ? this.#facts("airborne", flown) : h("p", { class: "empty" }, fault.message));
    }
  }

  #show(about) {
    const told = JSON.stringify(about);
    if (told === this.#shown) return;
    this.#shown = told;
    const top = this.body.scrollTop;
    say(this.title, about.title);
    const own = new Set([about.id, ...Object.values(about.rows).flat().map((row) => row.key)]);
    this.body.replaceChildren(
      ...Object.entries(about.rows).flatMap(([table, rows]) => (table === STEPS ? [this.#history(rows)] : rows.map((row) => this.#facts(table, row)))),
      ...this.#chain(said.causes, about.causes, own),
      ...(about.cut_off ? [h("p", { class: "empty" }, said.cutOff)] : []),
      ...this.#chain(said.consequences, about.consequences, own),
      ...this.#links(about.related),
      ...this.#log(about.log),
      ...(about.message ? [h("details", {}, h("summary", {}, said.showMessage), h("pre", {}, JSON.stringify(about.message, null, 2)))] : []),
    );
    this.body.scrollTop = top;
  }

  #facts(table, row) {
    const isFirst = (name) => (name === "version" && row.version === 1) || (name.startsWith("amendment") && row.amendment <= row.version);
    const told = Object.entries(row).filter(([name, value]) => !HIDDEN.has(name) && isTold(value) && !isFirst(name));
    return h("section", {}, h("h3", {}, plain(table.replace(/s$/, ""))),
      h("dl", { class: "facts" }, told.flatMap(([name, value]) => [h("dt", {}, label(name)), h("dd", {}, this.#value(name, value))])));
  }

  /** The steps of a plan, one line each. */
  #history(steps) {
    const { history } = said;
    const listing = new Listing({ caption: history.name, isCaptionSeen: true, columns: [
      { name: history.at, cell: (row) => this.#time(row.at) },
      { name: history.state, cell: (row) => [row.version > 1 ? words.change.version(row.version) : "", words.inject.state(plain(row.state), row.as_filed)].filter(Boolean).join(" ") },
      { name: history.reason, cell: (row) => row.reason || plain(row.code), wide: true },
    ] });
    listing.show(steps);
    return listing.element;
  }

  #value(name, value) {
    if (typeof value === "string" && ISO.test(value)) return this.#time(value);
    if (this.watched.sides.parties.includes(value)) return this.watched.sides.tag(value);
    if (name === "volumes") return air(value);
    if (name === "plan_id") return this.#link("plan", value);
    if (name === "negotiation_id") return this.#link("negotiation", value);
    if (name === "about") return [value].flat().map((id) => [this.#link(this.#kindOf(id), id), " "]);
    if (name === "calls") return value.map((id) => [this.#link("call", id), " "]);
    if (name === "cause" || name === "counted_by" || name === "ended_by") return this.#link("message", value);
    if (name === "heads") return Object.entries(value).map(([granter, { length }]) => `${shortName(granter)} ${length}`).join(", ");
    if (name === "position" || name === "at") return value.map((number) => number.toFixed(4)).join(", ");
    if (name === "as_filed") return value ? said.asFiled : said.changed;
    if (name.endsWith("_share")) return `${(value * 100).toFixed(1)}%`;
    if (typeof value === "boolean") return value ? words.table.yes : words.incidents.no;
    if (name.endsWith("_s")) return duration(value);
    if (Array.isArray(value)) return value.map((one) => (typeof one === "object" ? JSON.stringify(one) : String(one))).join(", ");
    return typeof value === "object" ? JSON.stringify(value) : plain(String(value));
  }

  #time(value) {
    return button(`${dateTimeGroup(value)} (${timeOfDay(instant(value))})`, () => this.dispatchEvent(new CustomEvent("seek", { detail: instant(value) })), { class: "opener", title: said.goThere });
  }

  /** What an id names, as far as the page knows. */
  #kindOf(id) {
    const { store } = this.watched;
    if (store.row("negotiations", id)) return "negotiation";
    if (store.row("calls", id)) return "call";
    return store.rows("plans").some((plan) => plan.plan_id === id) ? "plan" : "message";
  }

  #link(kind, id) {
    const name = callsignOf(this.watched.store, id);
    return button(name, () => this.open(`${kind}:${id}`), { class: name === id ? "opener mono" : "opener", title: id });
  }

  #chain(title, lines, own) {
    if (!lines.length) return [];
    return [h("h3", {}, title), h("ol", { class: "chain" }, lines.map((line) => h("li", { "aria-current": own.has(line.key) ? "true" : null }, this.#line(line))))];
  }

  #log(lines) {
    if (!lines.length) return [];
    return [h("h3", {}, said.log), h("ol", { class: "transcript" }, lines.map((line) => h("li", {},
      button(timeOfDay(instant(line.at)).slice(0, 5), () => this.open(`message:${line.key}`), { class: "opener at", title: dateTimeGroup(line.at) }),
      this.watched.sides.tag(line.source), h("span", {}, h("span", { class: "verb" }, line.verb), " ", toldOf(this.watched.store, line)))))];
  }

  #line(line) {
    return [button(line.verb, () => this.open(`message:${line.key}`), { class: "opener" }), " ",
      h("span", { class: "quiet" }, `${dateTimeGroup(line.at)} · ${line.who}`), line.told ? [" · ", toldOf(this.watched.store, line)] : ""];
  }

  #links(links) {
    if (!links.length) return [];
    return [h("h3", {}, said.related), h("ul", { class: "links" }, links.map(({ kind, id, title }) => h("li", {},
      button([h("span", { class: "kind" }, `${plain(kind)} `), title || id], () => this.open(`${kind}:${id}`)))))];
  }
}

function isTold(value) {
  return value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

function label(name) {
  return said.labels[name] ?? name.replace(/_(at|ft|nm|s|min|id|ms)$/, "").replaceAll("_", " ");
}
