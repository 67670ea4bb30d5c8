// Where each aircraft is at the page's time: on the path that was told of it, or from where it was last seen.

import { instant } from "../format.js";
import { steps, stretch, toPlane } from "./plane.js";

const KNOT_M_S = 1_852 / 3_600;
const SEEN_FOR_MS = 15_000; // of real time: what has not been seen for longer is not drawn

/** A flight on a known path: its times and places in arrays, so that a frame costs a comparison and a line. */
class OnPath {
  #times = [];
  #xs = [];
  #ys = [];
  #feet = [];
  #leg = 0;

  constructor(row) {
    Object.assign(this, described(row));
    this.ends = instant(row.ended_at);
    this.about = row.plan_id;
    const start = instant(row.path_at);
    row.path.forEach(([after, lon, lat, feet], index) => {
      const before = row.path[index - 1];
      const way = before ? steps([before[1], before[2]], [lon, lat]) : [[1, [lon, lat]]];
      for (const [share, place] of way) this.#fix(start, before, after, feet, share, place);
    });
  }

  #fix(start, before, after, feet, share, place) {
    const [x, y] = toPlane(place);
    const from = before ?? [after, 0, 0, feet];
    this.#times.push(start + (from[0] + (after - from[0]) * share) * 1_000);
    this.#feet.push(from[3] + (feet - from[3]) * share);
    this.#xs.push(x);
    this.#ys.push(y);
  }

  /** Sets x, y, feet, east and north (the way it goes); false when it is not in the air. */
  move(at) {
    const times = this.#times;
    const last = times.length - 1;
    if (last < 1 || !(at >= times[0] && at <= times[last]) || at > this.ends) return false;
    if (at < times[this.#leg]) this.#leg = 0;
    while (this.#leg < last - 1 && times[this.#leg + 1] <= at) this.#leg += 1;
    const leg = this.#leg;
    const span = times[leg + 1] - times[leg];
    const share = span > 0 ? (at - times[leg]) / span : 0;
    [this.east, this.north] = [this.#xs[leg + 1] - this.#xs[leg], this.#ys[leg + 1] - this.#ys[leg]];
    this.x = this.#xs[leg] + this.east * share;
    this.y = this.#ys[leg] + this.north * share;
    this.feet = this.#feet[leg] + (this.#feet[leg + 1] - this.#feet[leg]) * share;
    this.perSecond = span > 0 ? (Math.hypot(this.east, this.north) / span) * 1_000 : 0;
    this.climbing = Math.sign(Math.round((this.#feet[leg + 1] - this.#feet[leg]) / 100));
    return true;
  }
}

/** A flight that is only seen: moved on by its speed until it is seen again. */
class Seen {
  see([side, operator, planId, callsign, kind, lon, lat, feet, speed, track, climb, conforming], at, real) {
    Object.assign(this, described({ side: side ?? "", operator, callsign, kind, conforming }));
    [this.fromX, this.fromY] = toPlane([lon, lat]);
    this.perSecond = speed * KNOT_M_S * stretch(lat);
    this.east = Math.sin((track * Math.PI) / 180);
    this.north = Math.cos((track * Math.PI) / 180);
    Object.assign(this, { about: planId, fromFeet: feet, climb, climbing: Math.sign(Math.round(climb / 200)), at, real });
    return this;
  }

  move(at, real) {
    if (real - this.real > SEEN_FOR_MS) return false;
    const seconds = Math.max(0, (at - this.at) / 1_000);
    this.x = this.fromX + this.east * this.perSecond * seconds;
    this.y = this.fromY + this.north * this.perSecond * seconds;
    this.feet = this.fromFeet + (this.climb * seconds) / 60;
    return true;
  }
}

function described({ side, operator, callsign, kind, conforming }) {
  return { side, operator, callsign, kind: kind ?? "patrol", conforming };
}

/** All flights of one source. */
export class Flights {
  #onPath = new Map();
  #rows = new Map();
  #seen = new Map();

  /** Another number once any of them is known to be elsewhere. */
  version = 0;

  /** Takes the rows of the table `airborne`; a path that has not changed is not prepared again. */
  update(rows) {
    this.version += 1;
    for (const key of this.#rows.keys()) if (!rows.has(key)) this.#drop(key);
    for (const [key, row] of rows) {
      if (this.#rows.get(key) === row) continue;
      this.#rows.set(key, row);
      if (row.path.length) this.#onPath.set(key, new OnPath(row));
    }
  }

  #drop(key) {
    this.#rows.delete(key);
    this.#onPath.delete(key);
  }

  see({ time, tracks }, real) {
    const at = instant(time);
    const now = new Map();
    for (const track of tracks) {
      const key = `${track[0] || track[1]}/${track[2]}`;
      now.set(key, (this.#seen.get(key) ?? new Seen()).see(track, at, real));
    }
    this.#seen = now;
    this.version += 1;
  }

  forgetSeen() {
    this.#seen.clear();
    this.version += 1;
  }

  /** Those that are in the air at this time, moved to where they are then. */
  *aloft(at, real = performance.now()) {
    for (const flight of this.#onPath.values()) if (flight.move(at)) yield flight;
    for (const [key, flight] of this.#seen) if (!this.#onPath.has(key) && flight.move(at, real)) yield flight;
  }
}
