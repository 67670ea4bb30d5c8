// The line, the zones, the air that is reserved and the air that is being talked about.

import { Feature, Fill, LineString, Point, Polygon, Stroke, Style, Text, VectorLayer, VectorSource } from "../vendor/ol.js";
import { heights, hours, instant, iso, span } from "../format.js";
import { callsignOf } from "../names.js";
import { reservedStates } from "../protocol.js";
import { shortName } from "../sides.js";
import { theme } from "../theme.js";
import { words } from "../words.js";
import { LINES } from "./frames.js";
import { outline, toPlane } from "./plane.js";

const SOON_MS = 3_600_000;
const TIMES_BELOW = 700; // metres a pixel: further out, labels of volumes would only be in the way
const LABEL = "10.5px system-ui, sans-serif";
const HATCH_PX = 8;
const SIGNS = [[450, [0.15, 0.85]], [Infinity, [0.12]]]; // up to so many metres a pixel: at which shares of its length

const shaped = (area) => new Polygon([outline(area)]);

/** How high and when, in two lines. */
const spanned = ({ lower_ft: lower, upper_ft: upper, start, end }) => `${heights(lower, upper)}\n${hours(start, end)}`;

/** A volume that is to be drawn: what it is, whose, when, and what a click on it asks about. */
function volumeFeature(volume, now) {
  const { area, start, name, side, about, isAgreed } = volume;
  return new Feature({
    geometry: shaped(area), isActive: instant(start) <= now, side, about, isAgreed, label: `${name} ${shortName(side)}\n${spanned(volume)}`,
  });
}

/**
 * The reserved volumes of plans, and those of agreements whose plan is not known, as of a time: what is used within the
 * hour, and whatever was handed over on this page, however late it starts.
 */
export function reserved(store, now) {
  return booked(store).filter(({ volume, about }) => instant(volume.end) > now
    && (instant(volume.start) <= now + SOON_MS || store.followed.has(about)));
}

/** All of them, whenever they are used. */
function booked(store) {
  const found = [];
  const told = new Set();
  for (const plan of store.rows("plans")) {
    if (!reservedStates.has(plan.state)) continue;
    if (plan.negotiation_id) told.add(plan.negotiation_id);
    const about = { about: `plan:${plan.plan_id}`, side: plan.party, isAgreed: Boolean(plan.negotiation_id) };
    for (const volume of plan.volumes) found.push({ volume, name: plan.callsign, ...about });
  }
  for (const row of store.rows("agreements")) {
    if (row.released_at || told.has(row.agreement_id.split(".")[0])) continue;
    for (const volume of row.volumes) {
      found.push({ volume, name: callsignOf(store, row.agreement_id), about: `agreement:${row.agreement_id}`, side: row.user, isAgreed: true });
    }
  }
  return found;
}

/** When the next of these times comes that makes a difference to what is drawn: something comes into sight, begins or ends. */
function nextChange(store, now) {
  const times = booked(store).flatMap(({ volume: { start, end } }) => [instant(start) - SOON_MS, instant(start), instant(end)]);
  const lapses = offered(store, now).map((row) => instant(row.expires_at));
  return [...times, ...lapses].reduce((first, at) => (at > now && at < first ? at : first), Infinity);
}

/** The legs of one corridor as one volume: those that go on where the one before ends, and are in use, or not yet, alike. */
export function joined(volumes, now) {
  return volumes.reduce((whole, volume) => {
    const last = whole.at(-1);
    return last && goesOn(last, volume, now) ? [...whole.slice(0, -1), prolonged(last, volume)] : [...whole, volume];
  }, []);
}

function goesOn(last, next, now) {
  const same = (name) => last[name] === next[name];
  return last.area.shape === "corridor" && next.area.shape === "corridor" && last.area.half_width_nm === next.area.half_width_nm
    && same("lower_ft") && same("upper_ft") && same("about") && last.area.route.at(-1).join() === next.area.route[0].join()
    && (instant(last.start) <= now) === (instant(next.start) <= now);
}

function prolonged(last, next) {
  const route = [...last.area.route, ...next.area.route.slice(1)];
  const [start, end] = span([last, next]).map(iso);
  return { ...last, area: { ...last.area, route }, start, end };
}

/** The air that is on the table: of negotiations still open, on a call that goes on, until the offer lapses. */
export function offered(store, now) {
  const isOver = ({ call_id: call }) => Boolean(store.row("calls", call)?.ended_at);
  return store.rows("offers").filter((row) => !row.closed && row.volumes.length && !(instant(row.expires_at) <= now) && !isOver(row));
}

