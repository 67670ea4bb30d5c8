// How a level of tension falls between two steps. Each step says it itself: nothing of the law's figures stands here.

import { instant } from "./format.js";

const HOUR_MS = 3_600_000;
const JUST_BEFORE_MS = 1;

/** A step as a point: [ms, level, stage, level just before, decay]. `decay` is null where the program that ran did not say. */
export function pointOf(at, level, stage, before, decay) {
  return [instant(at), level, stage ?? "", before ?? level, decay ?? null];
}

/** The level at `ms`, which is not before `point`, nor after the point `next`, if there is one. */
export function levelAt([since, level, , , decay], ms, next = null) {
  if (decay?.half_life_h) {
    const floor = decay.floor ?? 0;
    return floor + (level - floor) * 0.5 ** (Math.max(0, ms - since) / HOUR_MS / decay.half_life_h);
  }
  if (decay) return decay.falls?.findLast(({ at }) => instant(at) <= ms)?.level ?? level;
  return next ? level + ((next[3] - level) * (ms - since)) / (next[0] - since) : level;
}

/** The level at `ms` in words: of `stages` the one that it has come to by then, as far as the step tells. */
export function stageAt(point, ms, stages) {
  const [, , stage, , decay] = point;
  if (!decay) return stage;
  const level = Math.round(levelAt(point, ms) * 100) / 100;
  return stages[decay.stages.filter((least) => level >= least).length];
}

/** Times (ms) and for each list of points its levels at these times: smooth in `samples`, upright at each step. */
export function curves(lines, now, samples) {
  const known = lines.map((points) => points.filter(([at]) => at <= now));
  const first = Math.min(now, ...known.filter((points) => points.length).map(([[at]]) => at));
  const times = new Set([now]);
  for (let n = 0; n < samples; n += 1) times.add(Math.round(first + ((now - first) * n) / samples));
  for (const points of known) for (const at of points.flatMap(turns)) if (at <= now) times.add(at - JUST_BEFORE_MS).add(at);
  const ordered = [...times].sort((one, other) => one - other);
  return [ordered, ...known.map((points) => levels(points, ordered))];
}

/** When the line through this point turns: at the point, and where its level falls all at once. */
function turns([at, , , , decay]) {
  return [at, ...(decay?.falls ?? []).map((fall) => instant(fall.at))];
}

function levels(points, times) {
  let next = 0;
  return times.map((ms) => {
    while (next < points.length && points[next][0] <= ms) next += 1;
    if (next) return levelAt(points[next - 1], ms, points[next]);
    return points.length && ms >= points[0][0] - JUST_BEFORE_MS ? points[0][3] : null;
  });
}
