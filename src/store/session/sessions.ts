import { evolve, type Session, type SessionStatus } from "../../domain/session/session.ts";
import { query, type SqlValue } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";
import { catchUp, caughtUp, firstRow, foldStatusRow, rowsAfter, STATUS_TYPES } from "./catch-up.ts";
import { projected } from "./projection.ts";
import { SESSION_COLUMNS, toSession } from "./session-rows.ts";

/** A session as of now, and the newest rowid of its own stream: what an append expects to find unchanged. */
export interface LoadedSession {
  readonly session: Session;
  readonly streamTop: number;
}

const AHEAD = 200;

/**
 * One session with everything in its stream up to this moment, Python's rows included; undefined when it has none.
 * The status rows after the folded part are found by intersecting two covering indexes, so a long stream costs nothing.
 */
export function loadSession(store: Store, sessionId: string): Promise<LoadedSession | undefined> {
  return projected(store, async () => {
    const folded = "coalesce((SELECT folded_rowid FROM ouro_session WHERE session_id = :id), 0)";
    const [rows, tops, news] = await store.database.read([
      { sql: `SELECT ${SESSION_COLUMNS} FROM ouro_session WHERE session_id = :id`, args: { id: sessionId } },
      {
        sql: "SELECT max(rowid) AS top FROM events WHERE aggregate_type = 'session' AND aggregate_id = :id",
        args: { id: sessionId },
      },
      {
        sql: `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (
SELECT rowid FROM events WHERE aggregate_type = 'session' AND aggregate_id = :id AND rowid > ${folded}
INTERSECT SELECT rowid FROM events WHERE event_type IN (${STATUS_TYPES}) AND rowid > ${folded}) ORDER BY rowid`,
        args: { id: sessionId },
      },
    ]);
    const streamTop = Number(tops?.rows[0]?.top ?? 0);
    if (streamTop === 0) return undefined;
    const row = rows?.rows[0];
    const events = (news?.rows ?? []).map(toStoredEvent);
    const start = row ? toSession(row) : await fromFirstRow(store, sessionId, events[0]?.rowid);
    let session = start;
    for (const event of events) session = await foldStatusRow(store, session, event);
    return session && { session: await awake(store, session, streamTop), streamTop };
  });
}

async function fromFirstRow(store: Store, sessionId: string, firstStatusRow?: number): Promise<Session | undefined> {
  const first = await firstRow(store, sessionId);
  return first && first.rowid !== firstStatusRow ? evolve(undefined, first) : undefined;
}

/** A paused session may have been woken by any later progress row of Python's. */
async function awake(store: Store, session: Session, streamTop: number): Promise<Session> {
  let now = session;
  while (now.status === "paused" && now.folded_rowid < streamTop) {
    const events = await rowsAfter(store, now.session_id, now.folded_rowid, AHEAD);
    now = events.reduce<Session>(evolve, now);
    if (events.length === 0) break;
  }
  return now;
}

/** The session that ran an execution, by the execution's id; the newest one if several did. */
export async function findByExecution(store: Store, executionId: string): Promise<string | undefined> {
  const sql = "SELECT session_id FROM ouro_session WHERE execution_id = ? ORDER BY started_at DESC LIMIT 1";
  const find = () => caughtUp(store, () => query(store.database, sql, [executionId]));
  let [row] = await find();
  if (!row) {
    // It may have begun after the last catch-up.
    await catchUp(store);
    [row] = await find();
  }
  return row && String(row.session_id);
}

export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Pass it on for the next page; missing on the last one. */
  readonly cursor?: string;
}

/** Sessions, newest first, a page at a time; the cursor is a position, so a page costs the same however far it is. */
export async function listSessions(
  store: Store,
  options: { readonly limit: number; readonly status?: SessionStatus; readonly cursor?: string },
): Promise<SessionPage> {
  await catchUp(store);
  const args: Record<string, SqlValue> = { limit: options.limit + 1 };
  const conditions: string[] = [];
  if (options.status !== undefined) {
    conditions.push("status = :status");
    args.status = options.status;
  }
  if (options.cursor !== undefined) {
    const [startedAt, id] = parseCursor(options.cursor);
    conditions.push("(started_at, session_id) < (:started_at, :id)");
    args.started_at = startedAt;
    args.id = id;
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT ${SESSION_COLUMNS} FROM ouro_session ${where} ORDER BY started_at DESC, session_id DESC LIMIT :limit`;
  const rows = await caughtUp(store, () => query(store.database, sql, args));
  const sessions = rows.slice(0, options.limit).map(toSession);
  const last = sessions.at(-1);
  return rows.length > options.limit && last
    ? { sessions, cursor: `${last.started_at}~${last.session_id}` }
    : { sessions };
}

function parseCursor(cursor: string): [string, string] {
  const at = cursor.indexOf("~");
  return at < 0 ? [cursor, ""] : [cursor.slice(0, at), cursor.slice(at + 1)];
}

/** Ids that begin with what was typed so far, for completion; at most `limit`. */
export async function completeSessionId(store: Store, prefix: string, limit: number): Promise<string[]> {
  const rows = await caughtUp(store, () =>
    query(
      store.database,
      "SELECT session_id FROM ouro_session WHERE session_id >= ? AND session_id < ? ORDER BY session_id LIMIT ?",
      [prefix, `${prefix}\u{10FFFF}`, limit],
    ),
  );
  return rows.map((row) => String(row.session_id));
}

/** How many sessions there are of each status. */
export async function countSessions(store: Store): Promise<Record<string, number>> {
  await catchUp(store);
  const rows = await caughtUp(store, () =>
    query(store.database, "SELECT status, count(*) AS n FROM ouro_session GROUP BY status ORDER BY status"),
  );
  return Object.fromEntries(rows.map((row) => [String(row.status), Number(row.n)]));
}