export class Airspace {
  #rule = new VectorSource();
  #volumes = new VectorSource();
  #offers = new VectorSource();
  #preview = new VectorSource();
  #drawnAt = NaN;
  #drawnVersion = -1;
  #changesAt = -Infinity;

  constructor(sides) {
    this.sides = sides;
    const layer = (source, style, zIndex, options = {}) => new VectorLayer({ source, style, zIndex, updateWhileInteracting: true, ...options });
    this.layers = {
      rule: layer(this.#rule, (feature, resolution) => this.#ruled(feature, resolution), 3, { declutter: "names" }),
      volumes: layer(this.#volumes, (feature, resolution) => this.#reserved(feature, resolution), 2, { declutter: "names" }),
      offers: layer(this.#offers, (feature) => this.#offered(feature), 7, { declutter: "names" }),
      preview: layer(this.#preview, (feature) => this.#previewed(feature), 8, { declutter: "names" }),
    };
  }

  /** The line and the zones, as agreed; `traces` is where the sides hold the line to run by now. */
  agree(setting, traces) {
    const held = traces.filter((row) => row.trace.length > 1);
    const features = setting.zones.map((zone) => new Feature({ geometry: shaped(zone.area), kind: "zone", zone }));
    const distinct = new Map(held.map((row) => [JSON.stringify(row.trace), row]));
    for (const row of distinct.values()) {
      features.push(lineFeature(row.trace, distinct.size > 1 ? ` · ${shortName(row.party)}` : ""));
    }
    if (setting.line && !held.length) features.push(lineFeature(setting.line.trace, ""));
    this.#rule.clear();
    this.#rule.addFeatures(features);
  }

  /** Draws again what has changed, or what time has changed: called at most about once a second. */
  update(store, now) {
    const version = store.version("plans", "agreements", "offers", "calls");
    if (version === this.#drawnVersion && now >= this.#drawnAt && now < this.#changesAt) return;
    [this.#drawnVersion, this.#drawnAt, this.#changesAt] = [version, now, nextChange(store, now)];
    this.#volumes.clear(true);
    this.#volumes.addFeatures(joined(reserved(store, now).map(({ volume, ...rest }) => ({ ...volume, ...rest })), now)
      .map((volume) => volumeFeature(volume, now)));
    this.#offers.clear(true);
    this.#offers.addFeatures(offered(store, now).flatMap((row) => joined(row.volumes, now).map((volume) => new Feature({
      geometry: shaped(volume.area), about: `negotiation:${row.key}`, side: row.by,
      label: `${words.map.offer} ${shortName(row.by)}\n${spanned(volume)}`,
    }))));
  }

  /** Leaves out the label of a volume in which its own aircraft is, with a label of its own: `told` is where, by plan. */
  tell(told) {
    for (const volume of this.#volumes.getFeatures()) {
      const at = told.get(volume.get("about"));
      const isTold = Boolean(at && volume.getGeometry().intersectsCoordinate(at));
      if (isTold !== Boolean(volume.get("isTold"))) volume.set("isTold", isTold);
    }
  }

  /** Shows the air of plans that are only being drawn up, and of what they would meet. */
  preview(plans) {
    const shape = (volume, kind) => new Feature({ geometry: shaped(volume.area), kind, label: spanned(volume) });
    this.#preview.clear();
    for (const { volumes, meets } of plans) {
      this.#preview.addFeatures(meets.flatMap((meeting) => meeting.volumes.map((volume) => shape(volume, "met"))));
      this.#preview.addFeatures(joined(volumes, -Infinity).map((volume) => shape(volume, "drawn")));
    }
  }

  /** Where volumes and offers are named, as far as they are at this resolution: the middle of each name. */
  names(resolution) {
    const volumes = resolution < TIMES_BELOW ? this.#volumes.getFeatures().filter((volume) => !volume.get("isTold")) : [];
    return [...volumes, ...this.#offers.getFeatures()].map((named) => named.getGeometry().getInteriorPoint().getCoordinates());
  }

  /** What is reserved or on the table now: the boxes of it on the plane. */
  get extents() {
    return [...this.#volumes.getFeatures(), ...this.#offers.getFeatures()].map((volume) => volume.getGeometry().getExtent());
  }

  /** Where it is written that the line is illustrative: nothing else is to be written there. */
  signs(resolution) {
    const lines = this.#rule.getFeatures().filter((feature) => feature.get("kind") === "line");
    return lines.flatMap((feature) => signsAt(resolution).map((share) => feature.getGeometry().getCoordinateAt(share)));
  }

  recolour() {
    for (const layer of Object.values(this.layers)) layer.changed();
  }

  #ruled(feature, resolution) {
    return feature.get("kind") === "zone" ? this.#zone(feature.get("zone")) : line(feature, resolution);
  }

  #zone(zone) {
    const color = theme.colour(zone.holder ? this.sides.frame(zone.holder) : "map-ink-2");
    const held = zone.holder ? words.map.heldBy(shortName(zone.holder)) : words.map.shared;
    return new Style({
      stroke: new Stroke({ color, width: 1.25, lineDash: [2, 4] }), fill: new Fill({ color: faint(color, 0.05) }),
      text: label(`${zone.name} · ${held}`, color),
    });
  }

