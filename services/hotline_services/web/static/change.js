// Changing a plan that is known: the fields write the text of the change, which is submitted as a plan is.

import { choice, h } from "./dom.js";
import { plain } from "./format.js";
import { overStates, Priority } from "./protocol.js";
import { words } from "./words.js";

const said = words.change;

export class Change {
  #offered = "";

  /** `write` takes the text of the change; `to` tells whose plans they are. */
  constructor(watch, to, write) {
    Object.assign(this, { watch, to, write });
    const number = (step) => h("input", { type: "number", step, oninput: () => this.#write() });
    const field = (name, input) => h("label", {}, said[name], input);
    this.plan = choice(said.plan, [["", said.none]], () => this.#write());
    [this.shift, this.lower, this.upper] = [number("5"), number("500"), number("500")];
    this.priority = choice(said.priority, ["", ...Object.values(Priority)].map((value) => [value, value ? plain(value) : said.same]), () => this.#write());
    this.element = h("details", { class: "change" }, h("summary", {}, said.name), h("p", { class: "quiet" }, said.hint),
      h("div", { class: "fields" }, field("plan", this.plan), field("shift", this.shift), field("lower", this.lower),
        field("upper", this.upper), field("priority", this.priority)));
  }

  /** The plans that the party has now and that are not over. */
  draw() {
    const rows = this.watch.store.rows("plans").filter((row) => row.party === this.to() && row.state && !overStates.has(row.state));
    const offered = JSON.stringify(rows.map((row) => [row.plan_id, row.callsign]));
    if (offered === this.#offered) return;
    this.#offered = offered;
    const chosen = this.plan.value;
    this.plan.replaceChildren(h("option", { value: "" }, said.none),
      ...rows.map((row) => h("option", { value: row.plan_id }, row.callsign && row.callsign !== row.plan_id ? `${row.callsign} (${row.plan_id})` : row.plan_id)));
    this.plan.value = rows.some((row) => row.plan_id === chosen) ? chosen : "";
  }

  #write() {
    const change = { type: "change-plan", plan_id: this.plan.value };
    const numbers = { shift_min: this.shift, lower_ft: this.lower, upper_ft: this.upper };
    for (const [name, input] of Object.entries(numbers)) if (input.value !== "" && Number(input.value)) change[name] = Number(input.value);
    if (this.priority.value) change.priority = this.priority.value;
    this.write(this.plan.value && Object.keys(change).length > 2 ? JSON.stringify(change, null, 1) : "");
  }
}
