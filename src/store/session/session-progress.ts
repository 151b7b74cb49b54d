import type { Payload } from "../../domain/event.ts";
import {
  foldProgress,
  NO_PROGRESS,
  PROGRESS_TYPES,
  type Progress,
  workflowProgress,
} from "../../domain/session/progress.ts";
import type { Session } from "../../domain/session/session.ts";
import { query } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";
import { breathe } from "./catch-up.ts";
import { projected, writeProjection } from "./projection.ts";

const CHUNK_ROWS = 200;
const WORKFLOW_LOOK_BACK = 300;
const TYPES = PROGRESS_TYPES.map((type) => `'${type}'`).join(", ");

/** Catalogues and runtime handles make up nearly all of a progress row and tell a reader nothing: they never leave SQLite. */
const LEAN_PAYLOAD = `CASE WHEN json_valid(payload)
THEN json_remove(payload, '$.tool_catalog', '$.runtime', '$.progress.runtime', '$.progress.tool_catalog') ELSE payload END`;

/**
 * How far a session is. The fold so far is kept beside the projection, so only rows that came since are read;
 * a session's first look may take a moment, in small steps that let others be answered.
 */
export function readProgress(store: Store, session: Session): Promise<Progress> {
  return projected(store, async () => {
    const own = await ownProgress(store, session.session_id);
    const workflow = session.execution_id === null ? {} : await latestWorkflow(store, session.execution_id);
    return { messages: own.messages, keys: { ...own.keys, ...workflow } };
  });
}

async function ownProgress(store: Store, sessionId: string): Promise<Progress> {
  const [kept] = await query(
    store.database,
    "SELECT progress, messages, progress_rowid FROM ouro_session WHERE session_id = ?",
    [sessionId],
  );
  let progress: Progress = kept?.progress
    ? { messages: Number(kept.messages), keys: JSON.parse(String(kept.progress)) }
    : NO_PROGRESS;
  const from = Number(kept?.progress_rowid ?? 0);
  let reached = from;
  for (;;) {
    const rows = await query(
      store.database,
      `SELECT rowid AS row_id, id, aggregate_type, aggregate_id, event_type,
CAST(timestamp AS BLOB) AS timestamp, CAST(${LEAN_PAYLOAD} AS BLOB) AS payload FROM events
WHERE aggregate_type = 'session' AND aggregate_id = ? AND rowid > ? AND event_type IN (${TYPES}) ORDER BY rowid LIMIT ?`,
      [sessionId, reached, CHUNK_ROWS],
    );
    for (const event of rows.map(toStoredEvent)) {
      progress = foldProgress(progress, event);
      reached = event.rowid;
    }
    if (rows.length < CHUNK_ROWS) break;
    await breathe();
  }
  if (reached > from) await keep(store, sessionId, progress, from, reached);
  return progress;
}

async function keep(store: Store, sessionId: string, progress: Progress, from: number, reached: number): Promise<void> {
  await writeProjection(store, [
    {
      sql: "UPDATE ouro_session SET progress = ?, messages = ?, progress_rowid = ? WHERE session_id = ? AND progress_rowid = ?",
      args: [JSON.stringify(progress.keys), progress.messages, reached, sessionId, from],
    },
  ]);
}

async function latestWorkflow(store: Store, executionId: string): Promise<Payload> {
  const [row] = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid = (
SELECT max(row_id) FROM (SELECT rowid AS row_id, event_type FROM events
WHERE aggregate_type = 'execution' AND aggregate_id = ? ORDER BY rowid DESC LIMIT ${WORKFLOW_LOOK_BACK})
WHERE event_type = 'workflow.progress.updated')`,
    [executionId],
  );
  return row ? workflowProgress(toStoredEvent(row).payload) : {};
}
