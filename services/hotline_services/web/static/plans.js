// Plans as their sides last spoke of them.

import { h } from "./dom.js";
import { air, dateTimeGroup, dayTime, plain } from "./format.js";
import { Search } from "./search.js";
import { words } from "./words.js";

const { columns: heads } = words.plans;
const MARKS = { negotiating: "current", nonconforming: "warn", contingent: "bad", refused: "warn" };

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
      { name: heads.state, cell: (row) => h("span", { title: row.reason || null }, plain(row.state) + (row.as_filed ? "" : ` · ${words.plans.moved}`)) },
      { name: heads.air, cell: (row) => air(row.volumes).split(" · ").flatMap((part, place) => [place ? " · " : "", h("span", { class: "nowrap" }, part)]) },
      { name: heads.at, cell: (row) => h("span", { class: "nowrap", title: dateTimeGroup(row.at) }, dayTime(row.at)), minor: true },
    ],
  });
}
