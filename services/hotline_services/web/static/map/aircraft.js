// The aircraft above the map, on a canvas of their own: the map below is not drawn again because something flies, nor
// are they before one of them has gone far enough to be seen to.

import { level } from "../format.js";
import { theme } from "../theme.js";
import { shortName } from "../sides.js";

const LOOK_AHEAD_S = 60; // the line from a symbol ends where it will be then
const LONGEST_AHEAD_PX = 60;
const PLACE_LABELS_MS = 500;
const SEEN_PX = 0.5; // of the screen's own: what has moved by less looks the same
const LONGEST_MS = 1_000; // of real time: what has not been seen for long goes, and what takes off comes
const REACH_PX = 20;
const CELL_PX = 48;
const HALF_PX = 13; // about half a symbol
const GAP_PX = 3;
const SIGN_PX = [120, 18];
const NAME_PX = [84, 42]; // three lines, about so long
const CLIMBS = { "-1": "↓", 0: "", 1: "↑" };

export class Aircraft {
  #context;
  #view = null;
  #drawn = [];
  #placedAt = -Infinity;
  #drawnAt = -Infinity;
  #drawnVersion = -1;
  #fastest = 0; // of those in the air: how far on the plane in a second
  #ratio = devicePixelRatio || 1;

  /** `map` is OpenLayers'; flights and symbols are this source's; `airspace` has signs and names
   *  of its own, where labels must not stand. */
  constructor(map, flights, symbols, airspace) {
    Object.assign(this, { map, flights, symbols, airspace, selected: "", isLabelled: true });
    this.canvas = document.createElement("canvas");
    this.canvas.className = "aircraft";
    this.canvas.setAttribute("aria-hidden", "true");
    map.getViewport().append(this.canvas);
    this.#context = this.canvas.getContext("2d");
    map.on("postrender", ({ frameState }) => frameState && this.#moved(frameState));
  }

  /** How many are in the air, in sight or not. */
  count = 0;

  #moved({ size, viewState }) {
    const [width, height] = size;
    const { center, resolution } = viewState;
    const view = this.#view;
    const isSame = view && view.width === width && view.height === height && view.resolution === resolution
      && view.x === center[0] && view.y === center[1];
    if (isSame) return;
    this.#view = { width, height, resolution, x: center[0], y: center[1] };
    if (this.canvas.width !== width * this.#ratio || this.canvas.height !== height * this.#ratio) {
      [this.canvas.width, this.canvas.height] = [width * this.#ratio, height * this.#ratio];
      this.canvas.style.setProperty("width", `${width}px`);
      this.canvas.style.setProperty("height", `${height}px`);
    }
    this.#placedAt = -Infinity;
    if (this.at !== undefined) this.#drawAll(this.at, performance.now()); // at once: the aircraft stay where they are on the map
  }

  /** Called once a frame: draws them if they would look otherwise than they do. */
  draw(at, real) {
    if (this.#view && this.#isStale(at, real)) this.#drawAll(at, real);
  }

  #isStale(at, real) {
    const gone = (this.#fastest * Math.abs(at - this.at)) / 1_000 / this.#view.resolution;
    return !(gone * this.#ratio < SEEN_PX && real - this.#drawnAt < LONGEST_MS && this.#drawnVersion === this.flights.version);
  }

  /** Draws them at the next frame, wherever they are. */
  refresh() {
    this.#drawnAt = -Infinity;
  }

  #drawAll(at, real) {
    this.at = at;
    [this.#drawnAt, this.#drawnVersion] = [real, this.flights.version];
    const view = this.#view;
    const context = this.#context;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    this.#drawn = this.#visible(at, real, view);
    if (real - this.#placedAt > PLACE_LABELS_MS) this.#placeLabels(real);
    this.#drawAhead(context, view);
    for (const flight of this.#drawn) this.#drawOne(context, flight);
  }

  #visible(at, real, { x, y, width, height, resolution }) {
    const visible = [];
    [this.count, this.#fastest] = [0, 0];
    for (const flight of this.flights.aloft(at, real)) {
      this.count += 1;
      this.#fastest = Math.max(this.#fastest, flight.perSecond);
      flight.px = (flight.x - x) / resolution + width / 2;
      flight.py = (y - flight.y) / resolution + height / 2;
      const isInside = flight.px > -40 && flight.py > -40 && flight.px < width + 40 && flight.py < height + 40;
      if (isInside) visible.push(flight);
    }
    return visible;
  }

  /** Which way each goes, and how fast: all lines in one stroke. */
  #drawAhead(context, { resolution }) {
    context.beginPath();
    for (const { px, py, east, north, perSecond } of this.#drawn) {
      const length = Math.hypot(east, north);
      const ahead = Math.min((perSecond * LOOK_AHEAD_S) / resolution + HALF_PX, LONGEST_AHEAD_PX);
      if (!length || !perSecond) continue;
      context.moveTo(px, py);
      context.lineTo(px + (east / length) * ahead, py - (north / length) * ahead);
    }
    context.strokeStyle = this.#inks.ahead;
    context.lineWidth = 1.5;
    context.stroke();
  }

  #inks = inks();

  recolour() {
    this.#inks = inks();
    this.#placedAt = -Infinity;
    this.refresh();
  }

  #drawOne(context, flight) {
    const { px, py } = flight;
    if (!flight.conforming) this.#ring(context, px, py, HALF_PX + 3, this.#inks.strays);
    if (flight.about === this.selected) this.#ring(context, px, py, HALF_PX + 6, this.#inks.chosen);
    const symbol = this.symbols.aircraft(flight.side, flight.kind);
    this.#copy(context, symbol, px - symbol.x, py - symbol.y);
    if (!this.isLabelled || !flight.spot) return;
    const { spot, labels: [name, height] } = flight;
    this.#copy(context, name, spot.x < 0 ? px + spot.x - name.width : px + spot.x, py + spot.y);
    this.#copy(context, height, spot.x < 0 ? px + spot.x - height.width : px + spot.x, py + spot.y + name.height - 2);
  }

  /** Whole pixels of the screen: a picture is copied as it is, and text stays sharp. */
  #copy(context, { canvas }, x, y) {
    const ratio = this.#ratio;
    context.drawImage(canvas, Math.round(x * ratio) / ratio, Math.round(y * ratio) / ratio, canvas.width / ratio, canvas.height / ratio);
  }

  /** Where those are that have a label, by what they are about. */
  get labelled() {
    const told = this.isLabelled ? this.#drawn.filter((flight) => flight.spot) : [];
    return new Map(told.map(({ about, x, y }) => [`plan:${about}`, [x, y]]));
  }

  #ring(context, px, py, radius, colour) {
    context.beginPath();
    context.arc(px, py, radius, 0, 2 * Math.PI);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
  }

  /** Who it is, and how high: a partner's aircraft says whose it is. */
  #labels(flight) {
    const isPartner = flight.operator && flight.operator !== flight.side;
    const name = isPartner ? `${flight.callsign} ${shortName(flight.operator)}` : flight.callsign;
    const ink = "map-ink";
    return [this.symbols.label(name, ink), this.symbols.label(level(flight.feet) + CLIMBS[flight.climbing], ink)];
  }

