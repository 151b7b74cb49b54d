import type { NewEvent } from "../../domain/event.ts";
import { evolve, isTerminal, SESSION_STARTED, type Session } from "../../domain/session/session.ts";
import { toTimestamp } from "../../domain/timestamp.ts";
import { type Guard, hasEvent, insertEvent, isNewestOf, isOwner, isThere, mustBeWritable } from "../append.ts";
import type { Statement } from "../engine/database.ts";
import { StoreError } from "../engine/store-error.ts";
import { jobStillOpen } from "../jobs/python-jobs.ts";
import type { Store } from "../store.ts";
import { nextEpoch, release, type Seen, type Taker, takeOver } from "./leases.ts";
import { projected } from "./projection.ts";
import type { StoredFacts } from "./session-facts.ts";
import { upsertWithEvent } from "./session-rows.ts";
import type { LoadedSession } from "./sessions.ts";

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
 * A taker with a time to live keeps the session: that is how a run is claimed.
 */
export function concludeSession(
  store: Store,
  facts: StoredFacts,
  taker: Taker,
  conclusion: Conclusion,
): Promise<"written" | "moved_on"> {
  const seen = seenOf(facts);
  const guard = isOwner(seen.sessionId, nextEpoch(seen), taker.ownerId);
  return change(store, facts.session, conclusion, { first: [takeOver(seen, taker)], guard, last: [] });
}

/** Makes a session that somebody owns from its first row on; `moved_on` when its id is taken. */
export function beginSession(
  store: Store,
  ids: { readonly sessionId: string; readonly executionId: string },
  taker: Taker,
  conclusion: Conclusion,
): Promise<"written" | "moved_on"> {
  const seen: Seen = { ...ids, lease: undefined, epoch: 0, newestRowid: 0 };
  const guard = isOwner(seen.sessionId, nextEpoch(seen), taker.ownerId);
  return change(store, undefined, conclusion, { first: [takeOver(seen, taker)], guard, last: [] });
}

/** The term under which a process owns a session. */
export interface Term {
  readonly sessionId: string;
  readonly epoch: number;
  readonly ownerId: string;
}

/**
 * Its owner changes a session's status and lets go of it. `moved_on` when it is not the owner any more, when somebody has
 * appended to the session's stream since it was read, or when a person has asked for its end meanwhile: no completion
 * passes over that (`overCancelRequest` carries it out). `provided` is a condition of this end's own.
 */
export function concludeOwned(
  store: Store,
  term: Term,
  loaded: LoadedSession,
  conclusion: Conclusion,
  overCancelRequest: boolean,
  provided?: Guard,
): Promise<"written" | "moved_on"> {
  const { sessionId, epoch, ownerId } = term;
  const owns = isOwner(sessionId, epoch, ownerId);
  const mine = both(overCancelRequest ? owns : both(owns, notAskedToStop(sessionId)), isNewest(loaded));
  const guard = provided ? both(mine, provided) : mine;
  const last = [release(sessionId, epoch, ownerId, isThere(conclusion.event.id))];
  return change(store, loaded.session, conclusion, { first: [], guard, last });
}

/** Its owner voids a terminal that others wrote while it was at work, and goes on. */
export function reopenOwned(
  store: Store,
  { sessionId, epoch, ownerId }: Term,
  loaded: LoadedSession,
  event: NewEvent,
): Promise<"written" | "moved_on"> {
  const guard = both(isOwner(sessionId, epoch, ownerId), isNewest(loaded));
  return change(store, loaded.session, { event, execution: undefined, jobs: [] }, { first: [], guard, last: [] });
}

interface Batch {
  readonly first: readonly Statement[];
  /** When the session's own event may be written; all else goes by that event's presence. */
  readonly guard: Guard;
  readonly last: readonly Statement[];
}

async function change(
  store: Store,
  before: Session | undefined,
  { event, execution, jobs }: Conclusion,
  { first, guard, last }: Batch,
): Promise<"written" | "moved_on"> {
  mustBeWritable(store);
  const there = isThere(event.id);
  const statements: Statement[] = [...first, insertEvent(event, guard)];
  if (execution) statements.push(insertEvent(execution, both(there, noExecutionTerminal(execution.aggregate_id))));
  for (const job of jobs) statements.push(insertEvent(job, both(there, jobStillOpen(job.aggregate_id))));
  const after = evolve(before, { ...event, rowid: Number.MAX_SAFE_INTEGER, timestamp: toTimestamp(event.at) });
  if (store.shape.hasTerminalGuards) statements.push(...guardRows(event, after, there));
  statements.push(upsertWithEvent(after, event.id), ...last);
  try {
    const results = await projected(store, () => store.database.write(statements));
    return results[first.length]?.rowsAffected === 1 ? "written" : "moved_on";
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

function notAskedToStop(sessionId: string): Guard {
  return {
    sql: "NOT EXISTS (SELECT 1 FROM ouro_lease WHERE session_id = ? AND cancel_requested_at IS NOT NULL)",
    args: [sessionId],
  };
}

/** Holds while nobody has appended to the session's stream since it was read: what is written rests on that fold. */
function isNewest({ session, streamTop }: LoadedSession): Guard {
  return isNewestOf("session", session.session_id, streamTop);
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

/** v0.51 keeps the start and the first terminal of a session in tables of its own; a row that already stands is left alone. */
function guardRows(event: NewEvent, after: Session, guard: Guard): Statement[] {
  const { aggregate_id: session, id, event_type: type } = event;
  if (type === SESSION_STARTED) {
    const sql = `INSERT INTO session_start_guards (session_id, start_event_id, execution_id)
SELECT ?, ?, ? WHERE ${guard.sql} ON CONFLICT (session_id) DO NOTHING`;
    return [{ sql, args: [session, id, after.execution_id, ...guard.args] }];
  }
  if (!isTerminal(after.status)) return [];
  const sql = `INSERT INTO session_terminal_guards (session_id, terminal_event_id, terminal_event_type)
SELECT ?, ?, ? WHERE ${guard.sql} ON CONFLICT (session_id) DO NOTHING`;
  return [{ sql, args: [session, id, type, ...guard.args] }];
}
