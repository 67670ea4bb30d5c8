// Pictures of aircraft and of their labels, each drawn once and kept: a frame only copies them.

import { Symbol as MilitarySymbol } from "../vendor/milsymbol.js";
import { theme } from "../theme.js";
import { OUTLINES } from "./frames.js";

const SIZE = 20;
const REACH = 13; // from the middle of a frame to its furthest corner, in CSS pixels
const FRAME_WIDTH = 1.25;
const HALO_WIDTH = 2;
const CODES = { patrol: "110110", surveillance: "110111", tanker: "110109", transport: "110107", escort: "110131",
  support: "110113", medevac: "110101" };
export const KINDS = Object.keys(CODES);
const MOST_LABELS = 4_000;
const LABEL_FONT = "600 11px system-ui, sans-serif";
const LABEL_HEIGHT = 14;

/** What is drawn in place of a picture, and where its middle is, in CSS pixels. */
export class Symbols {
  #aircraft = new Map();
  #labels = new Map();
  #ratio = devicePixelRatio || 1;
  #ruler = document.createElement("canvas").getContext("2d");

  constructor(sides) {
    this.sides = sides;
    this.#ruler.font = LABEL_FONT;
  }

  /** Draws all of them anew, once they are wanted: the colours are others. */
  forget() {
    this.#aircraft.clear();
    this.#labels.clear();
  }

  /** The symbol for a kind of flight, of MIL-STD-2525E, in the frame of the side that answers for it. */
  aircraft(side, kind) {
    const name = `${side}/${kind}`;
    if (!this.#aircraft.has(name)) this.#aircraft.set(name, this.#draw(side, kind));
    return this.#aircraft.get(name);
  }

  #draw(side, kind) {
    const code = `100${this.sides.code(side)}010000${CODES[kind] ?? "110100"}0000`;
    const frame = this.sides.frame(side);
    if (OUTLINES[frame]) return this.#drawFramed(code, frame);
    const halo = { outlineWidth: 5, outlineColor: theme.colour("map-halo") };
    const symbol = new MilitarySymbol(code, { size: SIZE, colorMode: colours(), ...halo });
    const { x, y } = symbol.getAnchor();
    const { width, height } = symbol.getSize();
    return { canvas: symbol.asCanvas(this.#ratio), x, y, width, height };
  }

  /** The same symbol in a frame that the standard does not have. */
  #drawFramed(code, frame) {
    const icon = new MilitarySymbol(code, { size: SIZE, frame: false, fill: false, monoColor: "#000000" });
    const edge = FRAME_WIDTH + HALO_WIDTH;
    const side = 2 * (REACH * 1.05 + edge);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [side * this.#ratio, side * this.#ratio].map(Math.ceil);
    const context = canvas.getContext("2d");
    context.scale(this.#ratio, this.#ratio);
    context.translate(side / 2, side / 2);
    OUTLINES[frame].forEach(([x, y], n) => context[n ? "lineTo" : "moveTo"](x * REACH, y * REACH));
    context.closePath();
    Object.assign(context, { lineJoin: "round", lineWidth: 2 * edge, strokeStyle: theme.colour("map-halo") });
    context.stroke();
    Object.assign(context, { lineWidth: FRAME_WIDTH, strokeStyle: "#000000", fillStyle: theme.colour(`fill-${frame}`) });
    context.fill();
    context.stroke();
    const { x, y } = icon.getAnchor();
    const { width, height } = icon.getSize();
    context.drawImage(icon.asCanvas(this.#ratio), -x, -y, width, height);
    return { canvas, x: side / 2, y: side / 2, width: side, height: side };
  }

  label(text, colour) {
    const name = `${colour}/${text}`;
    let label = this.#labels.get(name);
    if (!label) {
      if (this.#labels.size >= MOST_LABELS) this.#labels.clear();
      this.#labels.set(name, (label = this.#write(text, colour)));
    }
    return label;
  }

  #write(text, colour) {
    const width = Math.ceil(this.#ruler.measureText(text).width) + 6;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * this.#ratio, LABEL_HEIGHT * this.#ratio];
    const context = canvas.getContext("2d");
    context.scale(this.#ratio, this.#ratio);
    Object.assign(context, { font: LABEL_FONT, textBaseline: "middle", lineJoin: "round", lineWidth: 3,
      strokeStyle: theme.colour("map-halo") });
    context.fillStyle = `${theme.colour("map-halo")}b8`; // what lies below stays seen, but does not disturb
    context.fillRect(1, 0, width - 2, LABEL_HEIGHT);
    context.fillStyle = theme.colour(colour);
    context.strokeText(text, 3, LABEL_HEIGHT / 2);
    context.fillText(text, 3, LABEL_HEIGHT / 2);
    return { canvas, width, height: LABEL_HEIGHT };
  }

  /** A symbol as a picture for the legend. */
  picture(side, kind) {
    const { canvas, width, height } = this.#draw(side, kind);
    canvas.style.setProperty("width", `${width}px`);
    canvas.style.setProperty("height", `${height}px`);
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  }
}

/** Fills by identity. There is none for "hostile": no party is ever given that frame. */
function colours() {
  const [friend, neutral, unknown] = ["friend", "neutral", "unknown"].map((frame) => theme.colour(`fill-${frame}`));
  return { Friend: friend, Neutral: neutral, Unknown: unknown, Civilian: unknown, Hostile: unknown, Suspect: unknown };
}
