// Simulated time as the page has it: it runs at `speed` simulated seconds in a real one, or stands still.

const SLOWEST = 1;
const FASTEST = 1_000;
const LATE_MS = 2_000;

/** Emits `set` when it is put elsewhere, and `pace` when it starts, stops or changes speed. */
export class Clock extends EventTarget {
  #at = NaN;
  #since = 0;
  #speed = 60;
  #running = false;

  /** Simulated time now, in milliseconds since 1970. */
  now(real = performance.now()) {
    return this.#running ? this.#at + (real - this.#since) * this.#speed : this.#at;
  }

  get isSet() {
    return !Number.isNaN(this.#at);
  }

  get speed() {
    return this.#speed;
  }

  get running() {
    return this.#running;
  }

  /** How many simulated seconds pass in a real one at this moment. */
  get rate() {
    return this.#running ? this.#speed : 0;
  }

  set(at) {
    this.#at = at;
    this.#since = performance.now();
    this.dispatchEvent(new Event("set"));
  }

  run() {
    this.#pace(true, this.#speed);
  }

  pause() {
    this.#pace(false, this.#speed);
  }

  setSpeed(speed) {
    this.#pace(this.#running, Math.min(Math.max(speed, SLOWEST), FASTEST));
  }

  /** What the server's clock says. Its speed is 0 when time stands still. */
  read({ simulated, speed }) {
    this.#at = Date.parse(simulated);
    this.#since = performance.now();
    this.#pace(speed > 0, speed || this.#speed);
  }

  /** The same, told while it is followed. What is a moment behind was late on its way: time does not run backwards. */
  hear({ simulated, speed }) {
    const behind = this.now() - Date.parse(simulated);
    if (this.rate === speed && behind >= 0 && behind < LATE_MS * speed) return;
    this.read({ simulated, speed });
  }

  #pace(running, speed) {
    const [now, changed] = [this.now(), running !== this.#running || speed !== this.#speed];
    [this.#at, this.#since] = [now, performance.now()];
    [this.#running, this.#speed] = [running, speed];
    if (changed) this.dispatchEvent(new Event("pace"));
  }
}
