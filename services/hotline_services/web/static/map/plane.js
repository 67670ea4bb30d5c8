// The map's plane (spherical Mercator, metres at the equator), and the shapes of the protocol in it.

const EARTH_M = 6_378_137;
export const NM_M = 1_852;
const RAD = Math.PI / 180;
const LONGEST_CHORD = 0.005; // of the Earth's radius: about 32 km, on which a great circle strays 15 m from straight
const CORNERS = 48;

export function toPlane([lon, lat]) {
  return [lon * RAD * EARTH_M, Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2)) * EARTH_M];
}

export function toPosition([x, y]) {
  return [x / EARTH_M / RAD, (2 * Math.atan(Math.exp(y / EARTH_M)) - Math.PI / 2) / RAD];
}

/** How much longer things are on this plane at this latitude than on the ground. */
export function stretch(lat) {
  return 1 / Math.cos(lat * RAD);
}

/** Nautical miles between two positions. */
export function distanceNm([lonA, latA], [lonB, latB]) {
  const [east, north] = [Math.sin(((lonB - lonA) * RAD) / 2), Math.sin(((latB - latA) * RAD) / 2)];
  const share = north * north + Math.cos(latA * RAD) * Math.cos(latB * RAD) * east * east;
  return (2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(share)))) / NM_M;
}

/** The share of the way from one position to another, along the great circle. */
function between([lonA, latA], [lonB, latB], share) {
  const [a, b] = [unit(lonA, latA), unit(lonB, latB)];
  const angle = Math.acos(Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
  if (angle < 1e-9) return [lonA, latA];
  const [p, q] = [Math.sin((1 - share) * angle), Math.sin(share * angle)];
  const [x, y, z] = a.map((value, axis) => p * value + q * b[axis]);
  return [Math.atan2(y, x) / RAD, Math.atan2(z, Math.hypot(x, y)) / RAD];
}

function unit(lon, lat) {
  return [Math.cos(lat * RAD) * Math.cos(lon * RAD), Math.cos(lat * RAD) * Math.sin(lon * RAD), Math.sin(lat * RAD)];
}

/** Where one has to pass so that straight lines on the plane follow the great circle: shares of the way, with 1 last. */
export function steps(from, to) {
  const parts = Math.max(1, Math.ceil((distanceNm(from, to) * NM_M) / EARTH_M / LONGEST_CHORD));
  return Array.from({ length: parts }, (_, part) => {
    const share = (part + 1) / parts;
    return [share, share === 1 ? to : between(from, to, share)];
  });
}

/** The outline of an area: a closed ring of points of the plane. */
export function outline(area) {
  if (area.shape === "polygon") return closed(area.vertices.map(toPlane));
  if (area.shape === "circle") return round(toPlane(area.centre), area.radius_nm * NM_M * stretch(area.centre[1]));
  return corridor(area.route, area.half_width_nm);
}

function closed(points) {
  const [first, last] = [points[0], points.at(-1)];
  return first[0] === last[0] && first[1] === last[1] ? points : [...points, first];
}

function round([x, y], radius) {
  return closed(Array.from({ length: CORNERS }, (_, corner) => {
    const angle = (corner / CORNERS) * 2 * Math.PI;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  }));
}

/** All legs in one, with round ends and bends: there along the right side of the route, and back along the other. */
function corridor(route, halfWidthNm) {
  const points = route.map((at) => ({ at: toPlane(at), radius: halfWidthNm * NM_M * stretch(at[1]) }));
  const along = points.filter(({ at: [x, y] }, place) => !place || Math.hypot(x - points[place - 1].at[0], y - points[place - 1].at[1]) > 0);
  return closed([...side(along), ...side([...along].reverse())]);
}

/** The right side of a route, with half a circle about its end. */
function side(points) {
  const courses = points.slice(1).map(({ at }, leg) => courseOf(points[leg].at, at));
  const corners = courses.slice(1).flatMap((course, leg) => bend(points, leg + 1, courses[leg], course));
  const last = courses.at(-1) ?? 0;
  return [beside(points[0], courses[0] ?? 0), ...corners, ...arc(points.at(-1), last, last + Math.PI)];
}

/** Where one turns to the left the right side is an arc; else both legs' sides are cut where they meet. */
function bend(points, place, before, after) {
  const turn = Math.atan2(Math.sin(after - before), Math.cos(after - before));
  const point = points[place];
  if (turn >= 0) return arc(point, before, before + turn);
  const [reach, legs] = [point.radius * Math.tan(-turn / 2), [points[place - 1], points[place + 1]]];
  const isRoom = legs.every(({ at: [x, y] }) => Math.hypot(x - point.at[0], y - point.at[1]) > reach);
  if (!isRoom) return [beside(point, before), point.at, beside(point, after)]; // by way of the bend itself: all stays covered
  const [x, y] = beside(point, before);
  return [[x - reach * Math.cos(before), y - reach * Math.sin(before)]];
}

function courseOf([x1, y1], [x2, y2]) {
  return Math.atan2(y2 - y1, x2 - x1);
}

/** The point to the right of another, for who goes on this course. */
function beside({ at: [x, y], radius }, course) {
  return [x + radius * Math.sin(course), y - radius * Math.cos(course)];
}

function arc(point, from, to) {
  const parts = Math.max(1, Math.ceil(((to - from) / (2 * Math.PI)) * CORNERS));
  return Array.from({ length: parts + 1 }, (_, part) => beside(point, from + ((to - from) * part) / parts));
}
