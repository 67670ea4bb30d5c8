// Short sentences about what has just gone right or wrong; they go by themselves.

import { h } from "./dom.js";
import { words } from "./words.js";

const SHOWN_MS = 6_000;
const place = document.getElementById("notices");

export function notice(text) {
  if ([...place.children].some((shown) => shown.textContent === text)) return;
  const shown = h("p", {}, text);
  place.append(shown);
  setTimeout(() => shown.remove(), SHOWN_MS);
}

export function failed(fault) {
  notice(words.failed(fault.message));
}
