// A table of rows that keeps what has not changed: a row of the page is made anew only when its row is another.

import { h } from "./dom.js";

/** `columns` are {name, cell(row) → text or nodes, wide, minor}: minor ones are left out on a phone. The first names the row. `ask(row)` opens it. */
export class Listing {
  #made = new Map();
  #order = [];

  constructor({ caption, columns, ask = null, empty = "", key = (row) => row.key, isCaptionSeen = false, mark = () => "" }) {
    Object.assign(this, { columns, ask, key, mark });
    this.caption = h("caption", { class: isCaptionSeen ? null : "unseen" }, caption);
    this.body = h("tbody", {});
    const heads = columns.map((column) => h("th", { scope: "col", class: kindOf(column) }, column.name));
    this.head = h("thead", {}, h("tr", {}, heads));
    this.table = h("table", {}, this.caption, this.head, this.body);
    this.empty = h("p", { class: "empty", hidden: true }, empty);
    this.element = h("div", { class: "listing" }, this.table, this.empty);
  }

  show(rows) {
    const made = new Map();
    const order = rows.map((row) => {
      const key = this.key(row);
      const known = this.#made.get(key);
      const element = known?.row === row ? known.element : this.#make(row);
      made.set(key, { row, element });
      return element;
    });
    this.#made = made;
    this.empty.hidden = rows.length > 0;
    this.head.hidden = rows.length === 0;
    if (order.length === this.#order.length && order.every((element, index) => element === this.#order[index])) return;
    this.#order = order;
    const focused = this.body.contains(document.activeElement) ? document.activeElement : null;
    this.body.replaceChildren(...order);
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  #make(row) {
    const cells = this.columns.map((column, index) => {
      const content = column.cell(row);
      const attributes = { class: kindOf(column) };
      if (index > 0) return h("td", attributes, content);
      return h("th", { scope: "row", ...attributes }, this.ask ? this.#opener(row, content) : content);
    });
    const opens = this.ask ? { onclick: (event) => this.#clicked(event, row), class: "opens" } : {};
    return h("tr", { ...opens, "data-mark": this.mark(row) || null }, cells);
  }

  #opener(row, content) {
    return h("button", { type: "button", class: "opener", onclick: () => this.ask(row) }, content);
  }

  #clicked(event, row) {
    if (!event.target.closest("button, a") && !getSelection().toString()) this.ask(row);
  }
}

function kindOf({ wide, minor }) {
  return [wide && "wide", minor && "minor"].filter(Boolean).join(" ") || null;
}

/** The rows of a table of the store, the newest first. */
export function newestFirst(store, table, when) {
  return store.rows(table).sort((one, other) => compare(other[when], one[when]) || compare(other.key, one.key));
}

function compare(one, other) {
  if (one === other) return 0;
  return (one ?? "") < (other ?? "") ? -1 : 1;
}
