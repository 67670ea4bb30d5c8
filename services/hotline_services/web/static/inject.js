// Injecting a plan: draw it or paste it, see at once what it would meet, submit it, and follow what becomes of it.
//
// The text is what counts: drawing and the fields only write it, and it is what is checked and submitted.

import { Change } from "./change.js";
import { button, choice, h, say } from "./dom.js";
import { air, iso, plain } from "./format.js";
import { Keyed } from "./listing.js";
import { DrawnArea } from "./map/drawing.js";
import { versionsOf } from "./plans.js";
import { KINDS } from "./map/symbols.js";
import { PlanState, Priority } from "./protocol.js";
import { shortName } from "./sides.js";
import { check, inject, token } from "./source.js";
import { words } from "./words.js";

const CHECK_MS = 400;
const said = words.inject;
let numbered = 0;

export class Injection {
  #timer = 0;
  #turn = 0;
  #area = null;
  #sent = [];
  #awaited = [];
  #checked = new Map(); // callsigns of what was checked last, by plan

  constructor(watch, map, ask, goLive, showPane) {
    Object.assign(this, { watch, map, ask, showPane });
    this.drawing = new DrawnArea(map, (area) => this.#drawn(area));
    this.past = h("div", { class: "findings" }, h("p", {}, said.past), watch.source.isLive ? h("p", {}, button(said.goLive, goLive, { class: "main" })) : null);
    this.findings = h("div", { class: "findings checked", role: "status", "aria-live": "polite" });
    this.form = this.#form();
    const followed = h("div", { class: "findings" });
    this.followed = new Keyed(followed, (one) => this.#follow(one), { key: keyOf });
    this.following = h("h3", { hidden: true }, said.following);
    this.fate = h("section", {}, this.following, followed);
    this.element = h("div", { class: "inject" }, this.past, this.form, this.fate);
  }

  #form() {
    const { sides } = this.watch;
    const field = (name, input) => h("label", {}, said[name], input);
    const number = (value, step) => h("input", { type: "number", value, step, min: "0", oninput: () => this.#write() });
    const select = (name, values) => choice(said[name], values.map((value) => [value, plain(value)]), () => this.#write());
    this.to = choice(said.to, sides.parties.map((party) => [party, shortName(party)]), () => (this.#write(), this.change.draw(), this.#checkSoon()));
    this.callsign = h("input", { type: "text", value: "DRAWN1", maxlength: "7", pattern: "[A-Z0-9]{2,7}", oninput: () => this.#write() });
    [this.kind, this.priority] = [select("kind", KINDS), select("priority", Object.values(Priority))];
    [this.lower, this.upper] = [number("22000", "500"), number("26000", "500")];
    [this.start, this.length, this.halfWidth] = [number("90", "5"), number("60", "5"), number("4", "0.5")];
    this.remarks = h("input", { type: "text", maxlength: "500", oninput: () => this.#write() });
    this.text = h("textarea", { spellcheck: "false", placeholder: said.noText, oninput: () => this.#edited() });
    this.hint = h("span", { class: "quiet", role: "status" });
    this.token = h("input", { type: "password", autocomplete: "off", value: token.get(), oninput: () => this.#tokenSet() });
    this.submit = button(said.submit, () => this.#submit(), { class: "main" });
    const shapes = Object.entries(said.shapes).map(([shape, name]) => button(name, () => this.#draw(shape)));
    this.change = new Change(this.watch, () => this.to.value, (text) => this.#changed(text));
    this.width = field("halfWidth", this.halfWidth);
    this.width.hidden = true;
    return h("div", { class: "inject-form" },
      h("div", { class: "row" }, h("label", {}, `${said.to} `, this.to), h("span", { class: "quiet" }, said.draw), shapes,
        button(said.example, () => this.#example())),
      this.hint,
      h("div", { class: "fields" }, field("callsign", this.callsign), field("kind", this.kind), field("priority", this.priority),
        field("remarks", this.remarks), field("lower", this.lower), field("upper", this.upper), field("start", this.start),
        field("length", this.length), this.width),
      this.change.element,
      this.findings,
      h("label", { class: "text" }, said.text, this.text),
      h("div", { class: "row" }, h("label", { title: said.tokenHint }, `${said.token} `, this.token), this.submit, h("span", { class: "quiet" }, said.tokenHint)));
  }

  #tokenSet() {
    token.set(this.token.value.trim());
  }

  // --- drawing ---

  #draw(shape) {
    say(this.hint, said.drawing[shape]);
    this.width.hidden = shape !== "corridor";
    this.map.showTable(false);
    this.map.tell(said.drawing[shape], said.cancel, () => this.#cancel());
    this.showPane("map"); // on a phone the map is another part of the page
    this.drawing.start(shape, () => Number(this.halfWidth.value) || 4);
  }

  stopDrawing() {
    this.drawing.stop();
    this.map.tell("");
    say(this.hint, "");
  }

  #cancel() {
    this.stopDrawing();
    this.showPane("lists");
  }

  #drawn(area) {
    this.stopDrawing();
    this.showPane("lists");
    this.#area = area;
    this.planId = `page-${Date.now().toString(36)}-${(numbered += 1)}`;
    this.#write();
  }

  /** Writes the text anew from the fields, once there is an area. */
  #write() {
    if (!this.#area) return;
    const start = Math.ceil((this.watch.clock.now() + Number(this.start.value) * 60_000) / 60_000) * 60_000;
    const area = this.#area.shape === "corridor" ? { ...this.#area, half_width_nm: Number(this.halfWidth.value) || 4 } : this.#area;
    const plan = {
      plan_id: this.planId, callsign: this.callsign.value.toUpperCase(), kind: this.kind.value, priority: this.priority.value, area,
      lower_ft: Number(this.lower.value), upper_ft: Number(this.upper.value), start: iso(start),
      end: iso(start + Number(this.length.value) * 60_000), remarks: this.remarks.value,
    };
    this.text.value = JSON.stringify(plan, null, 1);
    this.#checkSoon();
  }

  /** The text is that of a change of a plan: the fields of a new one no longer write it. */
  #changed(text) {
    this.text.value = text;
    this.#edited();
  }

  /** From here on the text is somebody's own: the fields no longer write it. */
  #edited() {
    this.#area = null;
    this.#checkSoon();
  }

  /** An area in the middle of what the map shows: a start for who would rather type than draw. */
  #example() {
    this.#drawn({ shape: "circle", centre: this.drawing.centre, radius_nm: 6 });
  }

  // --- checking ---

  #checkSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#check(), CHECK_MS);
  }

  /** What was asked about the text is not told any more: something else is now. */
  #stopChecking() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  async #check() {
    const turn = (this.#turn += 1);
    if (!this.text.value.trim()) return this.#show([], []);
    try {
      const { plans, refused } = await check(this.to.value, this.text.value);
      if (turn === this.#turn) this.#show(plans, refused);
    } catch (fault) {
      if (turn === this.#turn) this.#show([], fault.problems?.length ? fault.problems : [{ field: "", reason: fault.message }]);
    }
    return undefined;
  }

  #show(plans, refused) {
    this.#awaited = [];
    this.map.airspace.preview(plans);
    this.#checked = new Map(plans.map((plan) => [plan.plan_id, plan.callsign]));
    this.findings.replaceChildren(
      ...(refused.length ? [finding("bad", said.refused, refused.map(problemText))] : []),
      ...plans.flatMap((plan) => this.#planFindings(plan)));
  }

  #planFindings({ callsign, plan_id: id, problems, volumes, consents, meets, notes }) {
    const name = callsign || id;
    const unread = notes.length ? [finding("warn", `${name}: ${said.unread}`, notes.map(problemText))] : [];
    if (problems.length) return [...unread, finding("bad", `${name}: ${said.problems}`, problems.map(problemText))];
    const found = [...unread, finding(consents.length || meets.length ? "" : "good", `${name}: ${air(volumes)}`, consents.length || meets.length ? [] : [said.clear])];
    if (consents.length) found.push(finding("warn", "", consents.map(({ party, reason }) => said.needs(shortName(party), reason))));
    if (meets.length) {
      found.push(finding("warn", said.meets, meets.map((meeting) => [this.watch.sides.tag(meeting.party), " ",
        button(meeting.title || meeting.id, () => this.ask(`${asked(meeting)}`), { class: "opener" }), ` ${air(meeting.volumes)}`])));
    }
    return found;
  }

  // --- submitting and following ---

  async #submit() {
    this.submit.disabled = true;
    this.#stopChecking();
    try {
      const sent = await inject(this.to.value, this.text.value);
      const named = sent.map((one) => ({ ...one, name: this.#checked.get(one.plan_id) || one.plan_id }));
      this.#sent.unshift(...named);
      for (const { plan_id: id } of named) this.watch.store.followed.add(`plan:${id}`);
      const unread = named.filter(({ notes }) => notes.length)
        .map(({ name, notes }) => finding("warn", `${name}: ${said.unread}`, notes.map(problemText)));
      this.findings.replaceChildren(finding("good", said.sent(named.map(({ name }) => name).join(", ")), []), ...unread);
      this.#awaited = named; // drawn as they were checked, until their side has spoken of them
      [this.#area, this.text.value] = [null, ""];
      this.draw();
      this.fate.scrollIntoView({ block: "nearest" });
    } catch (fault) {
      this.findings.replaceChildren(finding("bad", fault.message, (fault.problems ?? []).map(problemText)));
    } finally {
      this.submit.disabled = false;
    }
  }

  close() {
    this.#stopChecking();
    this.drawing.stop();
  }

  stale() {
    return `${this.watch.isAtHead}/${this.#sent.length}/${this.watch.store.version("plans", "negotiations")}`;
  }

  draw() {
    this.past.hidden = this.watch.isAtHead;
    this.form.hidden = !this.watch.isAtHead;
    this.following.hidden = !this.#sent.length;
    this.followed.show(this.#sent);
    this.change.draw();
    if (this.#awaited.length && this.#awaited.every((one) => this.#isSettled(this.#planOf(one)))) this.#settle();
  }

  #settle() {
    this.#awaited = [];
    this.map.airspace.preview([]);
  }

  /** Whether the map shows the plan from its row, or there is nothing to show. */
  #isSettled(plan) {
    return Boolean(plan && (plan.volumes.length || plan.state === PlanState.REFUSED || plan.state === PlanState.WITHDRAWN));
  }

  #planOf(one) {
    const { store } = this.watch;
    return store.row("plans", keyOf(one)) ?? store.rows("plans").find((row) => row.party === one.to && row.plan_id === one.plan_id);
  }

  #follow(one) {
    const [id, plan] = [one.plan_id, this.#planOf(one)];
    const isTalked = Boolean(plan?.negotiation_id && this.watch.store.row("negotiations", plan.negotiation_id));
    const links = [button(plan?.callsign || one.name, () => this.ask(`plan:${id}`), { class: "opener", title: id })];
    if (!plan) return finding("", [...links, `: ${said.waiting}`], []);
    const told = [said.state(plain(plan.state), plan.as_filed), ...versionsOf(plan), air(plan.volumes), plan.reason].filter(Boolean).join(", ");
    const talk = isTalked && [" · ", button(said.talk, () => this.ask(`negotiation:${this.#planOf(one).negotiation_id}`), { class: "opener" })];
    return finding(plan.state === PlanState.REFUSED ? "bad" : plan.state === PlanState.NEGOTIATING ? "warn" : "good", [...links, `: ${told}`, ...(talk || [])], []);
  }
}

/** The key of the row that tells of what was handed over. */
function keyOf({ to, plan_id: id, digest }) {
  return `${to}/${id}/${digest}`;
}

function asked({ kind, id }) {
  return kind === "offer" ? `negotiation:${id}` : `${kind}:${id}`;
}

function problemText({ field, reason }) {
  return [field, reason].filter(Boolean).join(": ");
}

function finding(state, title, lines) {
  return h("div", { class: "finding", "data-state": state || null }, title ? h("strong", {}, title) : null,
    lines.length ? h("ul", {}, lines.map((line) => h("li", {}, line))) : null);
}
