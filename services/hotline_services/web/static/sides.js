// Who is who: each party's frame, its colour and its name.
//
// A frame says who answers for a flight, and no more. The first party of the memorandum wears the frame "friend" of
// MIL-STD-2525, the second "neutral", and up to six more one of their own; only who has no line wears "unknown". Nobody
// is shown as hostile, since nobody is to be.

import { h, unseen } from "./dom.js";

const FRAMES = ["friend", "neutral", "hexagon", "house", "octagon", "shield", "ticket", "wedge"];
const CODES = { friend: "3", neutral: "4", unknown: "1" };

export class Sides {
  constructor(setting) {
    this.titles = setting.parties ?? {};
    this.parties = Object.keys(this.titles);
    this.partners = setting.partners ?? [];
  }

  /** One of the frames of parties, or unknown; a ninth party wears that of the first. */
  frame(party) {
    const number = this.parties.indexOf(party);
    return number < 0 ? "unknown" : FRAMES[number % FRAMES.length];
  }

  /** The standard identity in a symbol's code; that of a friend where the frame is none of the standard's. */
  code(party) {
    return CODES[this.frame(party)] ?? CODES.friend;
  }

  title(party) {
    return this.titles[party] ?? this.partners.find(({ name }) => name === party)?.title ?? "";
  }

  /** A party as it stands in a line of text: its frame in small, and its name. */
  tag(party) {
    return h("span", { class: "side", "data-frame": this.frame(party), title: this.title(party) || null },
      h("span", { class: "frame", "aria-hidden": "true" }), shortName(party));
  }

  /** `US → RU` with frames. */
  pair(from, to) {
    return h("span", { class: "pair" }, this.tag(from), h("span", { class: "to", "aria-hidden": "true" }, "→"), unseen(" to "), this.tag(to));
  }
}

export function shortName(party) {
  return (party || "?").toUpperCase();
}
