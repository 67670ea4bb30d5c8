// The map of one source: geography, the agreement's line and zones, air, aircraft, and the buttons on it.

import { Map as OpenLayersMap, ScaleLine, View, defaultInteractions } from "../vendor/ol.js";
import { button, h, isShown } from "../dom.js";
import { theme } from "../theme.js";
import { words } from "../words.js";
import { Aircraft } from "./aircraft.js";
import { Airspace } from "./airspace.js";
import { garsLayer } from "./gars.js";
import { geographyLayers } from "./geography.js";
import { legend } from "./legend.js";
import { Contents } from "./contents.js";
import { Symbols } from "./symbols.js";
import { toPlane, toPosition } from "./plane.js";

const THEATRE = [35.5, 33.2, 42.0, 37.0]; // degrees: west, south, east, north
const NEAR = { left: 0.35, right: 0.35, top: 0.25, bottom: 0.25 }; // about the line, in degrees
const CLOSEST_ZOOM = 13;
const UPDATE_MS = 1_000;

/** Emits `move` (somebody has moved the map), `ask` (detail: `kind:id`) and `layers` when what is shown changes. */
export class TheatreMap extends EventTarget {
  #updatedAt = -Infinity;
  #ruledVersion = -1;

  constructor(watch) {
    super();
    this.watch = watch;
    this.symbols = new Symbols(watch.sides);
    this.airspace = new Airspace(watch.sides);
    this.chart = h("div", { class: "chart", tabindex: "0", role: "application", "aria-label": words.map.chart });
    this.contents = new Contents(watch, (about) => this.#ask(about));
    this.element = h("div", { class: "map" }, this.chart, this.contents.element);
    this.map = this.#openLayers();
    this.aircraft = new Aircraft(this.map, watch.flights, this.symbols);
    this.element.append(this.#buttons(), legend(watch, this.symbols));
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
    map.getView().fit(this.#home(), { size: [900, 600] });
    return map;
  }

  /** What is shown at first: the surroundings of the line, or the theatre where there is none. */
  #home() {
    const trace = this.watch.setting.line?.trace;
    const [west, south, east, north] = trace ? around(trace) : THEATRE;
    return [...toPlane([west, south]), ...toPlane([east, north])];
  }

  #listen() {
    this.map.on("click", ({ pixel }) => this.#clicked(pixel));
    this.map.on("moveend", () => this.dispatchEvent(new Event("move")));
    theme.addEventListener("change", () => this.recolour());
    new ResizeObserver(() => this.map.updateSize()).observe(this.chart);
  }

  #buttons() {
    const toggle = (label, isOn, set) => {
      const box = h("input", { type: "checkbox", checked: isOn(), onchange: () => set(box.checked) });
      return h("label", {}, box, ` ${label}`);
    };
    this.garsBox = toggle(words.map.gars, () => false, (isOn) => this.showGars(isOn));
    const { volumes, offers } = this.airspace.layers;
    const layers = h("details", { class: "layers" }, h("summary", {}, words.map.layers), h("div", { class: "sheet" },
      toggle(words.map.volumes, () => true, (isOn) => volumes.setVisible(isOn)),
      toggle(words.map.offers, () => true, (isOn) => offers.setVisible(isOn)),
      toggle(words.map.labels, () => true, (isOn) => this.#label(isOn)),
      this.garsBox));
    this.tableButton = button(words.map.asTable, () => this.showTable(!this.contents.isOpen), { class: "as-table" });
    const zoom = (by) => () => this.map.getView().animate({ zoom: this.map.getView().getZoom() + by, duration: 120 });
    return h("div", { class: "map-buttons" },
      h("div", { class: "zoom" },
        button("+", zoom(0.5), { "aria-label": words.map.zoomIn, title: words.map.zoomIn }),
        button("−", zoom(-0.5), { "aria-label": words.map.zoomOut, title: words.map.zoomOut }),
        button("⌂", () => this.goHome(), { "aria-label": words.map.whole, title: words.map.whole })),
      layers, this.tableButton);
  }

  goHome() {
    this.map.getView().fit(this.#home(), { padding: [20, 20, 20, 20], duration: 200 });
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
  }

  /** Shows the contents as a table in place of the map, or the map again. */
  showTable(isOn) {
    this.contents.show(isOn);
    this.chart.hidden = isOn;
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
    this.map.getView().setCenter(toPlane([lon, lat]));
    this.map.getView().setZoom(zoom);
  }

  /** Draws the aircraft where they are now; called once a frame. */
  draw(now, real) {
    if (this.chart.hidden) return;
    if (real - this.#updatedAt > UPDATE_MS) this.#update(now, real);
    void this.watch.aircraft; // prepared as of the newest rows
    this.aircraft.draw(now, real);
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
  }

  /** Draws everything again at the next frame: time has jumped. */
  refresh() {
    this.#updatedAt = -Infinity;
  }

  select(about) {
    this.aircraft.selected = about.replace(/^(plan|flight):/, "");
  }

  recolour() {
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

function around(trace) {
  const [lons, lats] = [trace.map(([lon]) => lon), trace.map(([, lat]) => lat)];
  return [Math.min(...lons) - NEAR.left, Math.min(...lats) - NEAR.bottom, Math.max(...lons) + NEAR.right, Math.max(...lats) + NEAR.top];
}
