// The map's contents as tables: for whoever cannot see it, or would rather read.

import { h } from "../dom.js";
import { clockTime, height, heights, hours, instant, plain } from "../format.js";
import { Listing } from "../listing.js";
import { words } from "../words.js";
import { offered, reserved } from "./airspace.js";
import { cellName } from "./gars.js";
import { toPosition } from "./plane.js";

const { columns: heads } = words.table;

export class Contents {
  isOpen = false;

  constructor(watch, ask) {
    this.watch = watch;
    const { sides } = watch;
    const shared = { isCaptionSeen: true, empty: words.table.none };
    this.aircraft = new Listing({ ...shared, caption: words.table.aircraft, ask: (row) => ask(`plan:${row.about}`), columns: [
      { name: heads.callsign, cell: (row) => row.callsign },
      { name: heads.side, cell: (row) => sides.tag(row.side || row.operator) },
      { name: heads.kind, cell: (row) => plain(row.kind) },
      { name: heads.gars, cell: (row) => row.cell },
      { name: heads.position, cell: (row) => row.position },
      { name: heads.height, cell: (row) => row.level },
      { name: heads.course, cell: (row) => row.course },
      { name: heads.conforms, cell: (row) => (row.conforming ? words.table.yes : words.table.strays) },
    ] });
    const air = (caption, kind) => new Listing({ ...shared, caption, ask: (row) => ask(row.about), columns: [
      { name: heads.use, cell: (row) => row.name },
      { name: heads.side, cell: (row) => sides.tag(row.side) },
      { name: heads.place, cell: (row) => row.place },
      { name: heads.heights, cell: (row) => heights(row.volume.lower_ft, row.volume.upper_ft) },
      { name: heads.times, cell: (row) => hours(row.volume.start, row.volume.end) },
      { name: heads.state, cell: (row) => kind(row) },
    ] });
    this.volumes = air(words.table.volumes, (row) => (row.isNow ? words.table.now : words.table.soon));
    this.offers = air(words.table.offersOn, (row) => row.lapses);
    this.element = h("div", { class: "contents", tabindex: "0", role: "region", "aria-label": words.map.name, hidden: true },
      this.aircraft.element, this.volumes.element, this.offers.element);
  }

  show(isOn) {
    this.isOpen = isOn;
    this.element.hidden = !isOn;
    if (isOn) this.update(this.watch.clock.now());
  }

  /** Called at most twice a second, and only while it is open. */
  update(now) {
    const { store } = this.watch;
    this.aircraft.show([...this.watch.aircraft.aloft(now)].map(described).sort((one, other) => (one.key < other.key ? -1 : 1)));
    this.volumes.show(reserved(store, now).map((row, index) => ({ ...row, key: `${row.about}/${index}`, place: placed(row.volume.area), isNow: instant(row.volume.start) <= now })));
    this.offers.show(offered(store, now).flatMap((row) => row.volumes.map((volume, index) => ({
      key: `${row.key}/${index}`, about: `negotiation:${row.key}`, name: plain(row.kind), side: row.by, volume, place: placed(volume.area),
      lapses: clockTime(row.expires_at),
    }))));
  }
}

function described(flight) {
  const [lon, lat] = toPosition([flight.x, flight.y]);
  const course = (Math.atan2(flight.east, flight.north) * 180) / Math.PI;
  return {
    key: `${flight.callsign}/${flight.about}`, about: flight.about, callsign: flight.callsign, side: flight.side, operator: flight.operator,
    kind: flight.kind, conforming: flight.conforming, cell: cellName([lon, lat], 1 / 12), position: degrees(lon, lat),
    level: height(Math.round(flight.feet / 100) * 100), course: `${String(Math.round((course + 360) % 360)).padStart(3, "0")}°`,
  };
}

function degrees(lon, lat) {
  return `${Math.abs(lat).toFixed(2)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(2)}° ${lon < 0 ? "W" : "E"}`;
}

/** Where an area is: the GARS cell of its middle. */
function placed(area) {
  if (area.shape === "circle") return cellName(area.centre, 1 / 12);
  const points = area.vertices ?? area.route;
  const middle = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
  return cellName(middle, 1 / 12);
}
