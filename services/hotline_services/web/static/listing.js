// Rows that are shown as they change. What is known by its key is kept, and only what differs in it is replaced: what
// has the focus keeps it, and what is selected stays selected.

import { button, h } from "./dom.js";

/** Children of `parent`, one a row. `make(row)` gives an element, whose handlers are to depend on the row's key alone:
 *  it stays while the key is known. Where `isSame(before, row)` nothing is made to compare it with. */
export class Keyed {
  #known = new Map();

  constructor(parent, make, { key = (row) => row.key, isSame = () => false } = {}) {
    Object.assign(this, { parent, make, key, isSame });
  }

  show(rows) {
    const shown = new Map(rows.map((row) => [this.key(row), { row, element: this.#element(row) }]));
    this.#known = shown;
    arrange(this.parent, [...shown.values()].map(({ element }) => element));
  }

  /** The row as it was shown last. */
  row(key) {
    return this.#known.get(key)?.row;
  }

  #element(row) {
    const known = this.#known.get(this.key(row));
    if (!known) return this.make(row);
    if (!this.isSame(known.row, row)) renew(known.element, this.make(row));
    return known.element;
  }
}

/** Makes an element like a fresh one; what is alike in both is left alone. */
function renew(kept, fresh) {
  for (const name of kept.getAttributeNames()) if (!fresh.hasAttribute(name)) kept.removeAttribute(name);
  for (const name of fresh.getAttributeNames()) if (kept.getAttribute(name) !== fresh.getAttribute(name)) kept.setAttribute(name, fresh.getAttribute(name));
  const [before, now] = [[...kept.childNodes], [...fresh.childNodes]];
  for (const [place, node] of now.entries()) {
    const old = before[place];
    if (!old) kept.append(node);
    else if (old.isEqualNode(node)) continue;
    else if (old instanceof Element && old.nodeName === node.nodeName) renew(old, node);
    else old.replaceWith(node);
  }
  for (const old of before.slice(now.length)) old.remove();
}

/** Puts elements into `parent` in this order; those that stand right are not moved. */
function arrange(parent, elements) {
  const stay = new Set(elements);
  for (const child of [...parent.children]) if (!stay.has(child)) child.remove();
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  let next = parent.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  if (focused && focused !== document.activeElement) focused.focus({ preventScroll: true }); // it has been moved
}

/** A table. `columns` are {name, cell(row) → text or nodes, wide, minor}: minor ones are left out on a phone. The first names the row. `ask(row)` opens it. */
export class Listing {
  constructor({ caption, columns, ask = null, empty = "", key = (row) => row.key, isCaptionSeen = false, mark = () => "" }) {
    Object.assign(this, { columns, ask, key, mark });
    this.caption = h("caption", { class: isCaptionSeen ? null : "unseen" }, caption);
    this.body = h("tbody", {});
    this.rows = new Keyed(this.body, (row) => this.#make(row), { key, isSame: (before, row) => before === row });
    const heads = columns.map((column) => h("th", { scope: "col", class: kindOf(column) }, column.name));
    this.head = h("thead", {}, h("tr", {}, heads));
    this.table = h("table", {}, this.caption, this.head, this.body);
    this.empty = h("p", { class: "empty", hidden: true }, empty);
    this.element = h("div", { class: "listing" }, this.table, this.empty);
  }

  show(rows) {
    this.empty.hidden = rows.length > 0;
    this.head.hidden = rows.length === 0;
    this.rows.show(rows);
  }

  #make(row) {
    const key = this.key(row);
    const ask = () => this.ask(this.rows.row(key));
    const cells = this.columns.map((column, index) => {
      const content = column.cell(row);
      const attributes = { class: kindOf(column) };
      if (index > 0) return h("td", attributes, content);
      return h("th", { scope: "row", ...attributes }, this.ask ? button(content, ask, { class: "opener" }) : content);
    });
    const opens = this.ask ? { onclick: (event) => isElsewhere(event) && ask(), class: "opens" } : {};
    return h("tr", { ...opens, "data-mark": this.mark(row) || null }, cells);
  }
}

/** Whether a click on a row is neither on something of its own, nor the end of selecting text. */
function isElsewhere({ target }) {
  return !target.closest("button, a") && !getSelection().toString();
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
