// Plans as their sides last spoke of them.

import { h } from "./dom.js";
import { air, dateTimeGroup, dayTime, plain } from "./format.js";
import { Search } from "./search.js";
import { words } from "./words.js";

const { columns: heads } = words.plans;
const MARKS = { negotiating: "current", nonconforming: "warn", contingent: "bad", refused: "warn" };

/** The version of a plan that is in force, where it has been amended, and what has become of one that is not. */
export function versionsOf(row) {
  const { version } = words.change;
  return [row.version > 1 ? version(row.version) : "", row.amendment > row.version ? [version(row.amendment), plain(row.amendment_state), row.amendment_reason].filter(Boolean).join(" ") : ""].filter(Boolean);
}

export function planList(watch, ask, onsearch) {
  const { sides } = watch;
  return new Search(watch, {
    table: "plans", when: "at", caption: words.plans.caption, onsearch,
    ask: (row) => ask(`plan:${row.plan_id}`),
    mark: (row) => MARKS[row.state] ?? "",
    filters: { party: sides.parties },
    columns: [
      { name: heads.plan, cell: (row) => row.callsign || row.plan_id },
      { name: heads.side, cell: (row) => sides.tag(row.party) },
      { name: heads.state, cell: (row) => h("span", { title: row.reason || null }, [plain(row.state), row.as_filed ? "" : words.plans.moved, ...versionsOf(row)].filter(Boolean).join(" · ")) },
      { name: heads.air, cell: (row) => air(row.volumes).split(" · ").flatMap((part, place) => [place ? " · " : "", h("span", { class: "nowrap" }, part)]) },
      { name: heads.at, cell: (row) => h("span", { class: "nowrap", title: dateTimeGroup(row.at) }, dayTime(row.at)), minor: true },
    ],
  });
}
