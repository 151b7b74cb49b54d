import type { NewEvent } from "../../domain/event.ts";
import { type Guard, insertEvent, mustBeWritable } from "../append.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";

/** A job of upstream's that was created and never ended. */
interface OpenJob {
  readonly jobId: string;
  readonly sessionId: string | null;
}

/** The open ones among so many created jobs, and the rowid to go on before; undefined when there are no older ones. */
export interface JobWindow {
  readonly jobs: readonly OpenJob[];
  readonly next: number | undefined;
}

/** The types that end a job, as SQL text. */
const JOB_ENDS = ["completed", "failed", "cancelled", "interrupted"].map((word) => `'mcp.job.${word}'`).join(", ");

const WINDOW = `SELECT rowid AS row_id FROM events
WHERE event_type = 'mcp.job.created' AND rowid < :before ORDER BY rowid DESC LIMIT :window`;

/**
 * Looks through the newest `window` jobs created before a rowid, newest first. Both the jobs and their ends are found by
 * event type, and an end comes after its beginning: what is read does not grow with the history.
 */
export async function openJobs(store: Store, args: { before: number; window: number }): Promise<JobWindow> {
  const [bounds, open] = await store.database.read([
    { sql: `SELECT min(row_id) AS oldest, count(*) AS created FROM (${WINDOW})`, args },
    {
      sql: `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (${WINDOW}) AND aggregate_id NOT IN (
SELECT aggregate_id FROM events WHERE event_type IN (${JOB_ENDS}) AND rowid > (SELECT min(row_id) FROM (${WINDOW})))
ORDER BY rowid DESC`,
      args,
    },
  ]);
  const seen = bounds?.rows[0];
  return {
    jobs: (open?.rows ?? []).map(toStoredEvent).map(({ aggregate_id, payload }) => ({
      jobId: aggregate_id,
      sessionId: sessionOf(payload.links),
    })),
    next: Number(seen?.created) === args.window ? Number(seen?.oldest) : undefined,
  };
}

/** Holds while a job has no end: it may have ended since it was listed, and its rows are in none of a session's scopes. */
export function jobStillOpen(jobId: string): Guard {
  return {
    sql: `NOT EXISTS (SELECT 1 FROM events WHERE aggregate_type = 'job' AND aggregate_id = ?
AND event_type IN (${JOB_ENDS}))`,
    args: [jobId],
  };
}

/** Ends a job with this event unless it has ended by now; true when it was this event that did. */
export function endJob(store: Store, event: NewEvent): Promise<boolean> {
  return appendToOpenJob(store, event);
}

/** Appends to the stream of a job unless that has ended by now; true when the event was written. */
export async function appendToOpenJob(store: Store, event: NewEvent): Promise<boolean> {
  mustBeWritable(store);
  const [inserted] = await store.database.write([insertEvent(event, jobStillOpen(event.aggregate_id))]);
  return inserted?.rowsAffected === 1;
}

function sessionOf(links: unknown): string | null {
  if (typeof links !== "object" || links === null || !("session_id" in links)) return null;
  return typeof links.session_id === "string" ? links.session_id : null;
}
