import { failpoint } from "../../base/failpoint.ts";
import type { StoredEvent } from "../../domain/event.ts";
import {
  evolve,
  LIFECYCLE_TYPES,
  SESSION_REOPENED,
  SESSION_STARTED,
  type Session,
} from "../../domain/session/session.ts";
import { query, type Statement } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";
import { isProjectionMissing, isReadAsItStands, rebuildProjection, writeProjection } from "./projection.ts";
import { IS_OPEN, SESSION_COLUMNS, toSession, upsertSessions } from "./session-rows.ts";

/** What catching up did: rows folded, and rows among them that could not be decoded. */
export interface CatchUpReport {
  folded: number;
  quarantined: number;
}

const CHUNK_ROWS = 2_000;
/** Rows examined at once in a file that lacks the index by event type. */
const SCAN_ROWS = 5_000;
const SESSIONS_AT_ONCE = 200;

/** The types that decide a status, as an SQL list. */
export const STATUS_TYPES = LIFECYCLE_TYPES.map((type) => `'${type}'`).join(", ");
const WATERMARK = "(SELECT CAST(value AS INTEGER) FROM ouro_meta WHERE key = 'watermark')";

/**
 * Folds what others have written since the watermark into the projection: first the few rows that decide a status, found
 * by their type however long the history is, then paused sessions that a progress row may have woken.
 * Safe to run in several processes at once: each step is one batch that only applies if nobody was faster.
 */
export async function catchUp(store: Store, signal?: AbortSignal): Promise<CatchUpReport> {
  const report: CatchUpReport = { folded: 0, quarantined: 0 };
  if (isReadAsItStands(store)) return report;
  while (!signal?.aborted) {
    try {
      while ((await foldLifecycle(store, report)) === "more" && !signal?.aborted) await breathe();
      await wakePaused(store, report, signal);
      break;
    } catch (error) {
      if (!isProjectionMissing(error)) throw error;
      // Dropped by somebody meanwhile: all of it is folded again, not only what was still to do.
      await rebuildProjection(store);
    }
  }
  return report;
}

/** Runs a query over the whole projection; when somebody has dropped it, folds from zero first, so that nothing is missing. */
export async function caughtUp<T>(store: Store, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isProjectionMissing(error)) throw error;
    await catchUp(store);
    return await ask();
  }
}

/** Lets requests be answered between two batches: the embedded driver blocks the event loop while it works. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function foldLifecycle(store: Store, report: CatchUpReport): Promise<"more" | "done"> {
  const { database } = store;
  const byType = !store.shape.missingIndexes.includes("ix_events_event_type");
  const [marks, tops, found] = await database.read([
    {
      sql: `SELECT value, (SELECT id FROM events WHERE rowid = ${WATERMARK}) AS id FROM ouro_meta WHERE key = 'watermark'`,
    },
    { sql: "SELECT rowid AS row_id, id FROM events ORDER BY rowid DESC LIMIT 1" },
    byType ? lifecycleByType() : lifecycleByScan(),
  ]);
  const watermark = parseWatermark(String(marks?.rows[0]?.value ?? "0:"));
  const standing = marks?.rows[0]?.id;
  if (watermark.rowid > 0 && standing !== watermark.id) {
    // The row the watermark names is gone or another one: rows were deleted or renumbered (a restored copy, VACUUM).
    await rebuildProjection(store);
    return "more";
  }
  const top = { rowid: Number(tops?.rows[0]?.row_id ?? 0), id: String(tops?.rows[0]?.id ?? "") };
  if (top.rowid === watermark.rowid) return "done";
  const events = (found?.rows ?? []).map(toStoredEvent);
  const last = events.at(-1);
  const full = byType && events.length === CHUNK_ROWS && last !== undefined;
  const scanEnd = byType ? Number.POSITIVE_INFINITY : watermark.rowid + SCAN_ROWS;
  const reached = full ? last : scanEnd < top.rowid ? await rowAtOrBelow(store, scanEnd) : top;
  const applied = await applyLifecycle(store, events, watermark, reached);
  if (applied) {
    report.folded += events.length;
    report.quarantined += events.filter((event) => event.quarantined !== undefined).length;
  }
  return !applied || reached.rowid < top.rowid ? "more" : "done";
}

/**
 * Each type's part of its index is in commit order already, so a chunk costs the same however much is still to come.
 * Only the rows of the chunk itself are fetched.
 */
function lifecycleByType(): Statement {
  const ofEach = LIFECYCLE_TYPES.map(
    (type) => `SELECT * FROM (SELECT rowid AS row_id FROM events WHERE event_type = '${type}' AND rowid > ${WATERMARK}
ORDER BY rowid LIMIT ${CHUNK_ROWS})`,
  );
  const chunk = `SELECT row_id FROM (${ofEach.join(" UNION ALL ")}) ORDER BY row_id LIMIT ${CHUNK_ROWS}`;
  return { sql: `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (${chunk}) ORDER BY rowid` };
}

function lifecycleByScan(): Statement {
  return {
    sql: `SELECT ${EVENT_COLUMNS} FROM events
WHERE rowid > ${WATERMARK} AND rowid <= ${WATERMARK} + ${SCAN_ROWS} AND +event_type IN (${STATUS_TYPES}) ORDER BY rowid`,
  };
}

async function rowAtOrBelow(store: Store, rowid: number): Promise<{ rowid: number; id: string }> {
  const sql = "SELECT rowid AS row_id, id FROM events WHERE rowid <= ? ORDER BY rowid DESC LIMIT 1";
  const [row] = await query(store.database, sql, [rowid]);
  return { rowid: Number(row?.row_id ?? 0), id: String(row?.id ?? "") };
}

