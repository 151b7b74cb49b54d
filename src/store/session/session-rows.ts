import type { Session, SessionStatus } from "../../domain/session/session.ts";
import type { Rows, Statement } from "../engine/database.ts";

/** The columns of `ouro_session` that hold the fold, by name: a newer program may have added others. */
const COLUMNS = [
  "session_id",
  "status",
  "execution_id",
  "seed_id",
  "goal",
  "cwd",
  "has_start",
  "started_at",
  "status_at",
  "status_event_id",
  "status_rowid",
  "status_by",
  "reason",
  "batch_id",
  "epoch",
  "folded_rowid",
] as const satisfies readonly (keyof Session)[];

export const SESSION_COLUMNS = COLUMNS.join(", ");

/** The condition of the index over open sessions, word for word: SQLite uses a partial index only for a query that repeats it. */
export const IS_OPEN = "IN ('running', 'paused')";

const UPDATES = COLUMNS.slice(1)
  .map((name) => `${name} = excluded.${name}`)
  .join(", ");
const FROM_JSON = COLUMNS.map((name) => `json_extract(one.value, '$.${name}')`).join(", ");
/** Never REPLACE: that would drop columns this program does not know. Never backwards: another fold may be ahead. */
const ON_CONFLICT = `ON CONFLICT (session_id) DO UPDATE SET ${UPDATES} WHERE excluded.folded_rowid > ouro_session.folded_rowid`;

/** A row of `ouro_session` as the fold it holds. */
export function toSession(row: Rows["rows"][number]): Session {
  const text = (name: string) => (row[name] === null || row[name] === undefined ? null : String(row[name]));
  return {
    session_id: String(row.session_id),
    status: String(row.status) as SessionStatus, // written by this file alone, from a Session
    execution_id: text("execution_id"),
    seed_id: text("seed_id"),
    goal: text("goal"),
    cwd: text("cwd"),
    has_start: Number(row.has_start) === 1,
    started_at: String(row.started_at),
    status_at: String(row.status_at),
    status_event_id: String(row.status_event_id),
    status_rowid: Number(row.status_rowid),
    status_by: text("status_by"),
    reason: text("reason"),
    batch_id: text("batch_id"),
    epoch: Number(row.epoch),
    folded_rowid: Number(row.folded_rowid),
  };
}

/**
 * Writes folds, each only where it is ahead of what stands there. A fold of a whole stream may be written at any time;
 * one that begins at the watermark only while that still stands (`watermark`), or rows before it might be missing.
 */
export function upsertSessions(sessions: readonly Session[], watermark?: string): Statement {
  const holds = watermark === undefined ? "TRUE" : "(SELECT value FROM ouro_meta WHERE key = 'watermark') = :watermark";
  return {
    sql: `INSERT INTO ouro_session (${SESSION_COLUMNS}) SELECT ${FROM_JSON} FROM json_each(:rows) AS one
WHERE ${holds} ${ON_CONFLICT}`,
    args: { rows: JSON.stringify(sessions), ...(watermark === undefined ? {} : { watermark }) },
  };
}

/** Moves the projection along with an event of ours in the same batch: applied only if that event is in the store. */
export function upsertWithEvent(session: Session, eventId: string): Statement {
  const named = COLUMNS.map((name) =>
    name === "folded_rowid" || (name === "status_rowid" && session.status_event_id === eventId)
      ? "event.rowid"
      : `json_extract(:row, '$.${name}')`,
  );
  return {
    sql: `INSERT INTO ouro_session (${SESSION_COLUMNS}) SELECT ${named.join(", ")} FROM events AS event
WHERE event.id = :event ${ON_CONFLICT}`,
    args: { row: JSON.stringify(session), event: eventId },
  };
}
