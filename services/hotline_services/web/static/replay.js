// The time bar: play, pause, speed, and a scrubber on which calls and incidents are marked.

import { button, choice, h, say } from "./dom.js";
import { clockTime, day, instant, plain, timeOfDay } from "./format.js";
import { theme } from "./theme.js";
import { words } from "./words.js";

const SPEEDS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_000];
const LANES = [1, 14];
const MARKS_MS = 2_000; // they are asked for at most so often
const SETTLE_MS = 1_500; // so long a jump between marks is past the mark that was jumped to

/** Emits `seek` (detail: the time), `live`, `play`, and `ask` (detail: which of the sources, and `kind:id`). */
export class TimeBar extends EventTarget {
  #marks = [];
  #drawn = "";
  #markedAt = -Infinity;
  #markedFor = "";
  #holding = false;
  #speeds = "";

  constructor(clock) {
    super();
    this.clock = clock;
    this.play = button("", () => this.toggle(), { class: "play" });
    this.speed = choice(words.time.speed, [], (value) => clock.setSpeed(Number(value)));
    this.live = button(words.time.goLive, () => this.dispatchEvent(new Event("live")), { class: "main", hidden: true });
    this.range = h("input", { type: "range", min: "0", max: "1", step: "1", "aria-label": words.time.scrubber,
      oninput: () => this.#scrubbed(), onchange: () => this.#released() });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.starts = h("span", {});
    this.ends = h("span", {});
    this.told = h("span", { role: "status" });
    const step = (sign, text, label) => button(text, () => this.toMark(sign), { "aria-label": label, title: label });
    this.files = h("div", { class: "buttons files" });
    this.element = h("div", { style: { display: "contents" } },
      h("div", { class: "buttons" }, this.play, this.speed, step(-1, "|◂", words.time.earlier), step(1, "▸|", words.time.later), this.live),
      h("div", { class: "track" }, this.canvas, h("div", { class: "ends" }, this.starts, this.told, this.ends), this.range),
      this.files);
    clock.addEventListener("pace", () => this.#pace());
    theme.addEventListener("change", () => (this.#drawn = ""));
    this.#pace();
  }

  watch(watches) {
    this.watches = watches;
    this.#markedAt = -Infinity;
    this.#markedFor = "";
    this.#gather();
    this.told.replaceChildren();
    this.mode();
  }

  /** At the head of a live source time is not the page's to set. */
  mode() {
    const [first] = this.watches;
    this.live.hidden = !first.source.isLive || first.isAtHead;
    this.speed.disabled = first.isAtHead;
    if (first.isAtHead) this.told.replaceChildren(); // no mark is looked at
  }

  toggle() {
    if (this.clock.running) this.clock.pause();
    else this.clock.run();
    this.dispatchEvent(new Event("play"));
  }

  #pace() {
    say(this.play, this.clock.running ? `❚❚ ${words.time.pause}` : `▶ ${words.time.play}`);
    this.#offerSpeed(Math.round(this.clock.speed));
  }

  /** A stack may run at a speed that is none of ours: it is then one of the choices. */
  #offerSpeed(speed) {
    const speeds = [...new Set([...SPEEDS, speed])].sort((one, other) => one - other);
    if (speeds.join() !== this.#speeds) {
      this.#speeds = speeds.join();
      this.speed.replaceChildren(...speeds.map((one) => h("option", { value: one }, words.time.times(one))));
    }
    this.speed.value = speed;
  }

  faster(sign) {
    if (this.speed.disabled) return;
    const place = SPEEDS.findIndex((speed) => speed >= this.clock.speed);
    this.clock.setSpeed(SPEEDS[Math.min(Math.max(place + sign, 0), SPEEDS.length - 1)]);
  }

  /** From the first beginning to the last end of what is watched. */
  get extent() {
    const extents = this.watches.map((watch) => watch.extent);
    return [Math.min(...extents.map(([start]) => start)), Math.max(...extents.map(([, end]) => end))];
  }

  by(ms) {
    this.to(this.clock.now() + ms);
  }

  to(at) {
    this.told.replaceChildren();
    const [start, end] = this.extent;
    this.dispatchEvent(new CustomEvent("seek", { detail: Math.min(Math.max(at, start), end) }));
  }

  toMark(sign) {
    const now = this.clock.now();
    const rate = this.clock.rate * SETTLE_MS;
    const goes = ({ at }) => Math.ceil(at / 1_000) * 1_000; // where the page goes
    const next = sign > 0 ? this.#marks.find((mark) => goes(mark) > now + 500) : this.#marks.findLast((mark) => goes(mark) < now - 500 - rate);
    if (!next) return;
    this.to(goes(next));
    this.#tell(next);
  }

  /** Which mark this is: it stands there until time is sent elsewhere. */
  #tell({ kind, id, title, what, at, place }) {
    const ask = () => this.dispatchEvent(new CustomEvent("ask", { detail: { place, about: `${kind}:${id}` } }));
    const isNews = what && !title.includes(plain(what));
    this.told.replaceChildren(`${clockTime(at)} `, button([title, isNews && plain(what)].filter(Boolean).join(", "), ask, { class: "opener" }));
  }

  #scrubbed() {
    this.#holding = true;
    this.to(Number(this.range.value));
  }

  #released() {
    this.#holding = false;
  }

