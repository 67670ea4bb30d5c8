// How things stand: the line as it is announced and as it is, ledgers, officers, services, and what was rejected.

import { Answer } from "./answers.js";
import { h } from "./dom.js";
import { dateTimeGroup, plain } from "./format.js";
import { Listing, newestFirst } from "./listing.js";
import { shortName } from "./sides.js";
import { words } from "./words.js";

const ANNOUNCED = { open: "good", suspended: "warn" };
const ACTUAL = { working: "good", untried: "", silent: "bad" };
const PRESENCE = { up: "good", down: "bad" };
const TABLES = ["announcements", "lines", "ledgers", "services", "officers", "rejected"];
const ASK_AGAIN_MS = 10_000; // every service says so often that it is up
const said = words.standing;

const state = (text, kind) => h("span", { class: "state", "data-state": kind || null }, text);

/** Chains of grants as each side has them: from both sides' ledger rows. */
function chains(store) {
  const heads = new Map(store.rows("ledgers").map((row) => [row.key, row.heads]));
  const empty = { length: 0, hash: "" };
  return [...heads.keys()].sort().map((key) => {
    const [granter, user] = key.split("/");
    const granted = heads.get(key)?.[granter] ?? empty;
    const copied = heads.get(`${user}/${granter}`)?.[granter] ?? empty;
    return { key, granter, user, granted, copied, agrees: granted.length === copied.length && granted.hash === copied.hash };
  });
}

/** One row a side: what it announces, and how it finds the line to be. */
function lineStates({ store, sides }) {
  const announced = new Map(store.rows("announcements").map((row) => [row.party ?? row.key, row]));
  const found = new Map(store.rows("lines").map((row) => [row.party, row]));
  return sides.parties.map((party) => {
    const [said_, actual] = [announced.get(party), found.get(party)];
    return { key: `${party}/${said_?.state}/${actual?.state}/${actual?.at}`, party, announced: said_, actual };
  });
}

/** The line as it is announced, and as it is: two things. */
function lineListing(sides, isFull) {
  const columns = [
    { name: said.lineColumns.party, cell: (row) => sides.tag(row.party) },
    { name: said.lineColumns.announced, cell: (row) => (row.announced ? state(row.announced.state, ANNOUNCED[row.announced.state]) : h("span", { class: "quiet" }, said.notAnnounced)) },
    { name: said.lineColumns.actual, cell: (row) => state(plain(row.actual?.state ?? "untried"), ACTUAL[row.actual?.state]) },
  ];
  if (isFull) columns.push({ name: said.lineColumns.at, cell: (row) => dateTimeGroup(row.actual?.at) });
  return new Listing({ caption: said.line, columns, isCaptionSeen: isFull, empty: said.none });
}

/** The services on record, and at the head of a live source those of which only the broker knows, as the monitor itself. */
class Services {
  #answer;
  #known = [];

  constructor(watch) {
    this.watch = watch;
    this.#answer = new Answer(() => watch.source.standing(), ({ services }) => (this.#known = services));
  }

  get #isNow() {
    return this.watch.source.isLive && this.watch.isAtHead;
  }

  stale() {
    if (this.#isNow) this.#answer.refresh(`${this.watch.store.version("services")}/${Math.floor(Date.now() / ASK_AGAIN_MS)}`);
    return `${this.#answer.version}/${this.#isNow}`;
  }

  rows() {
    const recorded = this.watch.store.table("services");
    const others = this.#isNow ? this.#known.filter(({ key }) => !recorded.has(key)) : [];
    return [...recorded.values(), ...others].sort((one, other) => (one.key < other.key ? -1 : 1));
  }
}

/** What is always in sight. */
export class Glance {
  constructor(watch) {
    this.watch = watch;
    this.services = new Services(watch);
    this.list = h("ul", { class: "states" });
    this.lines = lineListing(watch.sides, false);
    this.element = h("section", { class: "panel", "aria-label": said.name }, h("header", {}, h("h2", {}, said.name)),
      h("div", { class: "body" }, this.lines.element, this.list));
  }

  stale() {
    return `${this.services.stale()}/${this.watch.store.version(...TABLES)}`;
  }

