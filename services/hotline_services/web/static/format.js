// Times, heights and lengths as a duty officer writes them (the same rules as the duty log's).

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const TRANSITION_FT = 10_000;
const two = (number) => String(number).padStart(2, "0");

/** A message's time in milliseconds since 1970; NaN for none. */
export function instant(text) {
  return text ? Date.parse(text) : NaN;
}

/** Where the month is clear: `18 1643Z`. */
export function dayTime(at) {
  return dateTimeGroup(at).slice(0, 8);
}

/** Full ISO 8601 in UTC, to the second. */
export function iso(ms) {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** `1643Z` */
export function clockTime(at) {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "" : `${two(time.getUTCHours())}${two(time.getUTCMinutes())}Z`;
}

/** `16:43:20` */
export function timeOfDay(at) {
  return Number.isNaN(at) ? "--:--:--" : new Date(at).toISOString().slice(11, 19);
}

/** `18 JUN 2017` */
export function day(at) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  return `${two(time.getUTCDate())} ${MONTHS[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
}

/** Day, hour and minute in UTC, and month: `18 1643Z JUN`. */
export function dateTimeGroup(at) {
  const time = new Date(at);
  if (!at || Number.isNaN(time.getTime())) return "";
  return `${two(time.getUTCDate())} ${clockTime(time)} ${MONTHS[time.getUTCMonth()]}`;
}

/** `FL240` from 10,000 ft up where it is a round level, else `6,500 ft`. */
export function height(feet) {
  const round = feet >= TRANSITION_FT && feet % 100 === 0;
  return round ? `FL${String(feet / 100).padStart(3, "0")}` : `${Math.round(feet).toLocaleString("en")} ft`;
}

/** `FL240-260` */
export function heights(lower, upper) {
  const top = height(upper);
  return `${height(lower)}–${lower >= TRANSITION_FT ? top.replace(/^FL/, "") : top}`;
}

/** An aircraft's height to the nearest level: `FL241`, `A065`. */
export function level(feet) {
  return `${feet >= TRANSITION_FT ? "FL" : "A"}${String(Math.max(0, Math.round(feet / 100))).padStart(3, "0")}`;
}

/** `8 s`, `3 min 20 s`, `2 h 5 min`; empty for none. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "";
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  const minutes = Math.floor((whole % 3_600) / 60);
  return `${Math.floor(whole / 3_600)} h${minutes ? ` ${minutes} min` : ""}`;
}

/** In a column: `0:08`, `3:20`, `2:05:00`; empty for none. */
export function lasted(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.max(Math.round(seconds), 0);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60)];
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

/** Minutes and seconds that are counting down: `1:05`. */
export function countdown(seconds) {
  const whole = Math.max(Math.ceil(seconds), 0);
  return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** A name of the protocol as words: `short-notice` is `short notice`. */
export function plain(name) {
  return (name ?? "").replaceAll("-", " ");
}

/** `1700Z–1800Z` */
export function hours(start, end) {
  return `${clockTime(start)}–${clockTime(end)}`;
}

/** Heights and times that these volumes span: `FL240–260 · 1700Z–1800Z`; empty for none. */
export function air(volumes) {
  if (!volumes?.length) return "";
  const lower = Math.min(...volumes.map((volume) => volume.lower_ft));
  const upper = Math.max(...volumes.map((volume) => volume.upper_ft));
  return `${heights(lower, upper)} · ${hours(...span(volumes))}`;
}

/** From when until when these volumes are used, in milliseconds. */
export function span(volumes) {
  const starts = volumes.map((volume) => instant(volume.start));
  const ends = volumes.map((volume) => instant(volume.end));
  return [Math.min(...starts), Math.max(...ends)];
}
