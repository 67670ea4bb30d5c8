// One source being watched: what is agreed in it, and its rows at the clock's time.
//
// At the head of a live source the server tells what happens and what time it is. Anywhere else the page's own clock
// runs, and the page asks what has changed up to its time.

import { Flights } from "./map/flights.js";
import { Sides } from "./sides.js";
import { Store } from "./store.js";
import { instant, iso } from "./format.js";

/** Emits `change` (rows), `picture` (all rows are others), `mode`, `link` (the connection) and `fault` (detail: why). */
export class Watch extends EventTarget {
  store = new Store();
  flights = new Flights();
  isAtHead = false;
  isLinked = true;
  marks = [];
  #stream = null;
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
    const picture = await this.source.picture({});
    this.#take(picture);
    this.isAtHead = true;
    this.#isTimed = Boolean(picture.clock);
    if (picture.clock) this.clock.read(picture.clock);
    else this.#timedBy(picture);
    this.#stream?.close();
    this.#stream = this.source.stream(picture.epoch ? `${picture.epoch}:${picture.n}` : picture.n, picture.n, {
      change: (changes) => this.#changed(changes),
      clock: (reading) => this.#timed(reading),
      tracks: (tracks) => this.flights.see(tracks, performance.now()),
      line: (isLinked) => this.#linked(isLinked),
    });
    this.#tell("mode");
  }

  /** Shows how things stood at a time. Of many calls while one is under way, only the last is met. */
  async goTo(at) {
    this.leaveHead();
    this.#wanted = at;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#wanted !== null) {
        const wanted = this.#wanted;
        this.#wanted = null;
        this.#take(await this.source.picture({ at: iso(wanted) }));
      }
    } catch (fault) {
      this.#fail(fault);
    } finally {
      this.#asking = false;
    }
  }

  /** Stops following: from here on time is the page's own. */
  leaveHead() {
    if (!this.isAtHead) return;
    this.#stream.close();
    this.#stream = null;
    this.isAtHead = false;
    this.flights.forgetSeen();
    this.#tell("mode");
  }

  /** Catches up with the clock; called a few times a second while it runs. */
  async advance() {
    if (this.isAtHead || this.#asking || !this.clock.isSet) return;
    this.#asking = true;
    try {
      const until = iso(this.clock.now());
      let changes;
      do {
        changes = await this.source.changes(this.store.n, until);
        if (this.#wanted !== null) break;
        if (changes.reset) this.#take(await this.source.picture({ at: until }));
        else this.#apply(changes);
      } while (changes.more && !changes.reset);
    } catch (fault) {
      this.#fail(fault);
    } finally {
      this.#asking = false;
    }
    if (this.#wanted !== null) await this.goTo(this.#wanted);
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
    this.clock.read(reading);
    this.head = instant(reading.simulated);
  }

  async #changed(changes) {
    try {
      if (changes.reset || changes.after > this.store.n) this.#take(await this.source.picture({}));
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

  #apply(changes) {
    if (changes.n === this.store.n) return;
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
