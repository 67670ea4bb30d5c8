// Injecting a plan: draw it or paste it, see what it would meet, submit it, follow it.
import { h } from "./dom.js";
export class Injection {
  constructor() { this.element = h("div", {}); }
  stale() { return 0; }
  draw() {}
  stopDrawing() {}
}
