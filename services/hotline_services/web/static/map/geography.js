// Land, water, towns and air bases: read once, and drawn by every map of the page.

import { Fill, GeoJSON, RegularShape, Stroke, Style, Text, VectorLayer, VectorSource } from "../vendor/ol.js";
import { geography } from "../source.js";
import { theme } from "../theme.js";

const format = new GeoJSON({ featureProjection: "EPSG:3857" });
const loaded = new Map();
const [TOWNS_BELOW, BASES_BELOW] = [900, 700]; // metres a pixel: further out, only chief ones have names

function features(name) {
  if (!loaded.has(name)) loaded.set(name, geography(name).then((collection) => format.readFeatures(collection)).catch(() => []));
  return loaded.get(name);
}

function layer(name, style, options = {}) {
  const source = new VectorSource();
  features(name).then((read) => source.addFeatures(read));
  return new VectorLayer({ source, style, updateWhileInteracting: true, updateWhileAnimating: true, ...options });
}

/** The layers, from the lowest. Names are given room from the highest layer down: a town's comes after those of the air. */
export function geographyLayers() {
  return [
    layer("countries", (feature) => country(feature)),
    layer("lakes", () => lake()),
    layer("rivers", (feature) => river(feature)),
    layer("places", (feature, resolution) => place(feature, resolution), { declutter: "names", zIndex: 1 }),
  ];
}

function country() {
  return new Style({ fill: new Fill({ color: theme.colour("map-land") }), stroke: new Stroke({ color: theme.colour("map-border"), width: 1, lineDash: [6, 3] }) });
}

function lake() {
  return new Style({ fill: new Fill({ color: theme.colour("map-water") }) });
}

function river(feature) {
  const isMain = Boolean(feature.get("main"));
  return new Style({ stroke: new Stroke({ color: theme.colour("map-river"), width: isMain ? 2.25 : 1.25 }) });
}

function place(feature, resolution) {
  const isBase = feature.get("kind") !== "town";
  const ink = theme.colour(isBase ? "map-ink-2" : "map-ink-3");
  const image = new RegularShape({
    points: isBase ? 3 : 4, radius: isBase ? 4.5 : 3, angle: isBase ? 0 : Math.PI / 4, fill: new Fill({ color: ink }),
    stroke: new Stroke({ color: theme.colour("map-land"), width: 1 }), declutterMode: "none",
  });
  const isNamed = resolution <= (isBase ? BASES_BELOW : TOWNS_BELOW) || Boolean(feature.get("chief"));
  if (!isNamed) return new Style({ image });
  return new Style({ image, text: named(feature.get("name"), ink) });
}

function named(text, color) {
  return new Text({
    text, font: "11px system-ui, sans-serif", fill: new Fill({ color }), offsetY: 11,
    stroke: new Stroke({ color: theme.colour("map-halo"), width: 2.5 }),
  });
}