  draw() {
    const { store } = this.watch;
    this.lines.show(lineStates(this.watch));
    const officers = store.rows("officers").filter((row) => row.present).length;
    this.list.replaceChildren(
      this.#item(said.services, this.#services()),
      this.#item(said.ledgersShort, this.#ledgers(store)),
      this.#item(said.officersShort, h("span", { class: "quiet" }, said.tiersPresent(officers, store.rows("officers").length))));
  }

  #item(name, value) {
    return h("li", {}, h("span", {}, name), value);
  }

  #services() {
    const services = this.services.rows();
    if (!services.length) return h("span", { class: "quiet" }, said.servicesNone);
    const up = services.filter((row) => row.presence === "up").length;
    return state(said.up(up, services.length), up === services.length ? "good" : "bad");
  }

  #ledgers(store) {
    const all = chains(store);
    if (!all.length) return h("span", { class: "quiet" }, said.ledgersNone);
    return all.every((chain) => chain.agrees) ? state(said.ledgersAgree, "good") : state(said.ledgersDiffer, "warn");
  }
}

/** The tab. */
export class Standing {
  constructor(watch, ask) {
    this.watch = watch;
    this.known = new Services(watch);
    const { sides } = watch;
    const listing = (caption, columns, open = null) => new Listing({ caption, columns, ask: open, isCaptionSeen: true, empty: said.none });
    this.lines = lineListing(sides, true);
    this.officers = listing(said.officers, [
      { name: said.officerColumns.party, cell: (row) => sides.tag(row.party) },
      { name: said.officerColumns.tier, cell: (row) => plain(row.tier) },
      { name: said.officerColumns.state, cell: (row) => (row.present ? said.present : said.away) },
      { name: said.officerColumns.at, cell: (row) => dateTimeGroup(row.at) },
      { name: said.officerColumns.reason, cell: (row) => row.reason },
    ]);
    this.ledgers = listing(said.ledgers, [
      { name: said.ledgerColumns.chain, cell: (row) => sides.pair(row.granter, row.user) },
      { name: said.ledgerColumns.granted, cell: (row) => head(row.granted) },
      { name: said.ledgerColumns.copied, cell: (row) => head(row.copied) },
      { name: said.ledgerColumns.state, cell: (row) => (row.agrees ? state(said.agree, "good") : state(said.differ, "warn")) },
    ]);
    this.services = listing(said.services, [
      { name: said.serviceColumns.service, cell: (row) => shortName(row.key) },
      { name: said.serviceColumns.state, cell: (row) => state(plain(row.presence ?? "?"), PRESENCE[row.presence]) },
      { name: said.serviceColumns.lag, cell: (row) => `${row.lag_ms.toFixed(0)} ms` },
      { name: said.serviceColumns.boxes, cell: (row) => `${row.inbox} / ${row.outbox}` },
      { name: said.serviceColumns.restarts, cell: (row) => row.restarts },
      { name: said.serviceColumns.note, cell: (row) => row.note },
    ]);
    this.rejected = listing(said.rejected, [
      { name: said.rejectedColumns.at, cell: (row) => dateTimeGroup(row.at) },
      { name: said.rejectedColumns.party, cell: (row) => sides.tag(row.party) },
      { name: said.rejectedColumns.sender, cell: (row) => row.sender },
      { name: said.rejectedColumns.code, cell: (row) => plain(row.code) },
      { name: said.rejectedColumns.reason, cell: (row) => [row.field, row.reason].filter(Boolean).join(": "), wide: true },
    ], (row) => ask(`message:${row.key}`));
    this.element = h("div", {}, [this.lines, this.officers, this.ledgers, this.services, this.rejected].map((part) => part.element));
  }

  stale() {
    return `${this.known.stale()}/${this.watch.store.version(...TABLES)}`;
  }

  draw() {
    const { store } = this.watch;
    const byKey = (table) => store.rows(table).sort((one, other) => (one.key < other.key ? -1 : 1));
    this.lines.show(lineStates(this.watch));
    this.officers.show(byKey("officers"));
    this.ledgers.show(chains(store));
    this.services.show(this.known.rows());
    this.rejected.show(newestFirst(store, "rejected", "at").slice(0, 50));
  }
}

function head({ length, hash }) {
  return length ? h("span", { class: "nowrap" }, `${length} · `, h("span", { class: "mono" }, hash.slice(0, 8))) : "0";
}
