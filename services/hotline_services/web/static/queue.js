// What is to be talked about: plans that are being negotiated, or are to be as soon as the officers talk.

import { button, h } from "./dom.js";
import { air, clockTime } from "./format.js";
import { Keyed } from "./listing.js";
import { PlanState } from "./protocol.js";
import { words } from "./words.js";

const MOST = 30;

export class Queue {
  constructor(watch, ask) {
    Object.assign(this, { watch, ask });
    this.count = h("span", { class: "quiet" });
    this.list = h("ul", {});
    this.items = new Keyed(this.list, (waiting) => this.#item(waiting), { key: ({ plan }) => plan.key });
    this.element = h("section", { class: "queue", "aria-label": words.queue.name, tabindex: "0" }, h("h3", { title: words.queue.why }, words.queue.name, " ", this.count), this.list);
  }

  stale() {
    return this.watch.store.version("plans", "negotiations", "calls", "offers");
  }

  draw() {
    const waiting = waitingPlans(this.watch.store);
    const count = isQuiet(this.watch.store) ? words.queue.gathered(waiting.length) : String(waiting.length);
    this.count.textContent = waiting.length ? count : words.queue.none;
    this.items.show(waiting.slice(0, MOST));
  }

  #item({ plan, inCall, volumes }) {
    return h("li", {}, this.watch.sides.tag(plan.party), button(plan.callsign, () => this.ask(`plan:${plan.plan_id}`), { class: "opener" }),
      volumes.length ? h("span", { class: "nowrap" }, air(volumes)) : null,
      inCall ? h("strong", { class: "nowrap" }, words.queue.inCall)
        : h("span", { class: "quiet nowrap push" }, `${words.queue.waits} ${clockTime(plan.first_at)}`));
  }
}

const callsGoingOn = (store) => store.rows("calls").filter((call) => call.rang_at && !call.ended_at);

/** Whether nobody talks: what waits then does not wait for the line. */
const isQuiet = (store) => callsGoingOn(store).length === 0;

/** Plans that are not settled, those that are being talked about first, then the oldest. */
export function waitingPlans(store) {
  const going = new Set(callsGoingOn(store).map((call) => call.key));
  return store.rows("plans").filter((plan) => plan.state === PlanState.NEGOTIATING).map((plan) => {
    const negotiation = store.row("negotiations", plan.negotiation_id);
    const offer = store.row("offers", plan.negotiation_id);
    const inCall = Boolean(negotiation && !negotiation.ended_at && offer && going.has(offer.call_id) && !offer.closed);
    return { plan, inCall, volumes: offer?.volumes ?? [] };
  }).sort((one, other) => other.inCall - one.inCall || (one.plan.first_at < other.plan.first_at ? -1 : 1));
}
