// Drawing the area of a plan on the map.

import { Draw, Fill, Stroke, Style, VectorLayer, VectorSource } from "../vendor/ol.js";
import { theme } from "../theme.js";
import { NM_M, stretch, toPosition } from "./plane.js";

const TYPES = { polygon: "Polygon", corridor: "LineString", circle: "Circle" };
const DIGITS = 10_000; // of a degree: about 10 m

const round = (point) => toPosition(point).map((degrees) => Math.round(degrees * DIGITS) / DIGITS);

export class DrawnArea {
  #drawing = null;

  /** `drawn(area)` is called with each area that has been finished. */
  constructor(map, drawn) {
    Object.assign(this, { map, drawn, source: new VectorSource() });
    map.map.addLayer(new VectorLayer({ source: this.source, zIndex: 8, style: () => style() }));
  }

  get centre() {
    return round(this.map.map.getView().getCenter());
  }

  start(shape, halfWidthNm) {
    this.stop();
    this.source.clear();
    this.#drawing = new Draw({ source: this.source, type: TYPES[shape], style: () => style(), stopClick: true });
    this.#drawing.on("drawend", ({ feature }) => {
      const area = areaOf(feature.getGeometry(), shape, halfWidthNm());
      setTimeout(() => this.source.clear()); // the checked plan is shown in its place
      setTimeout(() => this.drawn(area));
    });
    this.map.map.addInteraction(this.#drawing);
    this.map.isDrawing = true;
    this.map.chart.focus();
  }

  stop() {
    if (!this.#drawing) return;
    this.map.map.removeInteraction(this.#drawing);
    this.#drawing = null;
    setTimeout(() => (this.map.isDrawing = false)); // the click that ended it asks about nothing
  }
}

function areaOf(geometry, shape, halfWidthNm) {
  if (shape === "circle") {
    const centre = round(geometry.getCenter());
    return { shape, centre, radius_nm: Math.max(0.1, Math.round((geometry.getRadius() / stretch(centre[1]) / NM_M) * 10) / 10) };
  }
  if (shape === "corridor") return { shape, route: geometry.getCoordinates().map(round), half_width_nm: halfWidthNm };
  return { shape, vertices: geometry.getCoordinates()[0].slice(0, -1).map(round) };
}

function style() {
  const color = theme.colour("accent");
  return new Style({ stroke: new Stroke({ color, width: 2, lineDash: [6, 4] }), fill: new Fill({ color: `${color}22` }) });
}
