// Keys: single ones work wherever nothing is being typed, and can be turned off.

import { button, h } from "./dom.js";
import { theme } from "./theme.js";
import { words } from "./words.js";

const KEPT = "hotline.keys";
const MINUTE_MS = 60_000;
const areOn = () => localStorage.getItem(KEPT) !== "off";

export function keysDialog() {
  const on = h("input", { type: "checkbox", checked: areOn(), onchange: () => localStorage.setItem(KEPT, on.checked ? "on" : "off") });
  const dialog = h("dialog", { "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, words.keys.name),
    h("dl", {}, words.keys.list.flatMap(([keys, what]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what)])),
    h("p", {}, h("label", {}, on, ` ${words.keys.on}`)),
    button(words.close, () => dialog.close()));
  return dialog;
}

export function listenToKeys(page) {
  addEventListener("pointerdown", ({ target }) => closeSheets(target));
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return undefined; // its own
    if (event.key === "Escape") return escape(page, event);
    if (!areOn() || isTyping(event.target) || event.altKey || event.metaKey) return undefined;
    const does = action(page, event);
    if (!does) return undefined;
    event.preventDefault();
    return does();
  });
}

function isTyping(target) {
  return target.closest?.("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]") !== null;
}

/** Of all that is open, what was opened last and lies above the rest; in a search, the search. */
function escape(page, { target }) {
  if (target.matches?.("input[type=search]")) return leave(target);
  if (closeSheets()) return undefined;
  if (page.maps.some((map) => map.isDrawing)) return page.lists.inject.stopDrawing();
  return page.about.close();
}

function leave(field) {
  field.value = "";
  field.dispatchEvent(new Event("input"));
  field.blur();
}

/** Closes what unfolds over a map, unless it is in there that something was done; whether there was any. */
function closeSheets(within = null) {
  const open = [...document.querySelectorAll(".map details[open]")].filter((sheet) => !sheet.contains(within));
  for (const sheet of open) sheet.open = false;
  return open.length > 0;
}

function action(page, { key, shiftKey, ctrlKey, target }) {
  const isOnMap = target.closest?.(".chart"); // there, arrows and signs move the map
  if (key === " " && target.closest?.("button, summary, a, [type=checkbox]")) return null; // what it is for there
  const minutes = ctrlKey ? 60 : shiftKey ? 10 : 1;
  if (!isOnMap && key === "ArrowLeft") return () => page.time.by(-minutes * MINUTE_MS);
  if (!isOnMap && key === "ArrowRight") return () => page.time.by(minutes * MINUTE_MS);
  if (ctrlKey) return null;
  if (!isOnMap && (key === "+" || key === "=")) return () => page.time.faster(1);
  if (!isOnMap && key === "-") return () => page.time.faster(-1);
  if (/^[1-8]$/.test(key)) return () => page.openTab(Number(key) - 1);
  return {
    " ": () => page.time.toggle(), "[": () => page.time.toMark(-1), "]": () => page.time.toMark(1), l: () => page.goLive(),
    "/": () => page.search(), g: () => page.maps.forEach((map) => map.showGars(!map.hasGars)),
    m: () => page.maps.forEach((map) => map.showTable(!map.contents.isOpen)), d: () => theme.toggle(), "?": () => page.keys.showModal(),
  }[key.toLowerCase()] ?? null;
}
