// Parts of the page that show rows: each is drawn again at most twice a second, only while it can be seen, and only
// when what it shows has changed.

import { isShown } from "./dom.js";

const DRAW_MS = 500;

export class Panels {
  #panels = [];

  constructor() {
    setInterval(() => this.draw(), DRAW_MS);
  }

  /** `panel` has `element`, `stale()` (what its state is, to be compared), `draw()`, false for not yet, and may have `close()`. */
  add(...panels) {
    for (const panel of panels) this.#panels.push({ panel, drawn: undefined });
  }

  close() {
    for (const { panel } of this.#panels) panel.close?.();
    this.#panels = [];
  }

  draw() {
    for (const entry of this.#panels) {
      if (!isShown(entry.panel.element)) continue;
      const state = entry.panel.stale();
      if (state === entry.drawn) continue;
      if (entry.panel.draw() !== false) entry.drawn = state;
    }
  }
}
