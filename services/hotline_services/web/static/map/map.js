// The map of one source: geography, the agreement's line and zones, air, aircraft, and the buttons on it.

import { Map as OpenLayersMap, ScaleLine, View, defaultInteractions } from "../vendor/ol.js";
import { button, h, isShown, say } from "../dom.js";
import { isCalm, theme } from "../theme.js";
import { words } from "../words.js";
import { Aircraft } from "./aircraft.js";
import { Airspace } from "./airspace.js";
import { garsLayer } from "./gars.js";
import { geographyLayers } from "./geography.js";
import { legend } from "./legend.js";
import { Contents } from "./contents.js";
import { Symbols } from "./symbols.js";
import { toPlane, toPosition } from "./plane.js";

const NEAR = 0.3; // degrees about the line and its zones
const ZONES_WITHIN = 0.8; // degrees of the line: other zones are out of the first picture
const PADDING = [48, 48, 48, 48]; // pixels: room for names at the rim, and for the buttons
const CLOSEST_ZOOM = 13;
const UPDATE_MS = 1_000;

/** Emits `move` (somebody has moved the map), `ask` (detail: `kind:id`) and `layers` when what is shown changes. */
export class TheatreMap extends EventTarget {
  #updatedAt = -Infinity;
  #ruledVersion = -1;
  #homePlace = "";
  #closing = new AbortController();
  #sizes = new ResizeObserver(() => this.map.updateSize());

  constructor(watch) {
    super();
    this.watch = watch;
    this.symbols = new Symbols(watch.sides);
    this.airspace = new Airspace(watch.sides);
    this.chart = h("div", { class: "chart", tabindex: "0", role: "application", "aria-label": words.map.chart });
    this.contents = new Contents(watch, (about) => this.#ask(about));
    this.element = h("div", { class: "map" }, this.chart, this.contents.element);
    this.map = this.#openLayers();
    this.aircraft = new Aircraft(this.map, watch.flights, this.symbols, this.airspace);
    this.legend = legend(watch, this.symbols);
    this.title = h("span", {});
    this.aloft = h("span", {});
    this.told = h("p", { class: "told", role: "status", hidden: true });
    this.element.append(h("p", { class: "map-title" }, this.title, this.aloft), this.#buttons(), this.legend, this.told);
    this.#listen();
  }

  #openLayers() {
    const { rule, volumes, offers, preview } = this.airspace.layers;
    const map = new OpenLayersMap({
      target: this.chart,
      controls: [new ScaleLine({ units: "nautical", minWidth: 70 })],
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, doubleClickZoom: true }),
      layers: [...geographyLayers(), volumes, rule, offers, preview],
      view: new View({ constrainRotation: false, enableRotation: false, maxZoom: CLOSEST_ZOOM, minZoom: 5 }),
    });
    this.gars = garsLayer(map);
    map.addLayer(this.gars);
    map.on("change:size", () => this.#fit());
    map.getView().fit(this.#home(), { size: [800, 500] });
    return map;
  }

  /** What is shown at first: the surroundings of the line with the air that is used there, or the theatre where there is no line. */
  #home() {
    const { line, zones, bounds_deg: theatre } = this.watch.setting;
    const [west, south, east, north] = line ? around(line.trace, zones) : theatre;
    const near = [...toPlane([west, south]), ...toPlane([east, north])];
    const used = line ? this.airspace.extents.filter((extent) => touches(extent, near)) : [];
    return [0, 1, 2, 3].map((side) => Math[side < 2 ? "min" : "max"](near[side], ...used.map((extent) => extent[side])));
  }

