// The call log.

import { dateTimeGroup, lasted, plain } from "./format.js";
import { Search } from "./search.js";
import { words } from "./words.js";

const REASONS = ["emergency", "incident", "protest", "short-notice", "line-check", "routine", "line-review", "advice"];
export const TIERS = ["duty-officer", "deputy-commander", "commander", "chiefs"];
const OUTCOMES = ["completed", "busy", "no-answer", "dropped"];
const { columns: heads } = words.calls;

/** A call that ended unanswered has neither been set up nor lasted. */
const timed = (row, seconds) => (row.ended_at && !row.answered_at ? words.none : lasted(seconds));

export function callLog(watch, ask, onsearch) {
  const { sides } = watch;
  return new Search(watch, {
    table: "calls", when: "rang_at", caption: words.calls.caption, onsearch,
    ask: (row) => ask(`call:${row.key}`),
    mark: (row) => (row.ended_at ? (row.outcome === "completed" ? "" : "warn") : "current"),
    filters: { party: sides.parties, reason: REASONS, tier: TIERS, outcome: OUTCOMES },
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
