// The call log.

import { dateTimeGroup, lasted, plain } from "./format.js";
import { CallOutcome, Reason, Tier } from "./protocol.js";
import { Search } from "./search.js";
import { words } from "./words.js";

const { columns: heads } = words.calls;

/** A call that ended unanswered has neither been set up nor lasted. */
const timed = (row, seconds) => (row.ended_at && !row.answered_at ? words.none : lasted(seconds));

export function callLog(watch, ask, onsearch) {
  const { sides } = watch;
  return new Search(watch, {
    table: "calls", when: "rang_at", caption: words.calls.caption, onsearch,
    ask: (row) => ask(`call:${row.key}`),
    mark: (row) => (row.ended_at ? (row.outcome === CallOutcome.COMPLETED ? "" : "warn") : "current"),
    filters: { party: sides.parties, reason: Object.values(Reason), tier: Object.values(Tier), outcome: Object.values(CallOutcome) },
    columns: [
      { name: heads.rang, cell: (row) => dateTimeGroup(row.rang_at ?? row.queued_at) },
      { name: heads.who, cell: (row) => sides.pair(row.caller, row.callee) },
      { name: heads.reason, cell: (row) => plain(row.reason) },
      { name: heads.setUp, cell: (row) => timed(row, row.set_up_s), minor: true },
      { name: heads.hold, cell: (row) => timed(row, row.hold_s) },
      { name: heads.outcome, cell: (row) => plain(row.outcome) || (row.answered_at ? words.calls.talking : words.calls.ringing) },
    ],
  });
}
