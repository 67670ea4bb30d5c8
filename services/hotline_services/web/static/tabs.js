// Tabs, of which one is open: arrow keys go along them.

import { h } from "./dom.js";

export class Tabs {
  #open = "";

  /** `tabs` is [[name, title, content element]]. */
  constructor(label, tabs, onopen) {
    this.onopen = onopen;
    this.names = tabs.map(([name]) => name);
    this.tabs = new Map(tabs.map(([name, title]) => [name, h("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "aria-selected": "false", tabindex: "-1",
      onclick: () => this.open(name), onkeydown: (event) => this.#keyed(event),
    }, title)]));
    this.panels = new Map(tabs.map(([name, , content]) => [name, h("div", {
      role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, tabindex: "0", hidden: true,
    }, content)]));
    this.list = h("div", { role: "tablist", "aria-label": label }, [...this.tabs.values()]);
    this.element = h("div", { class: "panel" }, this.list, [...this.panels.values()]);
  }

  get current() {
    return this.#open;
  }

  open(name) {
    if (!this.tabs.has(name) || name === this.#open) return;
    this.#open = name;
    for (const [other, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      this.panels.get(other).hidden = other !== name;
    }
    this.tabs.get(name).scrollIntoView({ block: "nearest", inline: "nearest" });
    this.onopen(name);
  }

  #keyed(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const place = this.names.indexOf(this.#open);
    const to = event.key === "Home" ? 0 : event.key === "End" ? this.names.length - 1 : step && (place + step + this.names.length) % this.names.length;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.open(this.names[to]);
    this.tabs.get(this.#open).focus();
  }
}
