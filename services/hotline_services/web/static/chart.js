// Charts, drawn by uPlot in the page's own colours.

import uPlot from "./vendor/uplot.js";
import { h } from "./dom.js";
import { clockTime, day } from "./format.js";
import { theme } from "./theme.js";

const FONT = "10.5px system-ui, sans-serif";
const DAY_S = 86_400;

/** A place for a chart of a height, and the plot in it. */
class Chart {
  plot = null;

  constructor(height) {
    this.height = height;
    this.element = h("div", { role: "img", "aria-label": "" });
  }

  /** A plot listens to the window: one that is no longer wanted has to be told. */
  close() {
    this.plot?.destroy();
    this.plot = null;
  }
}

/** Lines over time. */
export class LineChart extends Chart {
  /** `lines` are {label, ink, dash}; `times`, in ms, and for each line its `values` at these. */
  show(lines, [times, ...values], told) {
    this.element.setAttribute("aria-label", told);
    const width = this.element.clientWidth;
    if (!width) return;
    const data = [times.map((time) => time / 1_000), ...values];
    const shape = `${lines.map(({ label }) => label).join()}/${theme.isDark}`;
    if (!this.plot || this.shape !== shape) {
      this.shape = shape;
      this.close();
      this.plot = new uPlot(this.#options(lines, width), data, this.element);
    } else {
      if (this.plot.width !== width) this.plot.setSize({ width, height: this.height });
      this.plot.setData(data);
    }
  }

  #options(lines, width) {
    return {
      width, height: this.height, cursor: { show: false }, legend: { show: false }, padding: [8, 10, 0, 0],
      scales: { y: { range: (_, least, most) => [Math.min(0, least), Math.max(10, most * 1.1)] } },
      axes: [axis({ values: (_, ticks) => ticks.map(timeLabel), size: 24 }), axis({ size: 34 })],
      series: [{}, ...lines.map(({ label, ink, dash }) => ({ label, stroke: theme.colour(ink), width: 2, dash, points: { show: false } }))],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    };
  }
}

/** Columns side by side. */
export class ColumnChart extends Chart {
  show(names, values, told) {
    this.element.setAttribute("aria-label", told);
    const width = this.element.clientWidth;
    if (!width) return;
    this.close();
    const options = {
      width, height: this.height, cursor: { show: false }, legend: { show: false }, padding: [8, 10, 0, 0],
      scales: { x: { time: false, range: () => [-0.6, names.length - 0.4] }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
      axes: [axis({ values: (_, ticks) => ticks.map((tick) => names[tick] ?? ""), size: 24, splits: () => shown(names, width), grid: { show: false } }), axis({ size: 34 })],
      series: [{}, { stroke: theme.colour("accent"), fill: theme.colour("accent"), width: 0, paths: uPlot.paths.bars({ size: [0.7, 48] }), points: { show: false } }],
    };
    this.plot = new uPlot(options, [names.map((_, index) => index), values], this.element);
  }
}

function shown(names, width) {
  const every = Math.max(1, Math.ceil((names.length * 56) / width));
  return names.map((_, index) => index).filter((index) => index % every === 0);
}

function axis(options) {
  const ink = () => theme.colour("ink-3");
  const grid = { stroke: () => theme.colour("rule"), width: 1 };
  return { font: FONT, stroke: ink, grid, ticks: { show: false }, gap: 4, ...options };
}

/** Midnight is named by its day, any other time by its hour. */
function timeLabel(tick) {
  return tick % DAY_S === 0 ? day(tick * 1_000).slice(0, 6) : clockTime(tick * 1_000).slice(0, 4);
}
