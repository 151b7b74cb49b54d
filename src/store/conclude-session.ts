import type { NewEvent } from "../domain/event.ts";
import { evolve, isTerminal } from "../domain/session/session.ts";
import { toTimestamp } from "../domain/timestamp.ts";
import { type Guard, hasEvent, insertEvent, isOwner, isThere, mustBeWritable } from "./append.ts";
import type { Statement } from "./database.ts";
import { nextEpoch, type Seen, type Taker, takeOver } from "./leases.ts";
import { projected } from "./projection.ts";
import { jobStillOpen } from "./python-jobs.ts";
import type { StoredFacts } from "./session-facts.ts";
import { upsertWithEvent } from "./session-rows.ts";
import type { Store } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** A status change of a whole session: the event that makes it, and what moves with it. */
export interface Conclusion {
  readonly event: NewEvent;
  /** Written unless the execution already has its terminal row. */
  readonly execution: NewEvent | undefined;
  readonly jobs: readonly NewEvent[];
}

/**
 * Takes the session over and changes its status in one atomic batch: the session's event, `execution.terminal`, its jobs,
 * v0.51's guard row where that table exists, and the projection. `moved_on` when anything the verdict rested on has changed.
 */
export async function concludeSession(
  store: Store,
  facts: StoredFacts,
  taker: Taker,
  conclusion: Conclusion,
): Promise<"written" | "moved_on"> {
  mustBeWritable(store);
  const seen = seenOf(facts);
  const { event, execution, jobs } = conclusion;
  const owns = isOwner(seen.sessionId, nextEpoch(seen), taker.ownerId);
  const there = isThere(event.id);
  const statements: Statement[] = [takeOver(seen, taker), insertEvent(event, owns)];
  if (execution) statements.push(insertEvent(execution, both(there, noExecutionTerminal(execution.aggregate_id))));
  for (const job of jobs) statements.push(insertEvent(job, both(there, jobStillOpen(job.aggregate_id))));
  const after = evolve(facts.session, { ...event, rowid: Number.MAX_SAFE_INTEGER, timestamp: toTimestamp(event.at) });
  if (store.shape.hasTerminalGuards && isTerminal(after.status)) statements.push(terminalGuard(event, there));
  statements.push(upsertWithEvent(after, event.id));
  try {
    const [, inserted] = await projected(store, () => store.database.write(statements));
    return inserted?.rowsAffected === 1 ? "written" : "moved_on";
  } catch (error) {
    // A reply lost after the commit: only the store knows, and the event's id was ours before we asked.
    if (!(error instanceof StoreError) || error.code !== "store_unreachable") throw error;
    if (await hasEvent(store, event.id)) return "written";
    throw error;
  }
}

/** The compare part of the take-over, from facts as read. */
export function seenOf({ session, lease, newestRowid }: StoredFacts): Seen {
  return {
    sessionId: session.session_id,
    executionId: session.execution_id,
    lease,
    epoch: session.epoch,
    newestRowid,
  };
}

function both(one: Guard, other: Guard): Guard {
  return { sql: `${one.sql} AND ${other.sql}`, args: [...one.args, ...other.args] };
}

/**
 * Two covering indexes intersected, from where the execution began: its stream may be long, and so may the list of all
 * that ever ended. A pause is written as a terminal too, and is none.
 */
function noExecutionTerminal(executionId: string): Guard {
  return {
    sql: `NOT EXISTS (SELECT 1 FROM events WHERE rowid IN (
SELECT rowid FROM events WHERE aggregate_type = 'execution' AND aggregate_id = ?
INTERSECT SELECT rowid FROM events WHERE event_type = 'execution.terminal'
AND rowid >= (SELECT min(rowid) FROM events WHERE aggregate_type = 'execution' AND aggregate_id = ?))
AND CASE WHEN json_valid(payload) THEN payload ->> '$.status' END IS NOT 'paused')`,
    args: [executionId, executionId],
  };
}

/** v0.51 keeps the first terminal of a session here; a row that already stands is left alone. */
function terminalGuard(event: NewEvent, guard: Guard): Statement {
  return {
    sql: `INSERT INTO session_terminal_guards (session_id, terminal_event_id, terminal_event_type)
SELECT ?, ?, ? WHERE ${guard.sql} ON CONFLICT (session_id) DO NOTHING`,
    args: [event.aggregate_id, event.id, event.event_type, ...guard.args],
  };
}
