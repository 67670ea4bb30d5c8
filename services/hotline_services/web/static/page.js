// The page: wires its parts together, and keeps the state of the view in the address.

import { Address } from "./address.js";
import { callLog } from "./calls.js";
import { Clock } from "./clock.js";
import { button, h, isShown } from "./dom.js";
import { DrillDown } from "./drilldown.js";
import { Figures, KeyFigures } from "./figures.js";
import { iso } from "./format.js";
import { Head } from "./head.js";
import { Incidents } from "./incidents.js";
import { Injection } from "./inject.js";
import { keysDialog, listenToKeys } from "./keys.js";
import { dutyLog } from "./log.js";
import { TheatreMap } from "./map/map.js";
import { failed, notice } from "./notices.js";
import { Panels } from "./panels.js";
import { planList } from "./plans.js";
import { Queue } from "./queue.js";
import { receiveRecordings, sourceChoosers, titleOf } from "./recordings.js";
import { TimeBar } from "./replay.js";
import { Source, sources } from "./source.js";
import { Glance, Standing } from "./standing.js";
import { Tabs } from "./tabs.js";
import { Levels, TensionChart, TensionLists } from "./tension.js";
import { theme } from "./theme.js";
import { Transcript } from "./transcript.js";
import { Watch } from "./watch.js";
import { words } from "./words.js";

const ADVANCE_MS = 250;
const KEEP_PLACE_MS = 1_000;
const OF_ONE_SOURCE = { at: "", sel: "", ll: "", q: "", party: "" }; // of the address: says nothing of another
const WITHOUT_ZONE = /T[\d:.]+$/;
const [FIRST_TIME, LAST_TIME] = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"].map(Date.parse);
const by = (id) => document.getElementById(id);

class Page {
  address = new Address();
  clock = new Clock();
  panels = new Panels();
  watches = [];
  maps = [];

  async start() {
    this.#chrome();
    this.known = await sources();
    if (!this.known.length) throw new Error(words.nothing);
    const [first, second] = this.#chosen();
    await this.#watch([first, second].filter(Boolean));
    requestAnimationFrame((real) => this.#frame(real));
    setInterval(() => this.#advance(), ADVANCE_MS);
    setInterval(() => this.#keepPlace(), KEEP_PLACE_MS);
  }

  /** Which sources the address names; by default the live one, else those that the server was started with. */
  #chosen() {
    const find = (name) => this.known.find((source) => source.name === name);
    const given = this.known.filter((source) => !source.uploaded);
    const first = find(this.address.get("s")) ?? find("live") ?? given[0] ?? this.known[0];
    const second = this.address.get("s") ? find(this.address.get("b")) : !first.live && given.find((other) => other !== first && !other.live);
    return [first, second || null];
  }

  #chrome() {
    if (this.address.get("theme")) theme.choose(this.address.get("theme"));
    by("skip").textContent = words.skip;
    by("skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address keeps the view, and no place in the page
      by("side").focus();
    });
    this.keys = keysDialog();
    document.body.append(this.keys);
    this.head = new Head(this.clock, () => this.keys.showModal());
    by("head").append(...this.head.elements);
    this.time = new TimeBar(this.clock);
    by("time").append(this.time.element);
    by("time").setAttribute("aria-label", words.time.name);
    by("map-region").setAttribute("aria-label", words.map.region);
    by("lists").setAttribute("aria-label", words.lists.name);
    this.about = new DrillDown(by("about"), { covers: [by("line"), by("lists")], fallback: by("side") });
    this.#paneButtons();
    this.#listen();
  }

  #paneButtons() {
    const panes = by("panes");
    panes.setAttribute("aria-label", words.panes.name);
    for (const name of ["map", "line", "lists", "state"]) {
      panes.append(button(words.panes[name], () => this.#showPane(name), { "data-pane": name }));
    }
    this.#showPane("map");
  }

  #showPane(name) {
    this.about.close(); // on a phone it covers them all
    document.body.dataset.pane = name;
    for (const shown of by("panes").children) shown.setAttribute("aria-current", String(shown.dataset.pane === name));
    this.panels.draw();
  }