  /** Writes each label, and gives it a corner of its symbol where it covers nothing; where there is none it is left out. */
  #placeLabels(real) {
    this.#placedAt = real;
    const taken = new Taken();
    const { x, y, width: across, height: down, resolution } = this.#view;
    const written = [[this.airspace.signs(resolution), SIGN_PX], [this.airspace.names(resolution), NAME_PX]];
    for (const [places, [width, height]] of written) {
      for (const [east, north] of places) taken.take((east - x) / resolution + (across - width) / 2, (y - north) / resolution + (down - height) / 2, width, height);
    }
    for (const { px, py } of this.#drawn) taken.take(px - 9, py - 9, 18, 18);
    for (const flight of this.#drawn) {
      const [name, height] = (flight.labels = this.#labels(flight));
      flight.spot = this.#spot(taken, flight, Math.max(name.width, height.width), name.height + height.height - 2);
    }
  }

  #spot(taken, { px, py, east, north, spot: last }, width, height) {
    const sides = [HALF_PX + GAP_PX, -HALF_PX - GAP_PX];
    if (east > 0 && Math.abs(north) < east) sides.reverse(); // not where it is going
    const spots = [-height / 2, 4, -height - 4].flatMap((y) => sides.map((x) => ({ x, y })));
    if (last) spots.unshift(last); // a label that needs not move does not
    const free = spots.find(({ x, y }) => taken.isFree(x < 0 ? px + x - width : px + x, py + y, width, height));
    if (free) taken.take(free.x < 0 ? px + free.x - width : px + free.x, py + free.y, width, height);
    return free ?? null;
  }

  /** The aircraft at a place on the map, the nearest first. */
  hit([px, py]) {
    const near = this.#drawn.map((flight) => [Math.hypot(flight.px - px, flight.py - py), flight])
      .filter(([distance]) => distance < REACH_PX)
      .sort(([one], [other]) => one - other);
    return near[0]?.[1] ?? null;
  }
}

function inks() {
  return { ahead: theme.colour("map-ink"), strays: theme.colour("warn"), chosen: theme.colour("accent") };
}

/** Which parts of the map are taken: rectangles, found by the cells that they lie in. */
class Taken {
  #cells = new Map();

  take(x, y, width, height) {
    const box = [x, y, x + width, y + height];
    for (const cell of cells(box)) {
      const boxes = this.#cells.get(cell);
      if (boxes) boxes.push(box);
      else this.#cells.set(cell, [box]);
    }
  }

  isFree(x, y, width, height) {
    const box = [x, y, x + width, y + height];
    for (const cell of cells(box)) if (this.#cells.get(cell)?.some((other) => overlap(box, other))) return false;
    return true;
  }
}

function* cells([x1, y1, x2, y2]) {
  for (let column = Math.floor(x1 / CELL_PX); column <= Math.floor(x2 / CELL_PX); column += 1) {
    for (let row = Math.floor(y1 / CELL_PX); row <= Math.floor(y2 / CELL_PX); row += 1) yield column * 10_000 + row;
  }
}

function overlap(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}
