// A list with filters: the newest rows as they come, or, once something is asked for, what the server finds among all.

import { choice, h, say } from "./dom.js";
import { plain } from "./format.js";
import { Listing, newestFirst } from "./listing.js";
import { shortName } from "./sides.js";
import { words } from "./words.js";

const [ASK_MS, AGAIN_MS] = [300, 1_200];
const MOST = 200;

/** `filters` is {name: values}; `when` the column by which rows are ordered. */
export class Search {
  #asked = "";
  #found = null;
  #timer = 0;
  #answering = 0;

  constructor(watch, { table, when, caption, columns, filters, ask, mark, onsearch }) {
    Object.assign(this, { watch, table, when, values: { q: "" }, onsearch });
    this.listing = new Listing({ caption, columns, ask, mark, empty: words.lists.empty });
    this.field = h("input", { type: "search", placeholder: words.lists.searchHint, "aria-label": words.lists.searchHint,
      oninput: () => this.#set("q", this.field.value) });
    this.selects = Object.fromEntries(Object.entries(filters).map(([name, values]) => [name, choice(words.lists.filters[name],
      [["", words.lists.any(words.lists.filters[name])], ...values.map((value) => [value, name === "party" ? shortName(value) : plain(value)])],
      (value) => this.#set(name, value))]));
    this.count = h("span", { class: "count" });
    this.told = h("span", { class: "unseen", role: "status" });
    this.element = h("div", {}, h("div", { class: "filters", role: "search" }, this.field, Object.values(this.selects), this.count, this.told), this.listing.element);
  }

  /** Takes what stands in the address. */
  set(values) {
    for (const [name, value] of Object.entries(values)) {
      if (name !== "q" && !this.selects[name]) continue;
      this.values[name] = value;
      (this.selects[name] ?? this.field).value = value;
    }
    this.#query(0);
  }

  #set(name, value) {
    this.values[name] = value;
    this.onsearch?.({ ...this.values });
    this.#query(ASK_MS);
  }

  get #isAsking() {
    return Object.values(this.values).some(Boolean);
  }

  /** For somebody: what is found is told. What is asked again because rows have come is only shown. */
  #query(delay) {
    this.#answering += 1;
    clearTimeout(this.#timer);
    say(this.told, "");
    if (!this.#isAsking) {
      [this.#found, this.#timer] = [null, 0];
      return this.draw();
    }
    this.#timer = setTimeout(() => this.#ask().then((isLast) => isLast && say(this.told, this.count.textContent)), delay);
    return undefined;
  }

  /** Whether nothing else has been asked meanwhile. */
  async #ask() {
    this.#timer = 0;
    const turn = (this.#answering += 1);
    const { store, source } = this.watch;
    this.#asked = this.#state();
    try {
      const found = await source.table(this.table, { ...this.values, limit: MOST, n: store.n });
      if (turn === this.#answering) this.#found = found;
    } catch (fault) {
      if (turn === this.#answering) this.#found = { rows: [], total: 0, fault };
    }
    this.draw();
    return turn === this.#answering;
  }

  #state() {
    return `${this.watch.store.version(this.table)}`;
  }

  stale() {
    return this.#state();
  }

  draw() {
    if (this.#isAsking && this.#asked !== this.#state() && this.#found) this.#timer ||= setTimeout(() => this.#ask(), AGAIN_MS);
    if (this.#isAsking && !this.#found) return;
    const newest = newestFirst(this.watch.store, this.table, this.when);
    const rows = this.#isAsking ? this.#found.rows : newest.slice(0, MOST);
    rows.sort((one, other) => ((one[this.when] ?? "") < (other[this.when] ?? "") ? 1 : -1));
    this.listing.empty.textContent = this.#found?.fault?.message ?? (this.#isAsking ? words.lists.noMatch : words.lists.empty);
    this.listing.show(rows);
    say(this.count, this.#isAsking ? words.lists.count(rows.length, this.#found.total) : words.lists.newest(rows.length, MOST));
  }

  focus() {
    this.field.focus();
  }
}
