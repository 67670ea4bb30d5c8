// The duty log: everything that was said and that matters, in words.

import { clockTime, dateTimeGroup } from "./format.js";
import { h } from "./dom.js";
import { toldOf } from "./names.js";
import { Gravity } from "./protocol.js";
import { Search } from "./search.js";
import { words } from "./words.js";

const { columns: heads } = words.log;
const MARKS = { [Gravity.NOTABLE]: "warn", [Gravity.GRAVE]: "bad" };

export function dutyLog(watch, ask, onsearch) {
  const { sides } = watch;
  return new Search(watch, {
    table: "log", when: "at", caption: words.log.caption, onsearch,
    ask: (row) => ask(`message:${row.key}`),
    mark: (row) => MARKS[row.gravity] ?? "",
    filters: { party: sides.parties },
    columns: [
      { name: heads.at, cell: (row) => h("span", { title: dateTimeGroup(row.at) }, clockTime(row.at)) },
      { name: heads.who, cell: (row) => (row.to && row.to !== row.source ? sides.pair(row.source, row.to) : sides.tag(row.source)) },
      { name: heads.verb, cell: (row) => h("strong", { class: "nowrap" }, row.verb) },
      { name: heads.told, cell: (row) => toldOf(watch.store, row), wide: true },
    ],
  });
}
