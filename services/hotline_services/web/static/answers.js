// What the server works out of all that it has, as of the time shown.

const ASK_MS = 2_000;

/** The newest answer to one question. It is asked at most every other second, and again when it was not answered. */
export class Answer {
  #askedFor = "";
  #askedAt = -Infinity;
  #turn = 0;
  #answered = 0;

  /** Counts the answers. */
  version = 0;

  /** `ask()` promises an answer, and `take(answer)` is given each that is newer than the one before. */
  constructor(ask, take) {
    Object.assign(this, { ask, take });
  }

  /** Asks, if `state` is another than it was asked for last. */
  async refresh(state) {
    if (state === this.#askedFor || performance.now() - this.#askedAt < ASK_MS) return;
    [this.#askedFor, this.#askedAt] = [state, performance.now()];
    const turn = (this.#turn += 1);
    try {
      const answer = await this.ask();
      if (turn < this.#answered) return;
      this.#answered = turn;
      this.take(answer);
      this.version += 1;
    } catch {
      if (turn === this.#turn) this.#askedFor = "";
    }
  }

  /** The next question need not wait: what is shown is of another time. */
  hasten() {
    this.#askedAt = -Infinity;
  }
}
