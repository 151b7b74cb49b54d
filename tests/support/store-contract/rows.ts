import { storeTimestamp } from "../../../scripts/make-store/clock.ts";
import { type PyObject, pythonJson } from "../../../scripts/make-store/python-json.ts";
import { newId } from "../../../src/base/ids.ts";
import type { NewEvent, StoredEvent } from "../../../src/domain/event.ts";
import { evolve, SESSION_STARTED, type Session } from "../../../src/domain/session/session.ts";
import { type Database, query, type Rows, type SqlValue, type Statement } from "../../../src/store/engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../../../src/store/row.ts";
import type { Store } from "../../../src/store/store.ts";

/** Times of tests are counted from here, so that none depends on the day it runs. */
export const NOON = Date.UTC(2026, 3, 3, 12) * 1000;

/** An event of ours in a session's own stream, unless told otherwise. */
export function given(event: Partial<NewEvent> = {}): NewEvent {
  return {
    id: newId(),
    aggregate_type: "session",
    aggregate_id: "orch_1",
    event_type: SESSION_STARTED,
    payload: { execution_id: "exec_1", seed_id: "seed_1", seed_goal: "a goal" },
    at: NOON,
    ...event,
  };
}

export interface PythonRow {
  readonly id?: string;
  readonly aggregateType?: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly payload?: PyObject;
  readonly at?: number;
}

/** The insert of upstream, in its encodings. */
export function pythonInsert({ id, aggregateType, aggregateId, type, payload, at }: PythonRow): Statement {
  return rawInsert({
    id: id ?? newId(),
    aggregateType: aggregateType ?? "session",
    aggregateId,
    type,
    payload: pythonJson(payload ?? {}),
    timestamp: storeTimestamp(at ?? NOON),
  });
}

/** An insert of whatever a damaged file may hold. */
export function rawInsert(row: {
  readonly id: string;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly payload: SqlValue;
  readonly timestamp: SqlValue;
}): Statement {
  return {
    sql: `INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp, consensus_id)
VALUES (?, ?, ?, ?, ?, ?, NULL)`,
    args: [row.id, row.aggregateType, row.aggregateId, row.type, row.payload, row.timestamp],
  };
}

/** Everything in `events`, in commit order. */
export async function allEvents(store: Store): Promise<StoredEvent[]> {
  return (await query(store.database, `SELECT ${EVENT_COLUMNS} FROM events ORDER BY rowid`)).map(toStoredEvent);
}

/** The oracle: a plain fold from zero over every row of every session's stream, without what depends on row numbers. */
export async function foldFromZero(store: Store): Promise<Map<string, Omit<Session, "folded_rowid">>> {
  const folds = new Map<string, Session>();
  for (const event of await allEvents(store)) {
    if (event.aggregate_type !== "session") continue;
    folds.set(event.aggregate_id, evolve(folds.get(event.aggregate_id), event));
  }
  return new Map([...folds].map(([id, session]) => [id, answerOf(session)]));
}

/** What a session says, whichever rows the fold has looked at beyond the ones that say it. */
export function answerOf({ folded_rowid: _, ...answer }: Session): Omit<Session, "folded_rowid"> {
  return answer;
}

/** Rows of any statement as plain objects. */
export async function rowsOf(store: Store, sql: string, args: SqlValue[] = []): Promise<Record<string, unknown>[]> {
  const rows: Rows["rows"] = await query(store.database, sql, args);
  return rows.map((row) => ({ ...row }));
}

/** The same store, with other work done in place of a read or a write. */
export function withDatabase(store: Store, over: Partial<Pick<Database, "read" | "write">>): Store {
  const database = new Proxy(store.database, {
    get(target, key) {
      const member: unknown = key in over ? Reflect.get(over, key) : Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { ...store, database };
}