async function applyLifecycle(
  store: Store,
  events: readonly StoredEvent[],
  from: { rowid: number; id: string },
  to: { rowid: number; id: string },
): Promise<boolean> {
  const lifecycle = events.filter((event) => event.aggregate_type === "session");
  const ids = [...new Set(lifecycle.map((event) => event.aggregate_id))];
  const before = await readSessions(store, ids);
  const after = new Map(before);
  for (const event of lifecycle) {
    const session = after.get(event.aggregate_id) ?? (await unknownBefore(store, event));
    after.set(event.aggregate_id, await foldStatusRow(store, session, event));
  }
  const next = `${to.rowid}:${to.id}`;
  // An own append may have moved one of these sessions between our reading and this batch: then nothing moves.
  const expected = JSON.stringify(Object.fromEntries(ids.map((id) => [id, before.get(id)?.folded_rowid ?? null])));
  failpoint("catch-up:fold:before");
  const [moved] = await writeProjection(store, [
    {
      sql: `UPDATE ouro_meta SET value = :next WHERE key = 'watermark' AND value = :from AND NOT EXISTS (
SELECT 1 FROM json_each(:expected) AS one LEFT JOIN ouro_session AS s ON s.session_id = one.key
WHERE s.folded_rowid IS NOT one.value)`,
      args: { next, from: `${from.rowid}:${from.id}`, expected },
    },
    upsertSessions([...after.values()], next),
  ]);
  failpoint("catch-up:fold:after");
  return moved?.rowsAffected === 1;
}

/**
 * Folds a status row. One that may leave a pause as it stands must not pass over the rows before it: a progress row
 * among them may have woken the session, and once folded past nobody would look at it again.
 */
export async function foldStatusRow(store: Store, session: Session | undefined, event: StoredEvent): Promise<Session> {
  let now = session;
  const mayKeepPause = event.event_type === SESSION_STARTED || event.event_type === SESSION_REOPENED;
  while (mayKeepPause && now?.status === "paused" && now.folded_rowid < event.rowid) {
    const rows = await rowsAfter(store, event.aggregate_id, now.folded_rowid, SESSIONS_AT_ONCE);
    const before = rows.filter((row) => row.rowid < event.rowid);
    now = before.reduce<Session>(evolve, now);
    if (before.length < SESSIONS_AT_ONCE) break;
  }
  return evolve(now, event);
}

/** A stream whose first status row is not its start may have begun with other rows; its first row dates it. */
async function unknownBefore(store: Store, event: StoredEvent): Promise<Session | undefined> {
  if (event.event_type === SESSION_STARTED) return undefined;
  const first = await firstRow(store, event.aggregate_id);
  return first && first.rowid < event.rowid ? evolve(undefined, first) : undefined;
}

/** The first row of a session's own stream. */
export async function firstRow(store: Store, sessionId: string): Promise<StoredEvent | undefined> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE aggregate_type = 'session' AND aggregate_id = ? ORDER BY rowid LIMIT 1`;
  const [row] = await query(store.database, sql, [sessionId]);
  return row && toStoredEvent(row);
}

async function readSessions(store: Store, ids: readonly string[]): Promise<Map<string, Session>> {
  const sql = `SELECT ${SESSION_COLUMNS} FROM ouro_session WHERE session_id IN (SELECT value FROM json_each(?))`;
  const rows = ids.length === 0 ? [] : await query(store.database, sql, [JSON.stringify(ids)]);
  return new Map(rows.map((row) => [String(row.session_id), toSession(row)]));
}

async function wakePaused(store: Store, report: CatchUpReport, signal: AbortSignal | undefined): Promise<void> {
  for (let after = ""; !signal?.aborted; await breathe()) {
    const rows = await query(
      store.database,
      `SELECT ${SESSION_COLUMNS} FROM ouro_session AS s WHERE s.status = 'paused' AND s.status ${IS_OPEN} AND s.session_id > ? AND EXISTS (
SELECT 1 FROM events AS e WHERE e.aggregate_type = 'session' AND e.aggregate_id = s.session_id AND e.rowid > s.folded_rowid)
ORDER BY s.session_id LIMIT ${SESSIONS_AT_ONCE}`,
      [after],
    );
    for (const row of rows) report.folded += await foldRest(store, toSession(row));
    const last = rows.at(-1);
    if (rows.length < SESSIONS_AT_ONCE || !last) return;
    after = String(last.session_id);
  }
}

async function foldRest(store: Store, paused: Session): Promise<number> {
  let session = paused;
  let folded = 0;
  for (;;) {
    const events = await rowsAfter(store, session.session_id, session.folded_rowid, SESSIONS_AT_ONCE);
    for (const event of events) session = evolve(session, event);
    folded += events.length;
    if (events.length < SESSIONS_AT_ONCE) break;
    await breathe();
  }
  failpoint("catch-up:wake:before");
  await writeProjection(store, [upsertSessions([session])]);
  failpoint("catch-up:wake:after");
  return folded;
}

/** Rows of a session's own stream after a rowid, in commit order. */
export async function rowsAfter(store: Store, sessionId: string, rowid: number, limit: number): Promise<StoredEvent[]> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE aggregate_type = 'session' AND aggregate_id = ? AND rowid > ?
ORDER BY rowid LIMIT ?`;
  return (await query(store.database, sql, [sessionId, rowid, limit])).map(toStoredEvent);
}

function parseWatermark(text: string): { rowid: number; id: string } {
  const colon = text.indexOf(":");
  return { rowid: Number(text.slice(0, colon)), id: text.slice(colon + 1) };
}