  #listen() {
    this.time.addEventListener("seek", ({ detail }) => this.seek(detail));
    this.time.addEventListener("live", () => this.goLive());
    this.time.addEventListener("play", () => this.#played());
    this.time.addEventListener("ask", ({ detail: { place, about } }) => this.#ask(this.watches[place], about));
    this.clock.addEventListener("pace", () => this.#remember());
    this.about.addEventListener("open", ({ detail }) => this.#selected(detail));
    this.about.addEventListener("close", () => this.#selected(""));
    this.about.addEventListener("seek", ({ detail }) => this.seek(detail));
    this.address.addEventListener("change", () => location.reload());
    theme.addEventListener("change", () => this.address.set({ theme: "" }));
    listenToKeys(this);
    receiveRecordings((source) => this.#change([source]));
  }

  /** What is looked at now stays until all of what is wanted can be. */
  async #watch(chosen, { isFresh = false } = {}) {
    const watches = chosen.map((source) => new Watch(new Source(source.name), this.clock));
    [this.known] = await Promise.all([sources(), ...watches.map((watch) => watch.open())]);
    for (const part of [this.panels, ...this.maps, ...this.watches]) part.close();
    this.watches = watches;
    this.address.set({ s: chosen[0].name, b: chosen[1]?.name ?? "", ...(isFresh ? OF_ONE_SOURCE : {}) });
    this.#build();
    await this.#begin(isFresh);
  }

  /** Of what somebody has chosen on the page. */
  async #change(chosen) {
    try {
      await this.#watch(chosen, { isFresh: true });
    } catch (fault) {
      failed(fault);
      this.#offerSources(); // the choosers say again what is looked at
    }
  }

  #offerSources() {
    this.time.files.replaceChildren(sourceChoosers(this, (chosen) => this.#change(chosen)));
  }

  /** At the time of the address; else at the head of a live source, or the beginning of a recording. */
  async #begin(isFresh) {
    const [first] = this.watches;
    const at = this.#wantedTime();
    const [speed, play] = [Number(this.address.get("speed")), this.address.get("play")];
    if (first.source.isLive && Number.isNaN(at)) await first.follow();
    else {
      if (speed) this.clock.setSpeed(speed);
      await this.seek(Number.isNaN(at) ? this.time.extent[0] : at);
      if (play || Number.isNaN(at)) this.clock.run();
    }
    this.head.draw();
    this.time.draw();
    this.panels.draw();
    this.isBegun = true;
    if (this.address.get("sel") && !isFresh) await this.about.open(this.address.get("sel"), { isFocused: false });
  }

  /** Times of the address are UTC, whether they say so or not; one that the server cannot be asked for is none. */
  #wantedTime() {
    const at = this.address.get("at");
    const wanted = Date.parse(WITHOUT_ZONE.test(at) ? `${at}Z` : at);
    return wanted >= FIRST_TIME && wanted <= LAST_TIME ? wanted : NaN;
  }

  #build() {
    const [first] = this.watches;
    document.body.classList.toggle("beside", this.isBeside);
    if (this.isBeside) this.#showPane("map"); // there are neither lists nor states
    this.head.watch(this.watches);
    this.time.watch(this.watches);
    this.about.watch(first);
    this.#buildMaps();
    const ask = (about) => this.#ask(first, about);
    by("line").replaceChildren(...this.watches.map((watch) => this.#line(watch)));
    this.#buildGlance(first, ask);
    this.#buildLists(first, ask);
    this.#offerSources();
    for (const watch of this.watches) {
      watch.addEventListener("picture", () => this.maps.forEach((map) => map.refresh()));
      watch.addEventListener("mode", () => this.#mode());
      watch.addEventListener("link", () => watch.isLinked && notice(words.mended));
      watch.addEventListener("fault", ({ detail }) => failed(detail));
    }
  }

  #buildMaps() {
    this.maps = this.watches.map((watch) => new TheatreMap(watch));
    by("map-region").replaceChildren(...this.maps.map((map) => map.element));
    for (const [place, map] of this.maps.entries()) {
      if (place === 0 && this.address.get("ll")) map.place = this.address.get("ll");
      if (this.address.get("gars")) map.showGars(true);
      map.addEventListener("ask", ({ detail }) => this.#ask(map.watch, detail));
      map.addEventListener("layers", () => this.address.set({ gars: map.hasGars ? "1" : "" }));
      map.addEventListener("move", () => this.#moved(map));
    }
    if (this.isBeside) {
      this.maps[1].join(this.maps[0]);
      this.maps.forEach((map) => map.entitle(titleOf(map.watch.setting.source)));
    }
    this.panels.add(...this.maps.map((map) => ({
      element: map.contents.element, stale: () => Math.floor(performance.now() / 500), draw: () => map.contents.update(this.clock.now()),
    })));
  }

  get isBeside() {
    return this.watches.length > 1;
  }

  /** Each place asks about what it shows. */
  #ask(watch, about) {
    this.about.watch(watch);
    this.about.open(about);
  }

  #line(watch) {
    const ask = (about) => this.#ask(watch, about);
    const transcript = new Transcript(watch, ask);
    const queue = new Queue(watch, ask);
    this.panels.add(transcript, queue);
    transcript.element.append(queue.element);
    return transcript.element;
  }

  #buildGlance(watch, ask) {
    this.levels = new Levels(watch);
    const glances = [new TensionChart(watch, this.levels, ask, { height: 138 }), new KeyFigures(watch), new Glance(watch)];
    by("glance").replaceChildren(...glances.map((glance) => glance.element));
    this.panels.add(...glances);
  }

  #buildLists(watch, ask) {
    const keep = ({ q, party }) => this.address.set({ q, party });
    const lists = {
      calls: callLog(watch, ask, keep), log: dutyLog(watch, ask, keep), plans: planList(watch, ask, keep),
      tension: new TensionLists(watch, this.levels, ask), incidents: new Incidents(watch, ask), figures: new Figures(watch),
      standing: new Standing(watch, ask), inject: new Injection(watch, this.maps[0], ask, () => this.goLive(), (pane) => this.#showPane(pane)),
    };
    this.lists = lists;
    this.tabs = new Tabs(words.lists.name, Object.entries(lists).map(([name, list]) => [name, words.lists.tabs[name], list.element]), (name) => this.#opened(name));
    by("lists").replaceChildren(this.tabs.element);
    this.panels.add(...Object.values(lists), this.about);
    const [wanted, q, party] = ["t", "q", "party"].map((name) => this.address.get(name));
    const first = lists[wanted] ? wanted : "calls";
    if (q || party) lists[first].set?.({ q, party }); // before it is opened: the address then has what is open
    this.tabs.open(first);
  }

  #opened(name) {
    const { q = "", party = "" } = this.lists[name].values ?? {};
    this.address.set({ t: name, q, party });
    this.panels.draw();
  }

  search() {
    if (this.isBeside) return; // there are no lists
    this.#showPane("lists");
    if (!this.lists[this.tabs.current].focus) this.tabs.open("calls");
    this.lists[this.tabs.current].focus();
  }

  openTab(place) {
    const name = Object.keys(this.lists)[place];
    if (!name || this.isBeside) return;
    this.#showPane("lists");
    this.tabs.open(name);
  }

  /** The address has it where it is of the first source: it is what asks when the address is opened. */
  #selected(about) {
    const { watched } = this.about;
    this.address.set({ sel: watched === this.watches[0] ? about : "" });
    this.maps.forEach((map) => map.select(map.watch === watched ? about : ""));
  }

  #moved(map) {
    if (map === this.maps[0]) this.address.set({ ll: map.isHome ? "" : map.place });
  }

