import { query } from "./database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "./row.ts";
import type { Store } from "./store.ts";

/** A job of upstream's that was created and never ended. */
export interface OpenJob {
  readonly jobId: string;
  readonly createdRowid: number;
  readonly sessionId: string | null;
}

/** The types that end a job, as SQL text. */
export const JOB_ENDS = ["completed", "failed", "cancelled", "interrupted"]
  .map((word) => `'mcp.job.${word}'`)
  .join(", ");

/** Open jobs, newest first, before a rowid: found by event type, so job streams are never walked. */
export async function openJobs(store: Store, options: { before: number; limit: number }): Promise<OpenJob[]> {
  const rows = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events AS made WHERE event_type = 'mcp.job.created' AND rowid < ?
AND aggregate_id NOT IN (SELECT aggregate_id FROM events WHERE event_type IN (${JOB_ENDS})) ORDER BY rowid DESC LIMIT ?`,
    [options.before, options.limit],
  );
  return rows.map(toStoredEvent).map(({ aggregate_id, rowid, payload }) => ({
    jobId: aggregate_id,
    createdRowid: rowid,
    sessionId: sessionOf(payload.links),
  }));
}

function sessionOf(links: unknown): string | null {
  if (typeof links !== "object" || links === null || !("session_id" in links)) return null;
  return typeof links.session_id === "string" ? links.session_id : null;
}
