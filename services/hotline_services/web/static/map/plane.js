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

/** Closed rings of points of the plane that together cover an area: a corridor has one for each of its legs. */
export function rings(area) {
  if (area.shape === "polygon") return [closed(area.vertices.map(toPlane))];
  if (area.shape === "circle") return [round(toPlane(area.centre), area.radius_nm * NM_M * stretch(area.centre[1]))];
  return area.route.slice(1).map((to, leg) => corridor([area.route[leg], to], area.half_width_nm));
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

/** One leg with round ends. */
function corridor([from, to], halfWidthNm) {
  const [a, b] = [toPlane(from), toPlane(to)];
  const radius = halfWidthNm * NM_M * stretch((from[1] + to[1]) / 2);
  const course = Math.atan2(b[1] - a[1], b[0] - a[0]);
  const half = (centre, turn) => Array.from({ length: CORNERS / 2 + 1 }, (_, corner) => {
    const angle = course + turn + (corner / (CORNERS / 2)) * Math.PI;
    return [centre[0] + radius * Math.cos(angle), centre[1] + radius * Math.sin(angle)];
  });
  return closed([...half(b, -Math.PI / 2), ...half(a, Math.PI / 2)]);
}
