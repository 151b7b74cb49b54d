import type { Payload, StoredEvent } from "./event.ts";

/** The words a job's status can have, shared with upstream; the last four end it. */
export const JOB_STATUSES = [
  "queued",
  "running",
  "cancel_requested",
  "completed",
  "failed",
  "cancelled",
  "interrupted",
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const OPEN_STATUSES: readonly JobStatus[] = JOB_STATUSES.slice(0, 3);
export const JOB_CREATED = "mcp.job.created";
export const JOB_UPDATED = "mcp.job.updated";
const JOB_ENDS: Readonly<Record<string, JobStatus>> = {
  "mcp.job.completed": "completed",
  "mcp.job.failed": "failed",
  "mcp.job.cancelled": "cancelled",
  "mcp.job.interrupted": "interrupted",
};

/** The process that a job's first row names as its owner; what it does not say is null. */
export interface JobOwner {
  readonly pid: number | null;
  readonly boot: string | null;
  readonly start_ticks: string | null;
  readonly machine: string | null;
  readonly pid_namespace: string | null;
}

/** One job as its own stream tells it: the fold of its rows in commit order. */
export interface Job {
  readonly job_id: string;
  readonly job_type: string;
  readonly status: JobStatus;
  readonly message: string | null;
  /** All links that any row names; later rows add to them and take none away. */
  readonly links: Payload;
  readonly owner: JobOwner | undefined;
  readonly created_at: string;
  /** Commit order of the row that created it; of its first row where there is no such row. */
  readonly created_rowid: number;
  readonly updated_at: string;
  readonly result_text: string | null;
  readonly result_meta: Payload | null;
  readonly error: string | null;
  readonly newest_rowid: number;
}

/** Has the job ended? */
export function isJobEnded(status: JobStatus): boolean {
  return !OPEN_STATUSES.includes(status);
}

/** The id a job's links hold under a name. */
export function jobLink({ links }: Job, name: "session_id" | "execution_id" | "lineage_id"): string | null {
  return text(links[name]);
}

/**
 * Folds one row of a job's stream. The first end absorbs everything after it, and nobody's belated progress row takes a
 * request to cancel back: upstream's monitor writes down the status it had read some seconds before.
 */
export function evolveJob(job: Job | undefined, event: StoredEvent): Job {
  const before = job ?? unseen(event);
  if (event.rowid <= before.newest_rowid) return before;
  const after = { ...before, newest_rowid: event.rowid };
  if (isJobEnded(before.status)) return after;
  const { payload, timestamp } = event;
  const told = {
    links: { ...before.links, ...namedLinks(payload.links) },
    message: text(payload.message) ?? before.message,
    updated_at: timestamp,
  };
  const end = JOB_ENDS[event.event_type];
  if (end !== undefined) return { ...after, ...told, status: end, ...outcome(payload) };
  const status = later(before.status, payload.status);
  if (event.event_type !== JOB_CREATED) return { ...after, ...told, status };
  return {
    ...after,
    ...told,
    status,
    job_type: text(payload.job_type) ?? before.job_type,
    owner: ownerOf(payload),
    created_at: timestamp,
    created_rowid: event.rowid,
  };
}

function unseen(event: StoredEvent): Job {
  return {
    job_id: event.aggregate_id,
    job_type: "unknown",
    status: "queued",
    message: null,
    links: {},
    owner: undefined,
    created_at: event.timestamp,
    created_rowid: event.rowid,
    updated_at: event.timestamp,
    result_text: null,
    result_meta: null,
    error: null,
    newest_rowid: 0,
  };
}

/** Of two open statuses the later one; a word that ends a job counts only as the type of a row. */
function later(status: JobStatus, word: unknown): JobStatus {
  const open: readonly unknown[] = OPEN_STATUSES;
  return OPEN_STATUSES[Math.max(open.indexOf(word), open.indexOf(status))] ?? status;
}

function outcome(payload: Payload): Pick<Job, "result_text" | "result_meta" | "error"> {
  return {
    result_text: text(payload.result_text),
    result_meta: isObject(payload.result_meta) ? payload.result_meta : null,
    error: text(payload.error),
  };
}

function ownerOf(payload: Payload): JobOwner | undefined {
  const identity = isObject(payload.owner_identity) ? payload.owner_identity : {};
  const pid = identity.pid ?? payload.owner_pid;
  if (typeof pid !== "number") return undefined;
  const ticks = identity.start_ticks;
  return {
    pid,
    boot: text(identity.boot_id),
    start_ticks: typeof ticks === "number" || typeof ticks === "string" ? String(ticks) : null,
    machine: text(identity.machine),
    pid_namespace: text(identity.pid_namespace),
  };
}

function namedLinks(links: unknown): Payload {
  return isObject(links) ? Object.fromEntries(Object.entries(links).filter(([, value]) => value !== null)) : {};
}

function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
