// What the map's signs mean.

import { h } from "../dom.js";
import { plain } from "../format.js";
import { words } from "../words.js";
import { KINDS } from "./symbols.js";

/** The legend of one source; it is opened by whoever wants it. */
export function legend(watch, symbols) {
  const { sides, setting } = watch;
  const parties = [...sides.parties, ""];
  return h("details", { class: "legend" },
    h("summary", {}, words.map.legend),
    h("div", { class: "sheet" },
      h("p", { class: "illustrative" }, h("span", { class: "key key-line", "aria-hidden": "true" }),
        setting.line ? words.map.legendLine : words.map.legendNoLine, setting.note ? ` ${setting.note}` : ""),
      h("ul", {}, parties.map((party) => h("li", {}, symbols.picture(party, "patrol"), h("span", {},
        party ? [sides.tag(party), ` ${sides.title(party)}: `] : "", words.map.legendFrame[sides.frame(party)])))),
      h("p", {}, words.map.legendFrames),
      h("ul", {},
        key("active", words.map.legendActive), key("soon", words.map.legendSoon), key("offer", words.map.legendOffer),
        key("zone", words.map.legendZone), key("strays", words.map.legendStrays), key("ahead", words.map.legendAhead)),
      h("p", {}, `${words.map.legendKinds}:`),
      h("ul", { class: "kinds" }, KINDS.map((kind) => h("li", {}, symbols.picture(sides.parties[0], kind), plain(kind)))),
      h("p", { class: "credit" }, words.map.credit)));
}

function key(name, text) {
  return h("li", {}, h("span", { class: `key key-${name}`, "aria-hidden": "true" }), text);
}
