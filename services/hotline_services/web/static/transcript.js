// The call in progress: who proposed what, what changed, until when it stands. The last call when none is in progress.

import { button, h, say, unseen } from "./dom.js";
import { air, clockTime, countdown, duration, instant, plain, timeOfDay } from "./format.js";
import { newestFirst } from "./listing.js";
import { offered } from "./map/airspace.js";
import { callsignOf, named } from "./names.js";
import { Counted, LogKind } from "./protocol.js";
import { words } from "./words.js";

const SHORT = 20; // characters that stay on one line
const MARKS = {
  [LogKind.PROPOSAL]: "offer", [LogKind.COUNTER]: "offer", [LogKind.LINE_OFFER]: "offer", [LogKind.CONCUR]: "agreed",
  [LogKind.AGREEMENT]: "agreed", [LogKind.DECLINE]: "refused", [LogKind.EXPIRE]: "refused", [LogKind.WITHDRAW]: "refused",
};
const BOUND_TO_CALL = new Set([LogKind.ESCALATION, LogKind.MISHEARD, LogKind.AGREEMENT, LogKind.CONFIRM, LogKind.LAPSED, LogKind.OUTCOME]);
const OFFERS = new Set([LogKind.PROPOSAL, LogKind.COUNTER]);

export class Transcript {
  #call = null;
  #lines = new Map();
  #isFollowed = true; // it stays at its end, until somebody scrolls away from there
  #top = 0;
  #sizes = new ResizeObserver(() => this.#follow());

