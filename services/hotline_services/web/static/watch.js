// One source being watched: what is agreed in it, and its rows at the clock's time.
//
// At the head of a live source the server tells what happens and what time it is. Anywhere else the page's own clock
// runs, and the page asks what has changed up to its time.

import { Flights } from "./map/flights.js";
import { Sides } from "./sides.js";
import { Store } from "./store.js";
import { instant, iso } from "./format.js";

const NEVER = -1;

/** Emits `change` (rows), `picture` (all rows are others), `mode`, `link` (the connection) and `fault` (detail: why). */
export class Watch extends EventTarget {
  store = new Store();
  flights = new Flights();
  isAtHead = false;
  isLinked = true;
  marks = [];
  #stream = null;
  #heard = Promise.resolve();
  #turn = 0; // raised when another moment is wanted: what was asked for in an earlier turn comes too late
  #following = NEVER; // the turn in which the head is followed, and the one in which a time was gone to
  #going = NEVER;
  #asking = false;
  #wanted = null;
  #airborne = -1;
  #isTimed = false;

  constructor(source, clock) {
    super();
    Object.assign(this, { source, clock, setting: null, sides: null });
  }

  /** Learns what the source plays in. */
  async open() {
    this.setting = await this.source.setting();
    this.sides = new Sides(this.setting);
    this.marks = await this.source.marks();
  }

  /** From when until when there is something to see, in milliseconds; a live source goes on. */
  get extent() {
    const { start, end } = this.setting.source;
    return [instant(start), Math.max(instant(end) || -Infinity, this.isAtHead ? this.clock.now() : -Infinity, this.head ?? -Infinity)];
  }

  /** Watches what happens as it happens. */
  async follow() {
    if (this.#following === this.#turn) return; // there already, or on the way
    const turn = (this.#following = this.#turn += 1);
    this.#wanted = null;
    try {
      const picture = await this.source.picture({});
      if (turn === this.#turn) this.#arrive(picture, turn);
    } catch (fault) {
      if (turn === this.#turn) this.#following = NEVER;
      throw fault;
    }
  }

  #arrive(picture, turn) {
    this.#take(picture);
    this.isAtHead = true;
    this.#isTimed = Boolean(picture.clock);
    if (picture.clock) this.clock.read(picture.clock);
    else this.#timedBy(picture);
    this.#stream = this.source.stream(picture.epoch ? `${picture.epoch}:${picture.n}` : picture.n, picture.n, {
      change: (changes) => (this.#heard = this.#heard.then(() => this.#changed(changes, turn))),
      clock: (reading) => this.#timed(reading),
      tracks: (tracks) => this.flights.see(tracks, performance.now()),
      line: (isLinked) => this.#linked(isLinked),
    });
    this.#tell("mode");
  }

  /** Shows how things stood at a time. Of many calls while one is under way, only the last is met. */
  async goTo(at) {
    this.leaveHead();
    this.#going = this.#turn += 1;
    this.#wanted = at;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#wanted !== null) {
        const wanted = this.#wanted;
        this.#wanted = null;
        const picture = await this.source.picture({ at: iso(wanted) });
        if (this.#going === this.#turn) this.#takeOf(wanted, picture); // while one scrubs, those on the way are seen too
      }
    } catch (fault) {
      this.#fail(fault); // what is shown is not of the clock's time: the next advance mends that
    } finally {
      this.#asking = false;
    }
  }

  /** Stops following, or what is on the way to it: from here on time is the page's own. */
  leaveHead() {
    if (this.#following !== this.#turn) return;
    this.#turn += 1;
    if (this.isAtHead && this.clock.isSet) this.head = this.clock.now(); // readings of the clock come far apart
    this.#stream?.close();
    this.#stream = null;
    this.isAtHead = false;
    this.flights.forgetSeen();
    this.#tell("mode");
  }

  /** Catches up with the clock, or goes back to it; called a few times a second. */
  async advance() {
    if (this.isAtHead || this.#asking || !this.clock.isSet) return;
    this.#asking = true;
    const [turn, until] = [this.#turn, iso(this.clock.now())];
    try {
      const changes = await this.source.changes(this.store.n, until);
      const picture = changes.reset && turn === this.#turn ? await this.source.picture({ at: until }) : null;
      if (turn !== this.#turn) return;
      if (picture) this.#takeOf(instant(until), picture);
      else this.#apply(changes);
    } catch (fault) {
      this.#fail(fault);
    } finally {
      this.#asking = false;
      if (this.#wanted !== null) this.goTo(this.#wanted);
    }
  }

  /** The flights, prepared as of the newest rows. */
  get aircraft() {
    const version = this.store.version("airborne");
    if (version !== this.#airborne) {
      this.#airborne = version;
      this.flights.update(this.store.table("airborne"));
    }
    return this.flights;
  }

  close() {
    this.#turn += 1;
    this.#wanted = null;
    this.#stream?.close();
  }

  /** Without a clock to be heard, it is as late as what was last recorded. */
  #timedBy({ at }) {
    if (!at || this.#isTimed) return;
    this.clock.pause();
    this.clock.set(instant(at));
    this.head = instant(at);
  }

  #timed(reading) {
    this.#isTimed = true;
    this.clock.hear(reading);
    this.head = instant(reading.simulated);
  }

  /** One after the other, as they were said: a picture takes a while to come. */
  async #changed(changes, turn) {
    if (turn !== this.#turn) return;
    try {
      const picture = changes.reset || changes.after > this.store.n ? await this.source.picture({}) : null;
      if (turn !== this.#turn) return;
      if (picture) this.#take(picture);
      else this.#apply(changes);
      this.#timedBy(changes);
    } catch (fault) {
      this.#fail(fault);
    }
  }

  #take(picture) {
    this.store.replace(picture);
    this.#tell("picture");
    this.#tell("change");
  }

  /** What is forgotten meanwhile cannot be gone back to: a picture of later is the earliest that there still is. */
  #takeOf(wanted, picture) {
    const earliest = instant(picture.at);
    if (earliest > wanted) {
      this.setting.source.start = picture.at;
      this.clock.set(earliest);
    }
    this.#take(picture);
  }

  #apply(changes) {
    if (changes.n <= this.store.n) return;
    if (!this.setting.source.start) this.#learnStart();
    this.store.apply(changes);
    this.#tell("change");
  }

  /** Where nothing had been recorded yet when the page was opened. */
  async #learnStart() {
    const { source } = await this.source.setting().catch(() => this.setting);
    this.setting = { ...this.setting, source };
  }

  #linked(isLinked) {
    if (isLinked === this.isLinked) return;
    this.isLinked = isLinked;
    this.#tell("link");
  }

  #fail(fault) {
    this.dispatchEvent(new CustomEvent("fault", { detail: fault }));
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}
