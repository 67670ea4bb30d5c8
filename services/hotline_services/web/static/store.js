// The rows that the page knows, by table and key, as they are at the time that is shown.

import { instant } from "./format.js";
import { held, overStates, plansShown } from "./protocol.js";

/** Which rows stay, however many come after them: those that a page would be shown that is opened now. */
const STAY = {
  agreements: (rows, at) => rows.filter((row) => !row.released_at && row.volumes.some(({ end }) => instant(end) > at)),
  negotiations: (rows) => rows.filter((row) => !row.ended_at),
  offers: (rows) => rows.filter((row) => !row.closed),
  plans: (rows, at) => rows.filter((row) => isToBeFlown(row, at)).slice(-plansShown), // as many as the server shows
  strain: (rows) => [...new Map(rows.map((row) => [`${row.party}/${row.peer}`, row])).values()], // the newest of each pair
};

/** Whether a plan may be flown from now on, however late it starts. */
function isToBeFlown({ state, volumes }, at) {
  return !overStates.has(state) && !(volumes?.length && volumes.every(({ end }) => instant(end) <= at));
}

export class Store {
  #tables = new Map();
  #versions = new Map();
  n = 0;

  /** The plans that were handed over on this page, as `plan:ID`: they stay in sight. */
  followed = new Set();

  /** Counts the changes of a table: what was drawn from it is stale when this is another number. */
  version(...names) {
    return names.reduce((sum, name) => sum + (this.#versions.get(name) ?? 0), 0);
  }

  table(name) {
    return this.#tables.get(name) ?? new Map();
  }

  rows(name) {
    return [...this.table(name).values()];
  }

  row(name, key) {
    return this.#tables.get(name)?.get(key);
  }

  /** A picture: everything that was known is forgotten. */
  replace({ n, at, rows }) {
    for (const name of this.#tables.keys()) this.#touch(name);
    this.#tables.clear();
    [this.n, this.at] = [n, instant(at)];
    for (const [name, list] of Object.entries(rows)) this.#put(name, list);
  }

  /** Changes after a message that is known: a row takes the place of the one of its key. */
  apply({ n, at, rows }) {
    [this.n, this.at] = [n, instant(at)];
    for (const [name, list] of Object.entries(rows)) this.#put(name, list);
  }

  #put(name, list) {
    if (!this.#tables.has(name)) this.#tables.set(name, new Map());
    const table = this.#tables.get(name);
    for (const row of list) {
      table.delete(row.key); // so that what has changed last stands last
      table.set(row.key, row);
    }
    if (table.size > held[name]) this.#forget(name, table);
    this.#touch(name);
  }

  /** What has changed last is kept, and what is still in force. */
  #forget(name, table) {
    const staying = new Set(STAY[name]?.([...table.values()], this.at));
    for (const [key, row] of table) {
      if (table.size <= held[name]) return;
      if (!staying.has(row)) table.delete(key);
    }
  }

  #touch(name) {
    this.#versions.set(name, (this.#versions.get(name) ?? 0) + 1);
  }
}
