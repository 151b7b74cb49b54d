import { resolve, sep } from "node:path";
import { isTerminal, type Session } from "../../domain/session/session.ts";
import { parseTimestamp } from "../../domain/timestamp.ts";
import { query } from "../engine/database.ts";
import { storedText } from "../row.ts";
import { breathe, catchUp, caughtUp } from "../session/catch-up.ts";
import { SESSION_COLUMNS, toSession } from "../session/session-rows.ts";
import { SCOPE_CONDITIONS } from "../session/session-scopes.ts";
import type { Store } from "../store.ts";
import { expendable, type RowFacts } from "./retention.ts";

/** Whose bulky rows may go: those of sessions that ended long enough ago, but for the newest of each project. */
export interface RetentionPolicy {
  readonly olderThanMs: number;
  /** Only sessions that worked in this folder or below it. */
  readonly project?: string | undefined;
  /** So many of each project's newest sessions are left whole. */
  readonly keepLast: number;
}

/** A session with rows that may go. */
export interface SessionPlan {
  readonly session: Session;
  /** The newest rowid of its own stream: after it nothing has been looked at. */
  readonly seen: number;
  readonly rows: readonly RowFacts[];
  readonly bytes: number;
  /** Somebody holds it by a lease, whatever its status says. */
  readonly isHeld: boolean;
}

/** Which sessions of a store a policy is about. Each is planned by itself, so that a store of any size fits. */
export async function sessionsToCompact(store: Store, policy: RetentionPolicy): Promise<Session[]> {
  await catchUp(store);
  // Rows of an execution that several sessions share belong to each of them: such sessions are left whole.
  const sql = `SELECT ${SESSION_COLUMNS} FROM ouro_session AS s WHERE s.execution_id IS NULL OR NOT EXISTS (
SELECT 1 FROM ouro_session AS o WHERE o.execution_id = s.execution_id AND o.session_id <> s.session_id)
ORDER BY s.started_at DESC, s.session_id DESC`;
  const all = (await caughtUp(store, () => query(store.database, sql))).map(toSession);
  const before = (await nowOf(store)) - policy.olderThanMs * 1000;
  const met = new Map<string | null, number>();
  return all.filter((session) => {
    const nth = (met.get(session.cwd) ?? 0) + 1;
    met.set(session.cwd, nth);
    const endedAt = parseTimestamp(session.status_at);
    return (
      nth > policy.keepLast &&
      isTerminal(session.status) &&
      endedAt !== undefined &&
      endedAt < before &&
      (policy.project === undefined || isWithin(session.cwd, policy.project))
    );
  });
}

/** What may go of a session that has ended; undefined when nothing may. */
export async function planSession(store: Store, session: Session): Promise<SessionPlan | undefined> {
  const args = { session: session.session_id, execution: session.execution_id };
  const scopes = SCOPE_CONDITIONS.map((condition) => `SELECT rowid FROM events WHERE ${condition}`);
  const [rows, tops, leases] = await store.database.read([
    {
      sql: `SELECT rowid AS row_id, id, aggregate_type || ' ' || aggregate_id AS stream, event_type,
CAST(timestamp AS BLOB) AS timestamp, octet_length(payload) AS bytes FROM events WHERE rowid IN (${scopes.join(" UNION ")}) ORDER BY rowid`,
      args,
    },
    {
      sql: "SELECT max(rowid) AS top FROM events WHERE aggregate_type = 'session' AND aggregate_id = ?",
      args: [session.session_id],
    },
    { sql: `SELECT ${IS_HELD} AS held`, args: { session: session.session_id } },
  ]);
  await breathe();
  const facts = (rows?.rows ?? []).map((row) => ({
    rowid: Number(row.row_id),
    id: String(row.id),
    stream: String(row.stream),
    type: String(row.event_type),
    timestamp: storedText(row.timestamp),
    bytes: Number(row.bytes),
  }));
  const pointed = await pointedAt(store, session);
  const loose = expendable(facts, session.status_rowid).filter(({ rowid }) => !pointed.has(rowid));
  if (loose.length === 0) return undefined;
  return {
    session,
    seen: Number(tops?.rows[0]?.top ?? 0),
    rows: loose,
    bytes: loose.reduce((sum, row) => sum + row.bytes, 0),
    isHeld: Number(leases?.rows[0]?.held) === 1,
  };
}

/** SQL for whether the session of `:session` has a live lease. */
export const IS_HELD =
  "EXISTS (SELECT 1 FROM ouro_lease WHERE session_id = :session AND expires_at > unixepoch('subsec'))";

/** Rows that upstream's later generation names by their rowid in tables of its own. */
async function pointedAt(store: Store, { session_id, execution_id }: Session): Promise<ReadonlySet<number>> {
  if (store.shape.generation !== "v0.51") return new Set();
  const [table] = await query(
    store.database,
    "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'dashboard_picker_progress_v1'",
  );
  if (!table) return new Set();
  const rows = await query(
    store.database,
    "SELECT latest_valid_rowid, latest_running_rowid, latest_snapshot_rowid FROM dashboard_picker_progress_v1 WHERE aggregate_id IN (?, ?)",
    [session_id, execution_id],
  );
  return new Set(rows.flatMap((row) => [0, 1, 2].map((column) => Number(row[column] ?? 0))));
}

async function nowOf(store: Store): Promise<number> {
  const [row] = await query(store.database, "SELECT unixepoch('subsec') AS now");
  return Number(row?.now) * 1e6;
}

function isWithin(folder: string | null, project: string): boolean {
  if (folder === null) return false;
  const root = resolve(project);
  return resolve(folder) === root || resolve(folder).startsWith(root.endsWith(sep) ? root : root + sep);
}
