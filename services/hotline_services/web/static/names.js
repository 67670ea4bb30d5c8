// Callsigns in place of ids: whoever reads knows a flight by one, and not by what a machine has called the talk about it.

import { h } from "./dom.js";

const ABOUT = "about ";

/** The callsign of the flight that a plan, negotiation or agreement is about; its id where the page knows of none. */
export function callsignOf(store, id) {
  if (!id) return id; // a plan that was never talked over has no negotiation: it would be found
  const negotiation = id.split(".")[0]; // an agreement's id goes on from its negotiation's
  return store.rows("plans").find((plan) => plan.plan_id === id || plan.negotiation_id === negotiation)?.callsign || id;
}

/** A line of the log with names in it; what they stand for is told when one points at them. */
export function toldOf(store, line) {
  return line.split(" · ").flatMap((part, place) => [place ? " · " : "", named(store, part, place)]);
}

/** The first part says what it is about, and so does one that begins with `about`. */
export function named(store, part, place) {
  const before = part.startsWith(ABOUT) ? ABOUT : "";
  if (place > 0 && !before) return part;
  const id = part.slice(before.length);
  const name = callsignOf(store, id);
  return name === id ? part : [before, h("span", { title: id }, name)];
}