  // --- time ---

  /** To the next whole second: what happened within it is then seen, and the address has it to the second. */
  async seek(moment) {
    const at = Math.ceil(moment / 1_000) * 1_000;
    const wasAtHead = this.watches[0].isAtHead;
    if (wasAtHead) this.clock.pause();
    for (const watch of this.watches) watch.leaveHead();
    this.clock.set(at);
    this.maps.forEach((map) => map.refresh());
    await Promise.all(this.watches.map((watch) => watch.goTo(at)));
    this.#remember();
  }

  async goLive() {
    const [first] = this.watches;
    if (!first.source.isLive || first.isAtHead) return;
    await first.follow().catch(failed);
    this.#remember();
  }

  /** Pausing a live source means looking at this moment of it. */
  #played() {
    for (const watch of this.watches) watch.leaveHead();
    this.#remember();
  }

  #mode() {
    this.time.mode();
    this.head.draw();
  }

  #advance() {
    const [, end] = this.time.extent;
    const isTravelling = !this.watches[0].isAtHead;
    if (isTravelling && this.clock.running && this.clock.now() >= end) {
      if (this.watches[0].source.isLive) return this.goLive();
      this.clock.pause();
      this.clock.set(end);
    }
    if (isTravelling && !this.time.isHeld) for (const watch of this.watches) watch.advance();
    this.head.draw();
    this.time.draw();
    return undefined;
  }

  #remember() {
    const [first] = this.watches;
    if (!first || !this.clock.isSet) return;
    if (first.isAtHead) return void this.address.set({ at: "", speed: "", play: "" });
    this.address.set({ at: iso(this.clock.now()), speed: String(Math.round(this.clock.speed)), play: this.clock.running ? "1" : "" });
  }

  #keepPlace() {
    if (this.clock.running) this.#remember();
  }

  /** From here on there is something to see: what the time from a cold start is measured by. */
  #seen() {
    this.isSeen = true;
    requestAnimationFrame(() => {
      performance.mark("hotline:first-picture");
      document.body.dataset.shown = "";
    });
  }

  #frame(real) {
    requestAnimationFrame((next) => this.#frame(next));
    if (!this.clock.isSet) return;
    const now = this.clock.now(real);
    for (const map of this.maps) if (isShown(map.chart)) map.draw(now, real);
    if (!this.isSeen && this.isBegun && this.watches[0].store.n) this.#seen();
  }
}

const page = new Page();
page.start().catch((fault) => {
  by("main").prepend(h("p", { class: "empty", role: "alert" }, fault.message));
  failed(fault);
});