  /** Until somebody moves it, or chooses a place, all of that stays in sight. */
  #fit() {
    if (!this.isPlaced && (!this.#homePlace || this.isHome)) this.goHome();
  }

  #listen() {
    this.map.on("click", ({ pixel }) => this.#clicked(pixel));
    this.map.on("moveend", () => this.dispatchEvent(new Event("move")));
    theme.addEventListener("change", () => this.recolour(), { signal: this.#closing.signal });
    this.#sizes.observe(this.chart);
  }

  /** Lets go of all that outlives it and would keep it: the theme, its own size, and the geography that maps share. */
  close() {
    this.#closing.abort();
    this.#sizes.disconnect();
    this.map.getLayers().forEach((layer) => layer.getSource().clear(true));
    this.map.dispose();
  }

  #buttons() {
    const toggle = (label, isOn, set) => {
      const box = h("input", { type: "checkbox", checked: isOn(), onchange: () => set(box.checked) });
      return h("label", {}, box, ` ${label}`);
    };
    this.garsBox = toggle(words.map.gars, () => false, (isOn) => this.showGars(isOn));
    const { volumes, offers } = this.airspace.layers;
    this.layers = h("details", { class: "layers" }, h("summary", {}, words.map.layers), h("div", { class: "sheet" },
      toggle(words.map.volumes, () => true, (isOn) => volumes.setVisible(isOn)),
      toggle(words.map.offers, () => true, (isOn) => offers.setVisible(isOn)),
      toggle(words.map.labels, () => true, (isOn) => this.#label(isOn)),
      this.garsBox));
    this.tableButton = button(words.map.asTable, () => this.showTable(!this.contents.isOpen), { class: "as-table" });
    const zoom = (by) => () => this.map.getView().animate({ zoom: this.map.getView().getZoom() + by, duration: isCalm.matches ? 0 : 120 });
    this.zoom = h("div", { class: "zoom" },
        button("+", zoom(0.5), { "aria-label": words.map.zoomIn, title: words.map.zoomIn }),
        button("−", zoom(-0.5), { "aria-label": words.map.zoomOut, title: words.map.zoomOut }),
        button("⌂", () => this.goHome(), { "aria-label": words.map.whole, title: words.map.whole }));
    return h("div", { class: "map-buttons" }, this.zoom, this.layers, this.tableButton);
  }

  /** Says which source this is, where there are several. */
  entitle(title) {
    this.title.replaceChildren(h("strong", {}, title), " · ");
  }

  /** A sentence on the map, with a way out of what it asks for; none for an empty one. */
  tell(text, cancel, oncancel) {
    this.told.hidden = !text;
    this.told.replaceChildren(...(text ? [h("span", {}, text), button(cancel, oncancel)] : []));
  }

  goHome() {
    this.map.getView().fit(this.#home(), { padding: PADDING });
    this.#homePlace = this.place;
  }

  /** Whether it is where it was put: nobody has moved it. */
  get isHome() {
    return this.place === this.#homePlace;
  }

  /** Moves with another one from now on. */
  join(other) {
    this.isPlaced = true; // by the other
    this.map.setView(other.map.getView());
  }

  showGars(isOn) {
    this.gars.setVisible(isOn);
    this.garsBox.querySelector("input").checked = isOn;
    this.dispatchEvent(new Event("layers"));
  }

  get hasGars() {
    return this.gars.getVisible();
  }

  #label(isOn) {
    this.aircraft.isLabelled = isOn;
    this.aircraft.refresh();
  }

  /** Shows the contents as a table in place of the map, or the map again. */
  showTable(isOn) {
    this.contents.show(isOn);
    for (const part of [this.chart, this.legend, this.zoom, this.layers]) part.hidden = isOn;
    this.tableButton.textContent = isOn ? words.map.asMap : words.map.asTable;
    if (!isOn) this.map.updateSize();
  }

  /** `lon,lat,zoom` of what is shown, and back. */
  get place() {
    const view = this.map.getView();
    const [lon, lat] = toPosition(view.getCenter());
    return `${lon.toFixed(4)},${lat.toFixed(4)},${view.getZoom().toFixed(2)}`;
  }

  set place(text) {
    const [lon, lat, zoom] = text.split(",").map(Number);
    if (![lon, lat, zoom].every(Number.isFinite)) return;
    this.isPlaced = true;
    this.map.getView().setCenter(toPlane([lon, lat]));
    this.map.getView().setZoom(zoom);
  }

  /** Draws the aircraft where they are now; called once a frame. */
  draw(now, real) {
    if (this.chart.hidden) return;
    void this.watch.aircraft; // prepared as of the newest rows
    this.aircraft.draw(now, real);
    if (real - this.#updatedAt > UPDATE_MS) this.#update(now, real);
  }

  #update(now, real) {
    this.#updatedAt = real;
    if (!isShown(this.chart)) return;
    const version = this.watch.store.version("traces");
    if (version !== this.#ruledVersion) {
      this.#ruledVersion = version;
      this.airspace.agree(this.watch.setting, this.watch.store.rows("traces"));
    }
    this.airspace.update(this.watch.store, now);
    if (!this.isFitted && this.watch.store.n) this.#fit(); // to the air as well, once it is known
    this.isFitted ||= this.watch.store.n > 0;
    this.airspace.tell(this.aircraft.labelled);
    this.element.dataset.aloft = this.aircraft.count;
    say(this.aloft, words.map.aloft(this.aircraft.count));
  }

  /** Draws everything again at the next frame: time has jumped. */
  refresh() {
    this.#updatedAt = -Infinity;
  }

  select(about) {
    this.aircraft.selected = about.replace(/^(plan|flight):/, "");
    this.aircraft.refresh();
  }

  recolour() {
    this.symbols.forget();
    this.airspace.recolour();
    this.aircraft.recolour();
    this.map.getLayers().forEach((layer) => layer.changed());
  }

  #clicked(pixel) {
    if (this.isDrawing) return;
    const flight = this.aircraft.hit(pixel);
    if (flight) return this.#ask(`plan:${flight.about}`);
    const feature = this.map.forEachFeatureAtPixel(pixel, (found) => (found.get("about") ? found : undefined), { hitTolerance: 3 });
    if (feature) this.#ask(feature.get("about"));
    return undefined;
  }

  #ask(about) {
    this.dispatchEvent(new CustomEvent("ask", { detail: about }));
  }
}

function touches(one, other) {
  return one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];
}

function around(trace, zones) {
  const near = box(trace, ZONES_WITHIN);
  const corners = zones.flatMap(({ area }) => area.vertices ?? [area.centre]);
  return box([...trace, ...corners.filter((corner) => isInside(corner, near))], NEAR);
}

function box(points, margin) {
  const [lons, lats] = [points.map(([lon]) => lon), points.map(([, lat]) => lat)];
  return [Math.min(...lons) - margin, Math.min(...lats) - margin, Math.max(...lons) + margin, Math.max(...lats) + margin];
}

function isInside([lon, lat], [west, south, east, north]) {
  return lon >= west && lon <= east && lat >= south && lat <= north;
}