  get isHeld() {
    return this.#holding;
  }

  /** Called four times a second. */
  draw() {
    if (!this.watches?.length) return;
    const [start, end] = this.extent;
    if (!Number.isFinite(start) || !Number.isFinite(end)) return;
    const now = this.clock.now();
    Object.assign(this.range, { min: String(start), max: String(Math.max(end, start + 1)), step: "1000" });
    if (!this.#holding) this.range.value = String(now);
    this.range.setAttribute("aria-valuetext", `${day(now)} ${timeOfDay(now)} UTC`);
    say(this.starts, `${day(start).slice(0, 6)} ${clockTime(start)}`);
    say(this.ends, `${day(end).slice(0, 6)} ${clockTime(end)}`);
    this.#remark();
    this.#paint(start, end);
  }

  /** A live source gains marks as it goes on: they are asked for once there are others, if anybody looks. */
  async #remark() {
    const real = performance.now();
    const live = this.watches.filter((watch) => watch.source.isLive);
    const marked = live.map(({ store }) => store.version("calls", "escalations", "encounters")).join();
    if (marked === this.#markedFor || document.hidden || real - this.#markedAt < MARKS_MS) return;
    [this.#markedAt, this.#markedFor] = [real, marked];
    for (const watch of live) watch.marks = await watch.source.marks().catch(() => watch.marks);
    this.#gather();
  }

  #gather() {
    this.#marks = this.watches.flatMap((watch, place) => watch.marks.map((mark) => ({ ...mark, at: instant(mark.at), place })))
      .sort((one, other) => one.at - other.at);
  }

  #paint(start, end) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const going = this.#marks.filter((mark) => mark.kind === "call" && !mark.end).length;
    const state = [start, Math.round(end / 10_000), width, this.#marks.length, going].join();
    if (state === this.#drawn || !width) return;
    this.#drawn = state;
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const inks = { call: theme.colour("accent"), escalation: theme.colour("warn"), encounter: theme.colour("bad") };
    for (const mark of this.#marks) {
      const x = 8 + ((mark.at - start) / (end - start)) * (width - 16); // where the thumb's middle stands for this time
      context.fillStyle = inks[mark.kind] ?? theme.colour("ink-3");
      const y = LANES[this.watches.length > 1 ? mark.place : 1]; // two recordings: one lane each, the first above
      if (mark.kind === "call") context.fillRect(x, y + 4, Math.max(1.5, (((instant(mark.end) || end) - mark.at) / (end - start)) * (width - 16)), 5); // in progress: up to now
      else if (mark.kind === "escalation") triangle(context, x, y);
      else context.fillRect(x - 2, y - 1, 4, 10);
    }
  }
}

function triangle(context, x, y) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 3, y + 5);
  context.lineTo(x + 3, y + 5);
  context.fill();
}