  #reserved(feature, resolution) {
    const frame = this.sides.frame(feature.get("side"));
    const color = theme.colour(frame);
    const isActive = feature.get("isActive");
    return new Style({
      stroke: new Stroke({ color: isActive ? color : faint(color, 0.7), width: feature.get("isAgreed") ? 1.75 : 1, lineDash: isActive ? undefined : [5, 4] }),
      fill: new Fill({ color: LINES[frame] ? hatch(frame, color, isActive ? 1 : 0.5) : faint(color, isActive ? 0.13 : 0.03) }),
      text: resolution < TIMES_BELOW && !feature.get("isTold") ? label(feature.get("label"), color) : undefined,
      zIndex: isActive ? 1 : 0,
    });
  }

  #offered(feature) {
    const color = theme.colour("offer");
    return new Style({
      stroke: new Stroke({ color, width: 2.5, lineDash: [9, 5] }), fill: new Fill({ color: faint(color, 0.16) }),
      text: label(feature.get("label"), color),
    });
  }

  #previewed(feature) {
    const color = theme.colour(feature.get("kind") === "met" ? "bad" : "accent");
    return new Style({
      stroke: new Stroke({ color, width: 2 }), fill: new Fill({ color: faint(color, 0.15) }), text: label(feature.get("label"), color),
    });
  }
}

function lineFeature(trace, whose) {
  return new Feature({ geometry: new LineString(trace.map(toPlane)), kind: "line", whose });
}

/** Drawn twice, light below dark, so that it can be seen on anything; and it says what it is wherever it is seen. */
function line(feature, resolution) {
  const below = new Style({ stroke: new Stroke({ color: theme.colour("map-halo"), width: 5 }) });
  const above = new Style({
    stroke: new Stroke({ color: theme.colour("map-line"), width: 2.25, lineDash: [12, 4, 2, 4] }),
  });
  const signs = signsAt(resolution).map((share) => sign(feature.getGeometry().getCoordinateAt(share), words.map.line + feature.get("whose")));
  return [below, above, ...signs];
}

function signsAt(resolution) {
  return SIGNS.find(([upTo]) => resolution < upTo)[1];
}

function sign(at, text) {
  return new Style({
    geometry: new Point(at),
    text: new Text({
      text, font: "600 10px system-ui, sans-serif", padding: [3, 4, 2, 5], declutterMode: "obstacle",
      fill: new Fill({ color: theme.colour("map-line") }), backgroundFill: new Fill({ color: theme.colour("map-halo") }),
      backgroundStroke: new Stroke({ color: theme.colour("map-line"), width: 1 }),
    }),
  });
}

function label(text, color, options = {}) {
  return new Text({ text, font: LABEL, overflow: true, fill: new Fill({ color }), stroke: new Stroke({ color: theme.colour("map-halo"), width: 3 }), ...options });
}

const hatches = new Map();

/** The lines of this frame's air, as faint as they can be and still be seen: it is told apart by more than its colour. */
function hatch(frame, color, share) {
  const name = `${frame}/${color}/${share}`;
  if (!hatches.has(name)) hatches.set(name, pattern(LINES[frame], faint(color, 0.09 * share), faint(color, 0.42 * share)));
  return hatches.get(name);
}

function pattern(lines, ground, ink) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [HATCH_PX, HATCH_PX];
  const context = canvas.getContext("2d");
  Object.assign(context, { fillStyle: ground, strokeStyle: ink, lineWidth: 1 });
  context.fillRect(0, 0, HATCH_PX, HATCH_PX);
  for (const [x, y, toX, toY] of lines) {
    context.moveTo(x * HATCH_PX, y * HATCH_PX);
    context.lineTo(toX * HATCH_PX, toY * HATCH_PX);
  }
  context.stroke();
  return context.createPattern(canvas, "repeat");
}

/** A colour of the style sheet (#rrggbb) that lets through what lies below. */
function faint(color, share) {
  return `${color}${Math.round(share * 255).toString(16).padStart(2, "0")}`;
}

