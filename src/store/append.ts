import { delay } from "../base/delay.ts";
import type { NewEvent } from "../domain/event.ts";
import { query, type SqlValue, type Statement } from "./engine/database.ts";
import { StoreError } from "./engine/store-error.ts";
import { INSERT_COLUMNS, insertValues } from "./row.ts";
import type { Store } from "./store.ts";

/** What must still hold in the store for the append to happen. */
export type Expected =
  | { readonly kind: "any" }
  /** Nobody has appended to this stream since its newest rowid was read (0 for a stream that does not exist yet). */
  | { readonly kind: "newest"; readonly aggregateType: string; readonly aggregateId: string; readonly rowid: number }
  /** The caller still owns the session: its lease carries this epoch and this owner. */
  | { readonly kind: "owner"; readonly sessionId: string; readonly epoch: number; readonly ownerId: string };

/** `written` also when an earlier try of the same events had arrived; `fenced` when the lease moved on; `conflict` when the stream did. */
export type Appended = "written" | "fenced" | "conflict";

const TRIES_AFTER_LOST_REPLY = 4;

/**
 * Appends events as one batch, together with statements that move read models along.
 * After an error it asks what became of the first event, so a reply lost after the commit neither doubles nor kills anything.
 */
export async function append(
  store: Store,
  expected: Expected,
  events: readonly NewEvent[],
  along: readonly Statement[] = [],
): Promise<Appended> {
  const [first] = events;
  if (!first) return "written";
  mustBeWritable(store);
  const guard = guardOf(expected);
  const statements = [...insertEvents(events, guard), ...along];
  for (let attempt = 1; ; attempt++) {
    try {
      const [inserted] = await store.database.write(statements);
      if ((inserted?.rowsAffected ?? 0) > 0 || (await hasEvent(store, first.id))) return "written";
      return expected.kind === "owner" ? "fenced" : "conflict";
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "store_unreachable") throw error;
      if (attempt === TRIES_AFTER_LOST_REPLY) throw error;
      await delay(50 * attempt * (0.5 + Math.random()));
      if (await hasEvent(store, first.id).catch(() => false)) return "written";
    }
  }
}

/** Throws when this store is open for reading only. */
export function mustBeWritable(store: Store): void {
  if (store.access === "write") return;
  throw new StoreError(
    "store_read_only",
    `Cannot write to the store ${store.database.where}: ${store.readOnlyBecause}`,
  );
}

/** A condition over the store, as SQL with its arguments. */
export interface Guard {
  readonly sql: string;
  readonly args: readonly SqlValue[];
}

/** Inserts one event if the guard holds and its id is not there yet. Every statement of a batch needs its own guard. */
export function insertEvent(event: NewEvent, guard: Guard): Statement {
  return insertRows([event], guard);
}

const ROWS_A_STATEMENT = 500;

/** Inserts events in their order, all of them or none: few statements, since preparing one costs more than its rows. */
function insertEvents(events: readonly NewEvent[], guard: Guard): Statement[] {
  const statements: Statement[] = [];
  for (let from = 0; from < events.length; from += ROWS_A_STATEMENT) {
    const first = events[0];
    // Rows of this very batch change what the guard looks at, so later statements go by the first row's presence.
    const holds = from === 0 || !first ? guard : isThere(first.id);
    statements.push(insertRows(events.slice(from, from + ROWS_A_STATEMENT), holds));
  }
  return statements;
}

/** OR IGNORE can only mean an id that is there already: nothing else here is unique or may be missing, and it is cheaper. */
function insertRows(events: readonly NewEvent[], guard: Guard): Statement {
  const into = `INSERT OR IGNORE INTO events (${INSERT_COLUMNS})`;
  return {
    sql: guard === ALWAYS ? `${into} ${valuesOf(events)}` : `${into} ${selectOf(events)} WHERE ${guard.sql}`,
    args: [...events.flatMap(insertValues), ...guard.args],
  };
}

function valuesOf(events: readonly NewEvent[]): string {
  return `VALUES ${events.map(() => "(?, ?, ?, ?, ?, ?)").join(", ")}`;
}

function selectOf(events: readonly NewEvent[]): string {
  return events.length === 1 ? "SELECT ?, ?, ?, ?, ?, ?" : `SELECT * FROM (${valuesOf(events)})`;
}

const ALWAYS: Guard = { sql: "TRUE", args: [] };

/** Holds while the session's lease carries exactly this epoch and owner. */
export function isOwner(sessionId: string, epoch: number, ownerId: string): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM ouro_lease WHERE session_id = ? AND epoch = ? AND owner_id = ?)",
    args: [sessionId, epoch, ownerId],
  };
}

/** Holds once an event with this id is in the store, so also for every statement after it in its own batch. */
export function isThere(eventId: string): Guard {
  return { sql: "EXISTS (SELECT 1 FROM events WHERE id = ?)", args: [eventId] };
}

/** Holds while a stream's newest row is this one (0: it has none). */
export function isNewestOf(aggregateType: string, aggregateId: string, rowid: number): Guard {
  return {
    sql: "coalesce((SELECT max(rowid) FROM events WHERE aggregate_type = ? AND aggregate_id = ?), 0) = ?",
    args: [aggregateType, aggregateId, rowid],
  };
}

function guardOf(expected: Expected): Guard {
  switch (expected.kind) {
    case "any":
      return ALWAYS;
    case "newest":
      return isNewestOf(expected.aggregateType, expected.aggregateId, expected.rowid);
    case "owner":
      return isOwner(expected.sessionId, expected.epoch, expected.ownerId);
  }
}

/** Is an event with this id in the store? */
export async function hasEvent(store: Store, id: string): Promise<boolean> {
  return (await query(store.database, "SELECT 1 FROM events WHERE id = ?", [id])).length === 1;
}
