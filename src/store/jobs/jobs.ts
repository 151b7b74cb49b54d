import type { StoredEvent } from "../../domain/event.ts";
import { evolveJob, JOB_CREATED, type Job } from "../../domain/job.ts";
import { parseTimestamp } from "../../domain/timestamp.ts";
import { query } from "../engine/database.ts";
import { EVENT_COLUMNS, storedText, toStoredEvent } from "../row.ts";
import { breathe } from "../session/catch-up.ts";
import { SCOPE_CONDITIONS } from "../session/session-scopes.ts";
import type { Store } from "../store.ts";

/** The streams that tell of a job: its own, its lineage's, and all scopes of its session. */
export type JobScopes = {
  readonly job: string;
  readonly session: string | null;
  readonly execution: string | null;
  readonly lineage: string | null;
};

const CONDITIONS = [
  "aggregate_type = 'job' AND aggregate_id = :job",
  "aggregate_type = 'lineage' AND aggregate_id = :lineage",
  ...SCOPE_CONDITIONS,
];
const ROWS_AT_ONCE = 500;

/** A job with everything in its stream up to now, going on from an earlier fold; undefined when it has no row. */
export async function loadJob(store: Store, jobId: string, known?: Job): Promise<Job | undefined> {
  let job = known;
  for (;;) {
    const sql = `SELECT ${EVENT_COLUMNS} FROM events
WHERE aggregate_type = 'job' AND aggregate_id = ? AND rowid > ? ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`;
    const rows = await query(store.database, sql, [jobId, job?.newest_rowid ?? 0]);
    job = rows.map(toStoredEvent).reduce<Job | undefined>(evolveJob, job);
    if (rows.length < ROWS_AT_ONCE) return job;
    await breathe();
  }
}

/** How far a job's streams have come, all of one moment. Times are microseconds. */
export interface JobPicture {
  /** Of the job's own stream. */
  readonly jobRowid: number;
  /** Of any of its streams: what a reader's cursor is. */
  readonly newestRowid: number;
  /** Of the whole store: as long as that stays, nothing else has moved either. */
  readonly storeRowid: number;
  readonly newestAt: number | undefined;
  readonly now: number;
}

/** Reads where a job's streams stand. */
export async function readJobPicture(store: Store, scopes: JobScopes): Promise<JobPicture> {
  const [newest, tops, clock] = await store.database.read([
    {
      sql: `SELECT rowid AS row_id, aggregate_type, CAST(timestamp AS BLOB) AS timestamp FROM events
WHERE rowid IN (${CONDITIONS.map((condition) => `SELECT max(rowid) FROM events WHERE ${condition}`).join(" UNION ALL ")})`,
      args: scopes,
    },
    { sql: "SELECT max(rowid) AS top FROM events" },
    { sql: "SELECT unixepoch('subsec') AS now" },
  ]);
  const rows = (newest?.rows ?? []).map((row) => ({
    rowid: Number(row.row_id),
    isOwn: row.aggregate_type === "job",
    at: parseTimestamp(storedText(row.timestamp)),
  }));
  const times = rows.flatMap(({ at }) => (at === undefined ? [] : [at]));
  return {
    jobRowid: rows.find(({ isOwn }) => isOwn)?.rowid ?? 0,
    newestRowid: Math.max(0, ...rows.map(({ rowid }) => rowid)),
    storeRowid: Number(tops?.rows[0]?.top ?? 0),
    newestAt: times.length === 0 ? undefined : Math.max(...times),
    now: Number(clock?.rows[0]?.now) * 1e6,
  };
}

/** The newest rowid of the whole store: one seek, however large it is. */
export async function newestRowidOfAll(store: Store): Promise<number> {
  const [row] = await query(store.database, "SELECT max(rowid) AS top FROM events");
  return Number(row?.top ?? 0);
}

const SCOPE_ROWIDS = `SELECT row_id FROM (${CONDITIONS.map(
  (condition) => `SELECT rowid AS row_id FROM events WHERE ${condition} AND rowid > :after`,
).join(" UNION ALL ")}) WHERE row_id <= :upto ORDER BY row_id LIMIT :limit`;

/** Is there an event of a wanted type in a job's streams after one rowid and up to another? */
export async function someJobEvent(
  store: Store,
  scopes: JobScopes,
  { after, upto }: { readonly after: number; readonly upto: number },
  isWanted: (eventType: string) => boolean,
): Promise<boolean> {
  for (let reached = after; reached < upto; await breathe()) {
    const sql = `SELECT rowid AS row_id, event_type FROM events WHERE rowid IN (${SCOPE_ROWIDS}) ORDER BY rowid`;
    const rows = await query(store.database, sql, { ...scopes, after: reached, upto, limit: ROWS_AT_ONCE });
    if (rows.some((row) => isWanted(String(row.event_type)))) return true;
    if (rows.length < ROWS_AT_ONCE) return false;
    reached = Number(rows.at(-1)?.row_id);
  }
  return false;
}

/** The first events of a job's streams after a rowid and up to another, in commit order. */
export async function jobEvents(
  store: Store,
  scopes: JobScopes,
  bounds: { readonly after: number; readonly upto: number; readonly limit: number },
): Promise<StoredEvent[]> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (${SCOPE_ROWIDS}) ORDER BY rowid`;
  return (await query(store.database, sql, { ...scopes, ...bounds })).map(toStoredEvent);
}

/** Ids of jobs, newest first, of those created before a rowid; `next` goes on where they end. */
export async function listJobIds(
  store: Store,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<{ ids: string[]; next: number | undefined }> {
  const sql = `SELECT rowid AS row_id, aggregate_id FROM events
WHERE event_type = '${JOB_CREATED}' AND rowid < ? ORDER BY rowid DESC LIMIT ?`;
  const rows = await query(store.database, sql, [before, limit + 1]);
  const page = rows.slice(0, limit);
  return {
    ids: [...new Set(page.map((row) => String(row.aggregate_id)))],
    next: rows.length > limit ? Number(page.at(-1)?.row_id) : undefined,
  };
}
