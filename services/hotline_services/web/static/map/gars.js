// The Global Area Reference System's grid: cells of 30 minutes, their quadrants of 15, and keypads of 5.

import { Feature, Fill, MultiLineString, Point, Stroke, Style, Text, VectorLayer, VectorSource } from "../vendor/ol.js";
import { theme } from "../theme.js";
import { toPlane, toPosition } from "./plane.js";

const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"; // neither I nor O
const LEVELS = [{ degrees: 0.5, upTo: Infinity }, { degrees: 0.25, upTo: 420 }, { degrees: 1 / 12, upTo: 130 }];
const NAMES_UP_TO = 900;
const MOST_NAMES = 400;

/** The name of the cell that a position lies in, at 0.5, 0.25 or 1/12 of a degree. */
export function cellName([lon, lat], degrees) {
  const [east, north] = [(lon + 180) * 2, (lat + 90) * 2];
  const [column, row] = [Math.floor(east), Math.floor(north)];
  let name = String(column + 1).padStart(3, "0") + LETTERS[Math.floor(row / 24)] + LETTERS[row % 24];
  if (degrees > 0.3) return name;
  const [right, up] = [Math.floor((east - column) * 2), Math.floor((north - row) * 2)];
  name += String((1 - up) * 2 + right + 1);
  if (degrees > 0.1) return name;
  const [x, y] = [Math.floor(((east - column) * 2 - right) * 3), Math.floor(((north - row) * 2 - up) * 3)];
  return name + String((2 - y) * 3 + x + 1);
}

/** The grid, drawn as fine as the map is near. It is made anew when the map has been moved. */
export function garsLayer(map) {
  const source = new VectorSource();
  const grid = new VectorLayer({ source, visible: false, zIndex: 4, style: (feature) => style(feature) });
  const redraw = () => grid.getVisible() && source.clear() === undefined && source.addFeatures(cells(map));
  map.on("moveend", redraw);
  grid.on("change:visible", redraw);
  return grid;
}

function cells(map) {
  const resolution = map.getView().getResolution();
  const [west, south, east, north] = bounds(map);
  const shown = LEVELS.filter(({ upTo }) => resolution < upTo);
  const { degrees } = shown.at(-1);
  const lines = shown.map((level, rank) => lattice(level.degrees, rank, west, south, east, north));
  return [...lines, ...(resolution < NAMES_UP_TO ? names(degrees, west, south, east, north) : [])];
}

function bounds(map) {
  const [x1, y1, x2, y2] = map.getView().calculateExtent(map.getSize());
  return [...toPosition([x1, y1]), ...toPosition([x2, y2])];
}

function lattice(degrees, rank, west, south, east, north) {
  const lines = [];
  for (let lon = Math.floor(west / degrees) * degrees; lon <= east; lon += degrees) lines.push([toPlane([lon, south]), toPlane([lon, north])]);
  for (let lat = Math.floor(south / degrees) * degrees; lat <= north; lat += degrees) lines.push([toPlane([west, lat]), toPlane([east, lat])]);
  return new Feature({ geometry: new MultiLineString(lines), rank });
}

function names(degrees, west, south, east, north) {
  const found = [];
  for (let lon = Math.floor(west / degrees) * degrees; lon <= east; lon += degrees) {
    for (let lat = Math.floor(south / degrees) * degrees; lat <= north; lat += degrees) {
      if (found.length >= MOST_NAMES) return found;
      const middle = [lon + degrees / 2, lat + degrees / 2];
      found.push(new Feature({ geometry: new Point(toPlane(middle)), name: cellName(middle, degrees) }));
    }
  }
  return found;
}

function style(feature) {
  const name = feature.get("name");
  if (!name) {
    return new Style({ stroke: new Stroke({ color: theme.colour("map-grid"), width: feature.get("rank") ? 0.5 : 1 }) });
  }
  return new Style({ text: new Text({ text: name, font: "10px ui-monospace, monospace", fill: new Fill({ color: theme.colour("map-ink-3") }) }) });
}
