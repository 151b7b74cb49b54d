import { delay } from "../../base/delay.ts";
import { failpoint } from "../../base/failpoint.ts";
import type { StoredEvent } from "../../domain/event.ts";
import { foldProgress, NO_PROGRESS, PROGRESS_TYPES, type Progress } from "../../domain/session/progress.ts";
import { PROGRESS_UPDATED } from "../../domain/session/session.ts";
import type { Guard } from "../append.ts";
import { query, type Statement } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import { STATUS_TYPES } from "../session/catch-up.ts";
import type { Store } from "../store.ts";
import { IS_HELD, type SessionPlan } from "./compaction-plan.ts";
import { BULKY_TYPES } from "./retention.ts";

/** What became of a session's rows: `moved_on` when somebody took it up again meanwhile, and the rest was left. */
export interface SessionCompacted {
  readonly outcome: "compacted" | "moved_on" | "interrupted";
  readonly rows: number;
  readonly bytes: number;
}

const ROWS_A_BATCH = 200;
const READ_AT_ONCE = 200;
const LONGEST_PAUSE_MS = 200;

/**
 * Drops a planned session's rows, in small batches with as much time for other writers between them. Each batch looks
 * for itself whether the session is still over and nobody's: a resume ends this. What the progress rows told together is
 * written into the newest of them first, so that a fold of what is left says the same.
 */
export async function compactSession(
  store: Store,
  plan: SessionPlan,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<SessionCompacted> {
  const dropped = { rows: 0, bytes: 0 };
  const { spared, carry } = await carryProgress(store, plan);
  const rows = plan.rows.filter(({ id }) => !spared.has(id));
  if (carry) {
    failpoint("compact:carry:before");
    const [carried] = await store.database.write([carry]);
    failpoint("compact:carry:after");
    if (carried?.rowsAffected !== 1) return { outcome: "moved_on", ...dropped };
  }
  for (let from = 0; from < rows.length; from += ROWS_A_BATCH) {
    if (signal.aborted) return { outcome: "interrupted", ...dropped };
    const batch = rows.slice(from, from + ROWS_A_BATCH);
    const began = performance.now();
    const ids = batch.map(({ id }) => id);
    failpoint("compact:drop:before");
    const [gone] = await store.database.write([dropping(ids, plan)]);
    failpoint("compact:drop:after");
    if (gone?.rowsAffected === 0) return { outcome: "moved_on", ...dropped };
    dropped.rows += gone?.rowsAffected ?? 0;
    dropped.bytes += batch.reduce((sum, { bytes }) => sum + bytes, 0);
    onRows(dropped.rows);
    // A writer that was refused tries again after a while of its own: it must not find the store always taken.
    await delay(Math.min(LONGEST_PAUSE_MS, performance.now() - began), signal);
  }
  return { outcome: "compacted", ...dropped };
}

/** By id, not by rowid: rows may have been renumbered since. Never the row that the watermark names: all would be folded anew. */
function dropping(ids: readonly string[], plan: SessionPlan): Statement {
  const { sql, args } = isStillOver(plan);
  return {
    sql: `DELETE FROM events WHERE id IN (SELECT value FROM json_each(?)) AND event_type IN (${list(BULKY_TYPES)})
AND rowid IS NOT (SELECT CAST(value AS INTEGER) FROM ouro_meta WHERE key = 'watermark') AND ${sql}`,
    args: [JSON.stringify(ids), ...args],
  };
}

/** Holds while nothing that decides a status has come since the plan was made, and nobody holds the session. */
function isStillOver({ session, seen }: SessionPlan): Guard {
  const { session_id } = session;
  return {
    sql: `NOT EXISTS (SELECT 1 FROM events AS later WHERE later.aggregate_type = 'session' AND later.aggregate_id = ?
AND later.rowid > ? AND +later.event_type IN (${STATUS_TYPES})) AND NOT ${IS_HELD.replace(":session", "?")}`,
    args: [session_id, seen, session_id],
  };
}

interface Carried {
  /** Rows that were to go and have to stay: the newest progress that can be read, and what came after it. */
  readonly spared: ReadonlySet<string>;
  readonly carry: Statement | undefined;
}

interface LastWord {
  readonly event: StoredEvent;
  /** What all rows told up to it, and what those that stay would. */
  readonly all: Progress;
  readonly staying: Progress;
}

/** Compares what all progress rows tell with what those that stay would; the difference goes into the newest of them. */
async function carryProgress(store: Store, plan: SessionPlan): Promise<Carried> {
  const going = new Set(plan.rows.map(({ id }) => id));
  const spared = new Set<string>();
  let all: Progress = NO_PROGRESS;
  let staying: Progress = NO_PROGRESS;
  let last: LastWord | undefined;
  for await (const { event, isSound } of progressRows(store, plan.session.session_id)) {
    const isLast = isSound && event.event_type === PROGRESS_UPDATED;
    if (isLast) spared.clear();
    spared.add(event.id);
    all = foldProgress(all, event);
    const withIt = foldProgress(staying, event);
    if (isLast) last = { event, all, staying: withIt };
    if (!going.has(event.id)) staying = withIt;
  }
  if (last === undefined || JSON.stringify(sorted(last.all)) === JSON.stringify(sorted(last.staying))) {
    return { spared, carry: undefined };
  }
  const { sql, args } = isStillOver(plan);
  const inner = last.event.payload.progress;
  const own = typeof inner === "object" && inner !== null ? inner : {};
  const told = JSON.stringify({ ...own, ...last.all.keys });
  const carry = {
    sql: `UPDATE events SET payload = json_set(payload, '$.messages_processed', json(?), '$.progress', json(?)) WHERE id = ? AND ${sql}`,
    args: [String(last.all.messages), told, last.event.id, ...args],
  };
  return { spared, carry };
}

/** Everything but the catalogue, which makes up nearly all of a row; `isSound` when SQLite can change its payload. */
const PAYLOAD =
  "CASE WHEN json_valid(payload) THEN json_remove(payload, '$.tool_catalog', '$.runtime') ELSE payload END";

async function* progressRows(store: Store, sessionId: string) {
  for (let after = 0; ; ) {
    const rows = await query(
      store.database,
      `SELECT ${EVENT_COLUMNS.replace("CAST(payload AS BLOB)", `CAST(${PAYLOAD} AS BLOB)`)},
CASE WHEN json_valid(payload) THEN json_type(payload) = 'object' END AS sound FROM events
WHERE aggregate_type = 'session' AND aggregate_id = ? AND rowid > ? AND event_type IN (${list(PROGRESS_TYPES)})
ORDER BY rowid LIMIT ${READ_AT_ONCE}`,
      [sessionId, after],
    );
    for (const row of rows) yield { event: toStoredEvent(row), isSound: Number(row.sound) === 1 };
    const last = rows.at(-1);
    if (!last) return;
    after = Number(last.row_id);
  }
}

function sorted({ messages, keys }: Progress): unknown {
  return [messages, Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1))];
}

function list(types: readonly string[]): string {
  return types.map((type) => `'${type}'`).join(", ");
}
