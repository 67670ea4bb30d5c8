// The top of the page: what is being looked at, what time it is there, and whether it goes on.

import { button, h, say } from "./dom.js";
import { day, timeOfDay } from "./format.js";
import { titleOf } from "./recordings.js";
import { theme } from "./theme.js";
import { words } from "./words.js";

export class Head {
  constructor(clock, openKeys) {
    this.clock = clock;
    this.scenario = h("p", { class: "scenario" });
    this.hours = h("span", { class: "hours" });
    this.day = h("span", { class: "day" });
    this.speed = h("span", { class: "speed" });
    this.mode = h("span", { class: "badge mode" });
    this.elements = [
      h("h1", {}, words.title),
      h("span", { class: "badge exercise", title: words.exerciseTitle }, words.exercise),
      this.scenario,
      this.mode,
      h("div", { class: "clock", role: "timer", "aria-live": "off" }, this.hours, this.day, this.speed),
      h("div", { class: "tools" },
        button("◐", () => theme.toggle(), { "aria-label": words.theme.toggle, title: `${words.theme.toggle} (D)` }),
        button("?", openKeys, { "aria-label": words.keysButton, title: `${words.keysButton} (?)` })),
    ];
  }

  watch(watches) {
    this.watches = watches;
    const named = (watch) => (watches.length > 1 ? titleOf(watch.setting.source) : watch.setting.source.title);
    const title = watches.map(named).join("  |  ");
    say(this.scenario, title);
    this.scenario.title = watches[0].setting.disclaimer;
    document.title = `${words.title} · ${title}`;
  }

  draw() {
    const now = this.clock.now();
    say(this.hours, timeOfDay(now));
    say(this.day, `UTC · ${day(now)}`);
    say(this.speed, this.clock.rate ? words.time.times(Math.round(this.clock.speed)) : words.paused);
    if (!this.watches?.length) return;
    const [first] = this.watches;
    const mode = first.isAtHead ? (first.isLinked ? "live" : "broken") : first.source.isLive ? "past" : "replay";
    this.mode.dataset.mode = mode;
    say(this.mode, words[mode]);
  }
}