  constructor(watch, ask) {
    Object.assign(this, { watch, ask });
    this.dot = h("span", { class: "dot", "aria-hidden": "true" });
    this.state = h("span", {});
    this.who = h("span", {});
    this.more = h("span", { class: "more" });
    this.open = button(words.line.open, () => this.#call && ask(`call:${this.#call.key}`), { class: "push opener" });
    this.list = h("ol", { class: "transcript" });
    this.body = h("div", { class: "body", tabindex: "0", role: "log", "aria-live": "polite", "aria-label": words.line.transcript }, this.list);
    this.table = h("div", { class: "on-table", hidden: true });
    this.countdown = h("span", { class: "countdown", role: "timer", "aria-live": "off" });
    this.silence = h("p", { class: "empty", hidden: true });
    this.body.append(this.silence);
    this.body.addEventListener("scroll", () => this.#scrolled());
    this.#sizes.observe(this.body);
    const head = h("header", {}, this.dot, h("h2", { class: "line-state" }, this.state, this.who), this.more, this.open);
    this.element = h("section", { class: "panel", "aria-label": words.line.name }, head, this.body, this.table);
  }

  stale() {
    const { store, clock } = this.watch;
    const counting = this.#offer ? Math.floor(clock.now() / 1_000) : 0;
    return `${store.version("calls", "log", "offers", "negotiations")}/${counting}`;
  }

  get #offer() {
    const { store, clock } = this.watch;
    return offered(store, clock.now()).find((row) => row.call_id === this.#call?.key && row.said !== "concur") ?? null;
  }

  draw() {
    const calls = newestFirst(this.watch.store, "calls", "rang_at").filter((row) => row.rang_at);
    const going = calls.filter((row) => !row.ended_at);
    this.#call = going[0] ?? calls[0] ?? null;
    this.#drawHead(this.#call, going);
    this.#drawLines(this.#call);
    this.#drawTable(this.#call && !this.#call.ended_at ? this.#offer : null);
  }

  close() {
    this.#sizes.disconnect();
  }

  #follow() {
    if (!this.#isFollowed) return;
    this.body.scrollTop = this.body.scrollHeight;
    this.#top = this.body.scrollTop;
  }

  /** Only going up is somebody's own doing: a box that has become smaller is no longer at its end either. */
  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.body;
    if (scrollHeight - scrollTop - clientHeight < 40) this.#isFollowed = true;
    else if (scrollTop < this.#top) this.#isFollowed = false;
    this.#top = scrollTop;
  }

  #drawHead(call, going) {
    const { sides, store } = this.watch;
    this.dot.classList.toggle("on", going.length > 0);
    this.open.hidden = !call;
    if (!call) {
      say(this.state, words.line.idle);
      return this.who.replaceChildren();
    }
    const number = store.rows("log").find((line) => line.call && line.ids.includes(call.key))?.call;
    const title = call.ended_at ? words.line.last(number) : call.answered_at ? words.line.current(number) : words.line.ringing;
    say(this.state, title);
    this.who.replaceChildren(sides.pair(call.caller, call.callee));
    const times = call.ended_at
      ? [words.line.ended(clockTime(call.ended_at)), plain(call.outcome), call.answered_at && duration(call.hold_s)]
      : [words.line.since(clockTime(call.answered_at ?? call.rang_at))];
    const others = going.length > 1 ? [words.line.others(going.length - 1)] : [];
    return say(this.more, [plain(call.reason), plain(call.tier), ...times, ...others].filter(Boolean).join(" · "));
  }

  /** Lines that are there stay: only what is new is read out. */
  #drawLines(call) {
    const lines = call ? linesOf(this.watch.store, call) : [];
    this.silence.hidden = lines.length > 0;
    say(this.silence, call ? words.line.silence : words.line.none);
    const keys = new Set(lines.map(({ key }) => key));
    const isAnother = !lines.some(({ key }) => this.#lines.has(key));
    for (const [key, element] of this.#lines) if (!keys.has(key)) element.remove() || this.#lines.delete(key);
    if (isAnother) this.#isFollowed = true;
    const before = new Map();
    for (const line of lines) {
      if (!this.#lines.has(line.key)) {
        const element = this.#line(line, before);
        this.#lines.set(line.key, element);
        this.list.append(element);
      }
      remember(before, line);
    }
    this.#follow();
  }

  #line(line, before) {
    const changed = changes(line, before);
    const parts = line.parts.flatMap((part, index) => [index ? " · " : "", this.#part(part, line.details[index], changed.has(index))]);
    return h("li", { "data-kind": MARKS[line.kind] ?? null },
      h("time", { class: "at", datetime: line.at, title: `${timeOfDay(instant(line.at))} UTC` }, timeOfDay(instant(line.at)).slice(0, 5)),
      this.watch.sides.tag(line.source),
      h("span", {}, h("span", { class: "verb" }, line.verb), " ", parts));
  }

  #part(part, text, isChanged) {
    const { store } = this.watch;
    if (part.part === "thing-named" && store.row("negotiations", part.id)) {
      return button(callsignOf(store, part.id), () => this.ask(`negotiation:${part.id}`), { class: "opener", title: part.id });
    }
    if (isChanged) return h("span", { class: "changed" }, text, unseen(` (${words.line.changed})`));
    const told = named(store, part, text);
    return text.length < SHORT ? h("span", { class: "nowrap" }, told) : told;
  }

  #drawTable(offer) {
    this.table.hidden = !offer;
    if (!offer) return;
    const left = (instant(offer.expires_at) - this.watch.clock.now()) / 1_000;
    say(this.countdown, countdown(left));
    this.table.replaceChildren(h("strong", {}, words.line.onTable), this.watch.sides.tag(offer.by), h("span", { class: "nowrap", title: plain(offer.kind) }, air(offer.volumes)),
      h("span", { class: "push nowrap" }, `${words.line.lapses} `, this.countdown));
  }
}

/** What was said on a call and right about it, in order. */
function linesOf(store, call) {
  const about = new Set([call.key, ...call.about]);
  const [from, until] = [instant(call.rang_at), call.ended_at ? instant(call.ended_at) + 1_000 : Infinity];
  return store.rows("log")
    .filter((line) => line.ids.includes(call.key) || (BOUND_TO_CALL.has(line.kind) && isWithin(line, from, until) && line.ids.some((id) => about.has(id))))
    .sort((one, other) => one.n - other.n);
}

function isWithin(line, from, until) {
  const at = instant(line.at);
  return at >= from && at <= until;
}

/** The parts of an offer that say where, how high and when: their indices by what they say. */
function terms({ kind, parts }) {
  if (!OFFERS.has(kind)) return new Map();
  const isTerm = (part) => part.part === "sector-told" || part.part === "height-span" || part.measure === Counted.SHIFT_MIN;
  return new Map(parts.map((part, index) => [part, index]).filter(([part]) => isTerm(part)).map(([part, index]) => [part.part, index]));
}

const negotiationOf = (line) => line.parts[0]?.id;

function remember(before, line) {
  const own = [...terms(line)].map(([term, index]) => [term, line.details[index]]);
  if (own.length) before.set(negotiationOf(line), new Map(own));
}

/** The indices of the parts of an offer that differ from the offer before it. */
function changes(line, before) {
  const last = before.get(negotiationOf(line));
  if (!last) return new Set();
  return new Set([...terms(line)].filter(([term, index]) => last.get(term) !== line.details[index]).map(([, index]) => index));
}
