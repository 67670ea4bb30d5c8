// What happened in the sky: aircraft too close to one another, and who crossed the line or entered a zone.

import { h } from "./dom.js";
import { dateTimeGroup, height, plain } from "./format.js";
import { Listing, newestFirst } from "./listing.js";
import { closeGrades } from "./protocol.js";
import { words } from "./words.js";

const { columns: heads } = words.incidents;

export class Incidents {
  constructor(watch, ask) {
    this.watch = watch;
    const { sides } = watch;
    this.encounters = new Listing({
      caption: words.incidents.encounters, isCaptionSeen: true, empty: words.lists.empty, ask: (row) => ask(`encounter:${row.key}`),
      mark: (row) => (closeGrades.has(row.grade) ? "bad" : "warn"),
      columns: [
        { name: heads.at, cell: (row) => dateTimeGroup(row.at) },
        { name: heads.grade, cell: (row) => plain(row.grade) },
        { name: heads.pair, cell: (row) => [sides.tag(row.one_side), ` ${row.one} · `, sides.tag(row.other_side), ` ${row.other}`], wide: true },
        { name: heads.apart, cell: (row) => h("span", { class: "nowrap" }, `${row.horizontal_nm.toFixed(1)} NM, ${Math.round(row.vertical_ft).toLocaleString("en")} ft`) },
      ],
    });
    this.crossings = new Listing({
      caption: words.incidents.crossings, isCaptionSeen: true, empty: words.lists.empty, ask: (row) => ask(`crossing:${row.key}`),
      mark: (row) => (row.conforming ? "" : "warn"),
      columns: [
        { name: heads.at, cell: (row) => dateTimeGroup(row.at) },
        { name: heads.callsign, cell: (row) => row.callsign },
        { name: heads.side, cell: (row) => sides.tag(row.side || row.operator) },
        { name: heads.what, cell: (row) => `${row.what === "line" ? words.incidents.line : row.what}, ${row.outbound ? words.incidents.outbound : words.incidents.homebound}` },
        { name: heads.height, cell: (row) => height(Math.round(row.altitude_ft / 100) * 100), minor: true },
        { name: heads.consent, cell: (row) => (row.conforming ? words.incidents.yes : words.incidents.no) },
      ],
    });
    this.element = h("div", {}, this.encounters.element, this.crossings.element);
  }

  stale() {
    return this.watch.store.version("encounters", "crossings");
  }

  draw() {
    this.encounters.show(newestFirst(this.watch.store, "encounters", "at").slice(0, 100));
    this.crossings.show(newestFirst(this.watch.store, "crossings", "at").slice(0, 100));
  }
}
