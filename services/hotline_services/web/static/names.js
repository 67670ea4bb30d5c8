// Callsigns in place of ids: whoever reads knows a flight by one, and not by what a machine has called the talk about it.

import { h } from "./dom.js";

/** The callsign of the flight that a plan, negotiation or agreement is about; its id where the page knows of none. */
export function callsignOf(store, id) {
  if (!id) return id; // a plan that was never talked over has no negotiation: it would be found
  const negotiation = id.split(".")[0]; // an agreement's id goes on from its negotiation's
  return store.rows("plans").find((plan) => plan.plan_id === id || plan.negotiation_id === negotiation)?.callsign || id;
}

/** The text of a row of the log with callsigns in it; what they stand for is told when one points at them. */
export function toldOf(store, row) {
  return row.parts.flatMap((part, index) => [index ? " · " : "", named(store, part, row.details[index])]);
}

/** The text of one part, with a callsign in place of the id that it names. */
export function named(store, part, text) {
  const [id] = part.part === "thing-named" ? [part.id] : part.part === "about-ids" && part.ids.length === 1 ? part.ids : [];
  const name = id && callsignOf(store, id);
  const at = id ? text.lastIndexOf(id) : -1;
  return at < 0 || name === id ? text : [text.slice(0, at), h("span", { title: id }, name)];
}
