import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Payload } from "../domain/event.ts";
import { isJobEnded, type Job, type JobStatus, jobLink } from "../domain/job.ts";
import { NEEDS_HOST } from "../domain/session/pause-reason.ts";
import type { Progress } from "../domain/session/progress.ts";
import { parseTimestamp, toIsoTimestamp } from "../domain/timestamp.ts";
import { jobNotFound } from "../sessions/jobs/cancel-job.ts";
import { type JudgedJob, judgeJob } from "../sessions/jobs/judge-job.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { listJobIds } from "../store/jobs/jobs.ts";
import { readProgress } from "../store/session/session-progress.ts";

/** The truth about one job, as every surface shows it. Times are ISO 8601, UTC. */
export interface JobView {
  readonly job_id: string;
  readonly job_type: string;
  readonly status: JobStatus;
  readonly is_terminal: boolean;
  readonly result_available: boolean;
  /** What `job_wait` goes on from. */
  readonly cursor: number;
  readonly message: string | null;
  /** Why the status is what it is, where the job's own rows do not say it. */
  readonly note: string | null;
  readonly error: string | null;
  readonly session_id: string | null;
  readonly execution_id: string | null;
  readonly lineage_id: string | null;
  readonly links: Payload;
  readonly created_at: string;
  readonly updated_at: string;
  readonly ac_completed: number | null;
  readonly ac_total: number | null;
  readonly current_phase: string | null;
  readonly activity: string | null;
  /** What to do next, for a model. */
  readonly next: string;
}

/** A job's view beside what it was made from, for those who look at it again and again. */
export interface SeenJob {
  readonly view: JobView;
  readonly judged: JudgedJob;
  readonly progress: Progress | undefined;
}

/** Judges a job by its id and tells how far it is. */
export async function jobStatus(context: SessionContext, jobId: string): Promise<JobView | Refusal> {
  const seen = await seeJob(context, jobId);
  return isRefusal(seen) ? seen : seen.view;
}

/** The view of a job, going on from an earlier fold of its rows. */
export async function seeJob(context: SessionContext, jobId: string, known?: Job): Promise<SeenJob | Refusal> {
  const judged = await judgeJob(context, jobId, known);
  if (!judged) return jobNotFound(jobId);
  const { session } = judged;
  const progress = session && (await readProgress(context.store, session.facts.session));
  return { view: toView(judged, progress?.keys ?? {}), judged, progress };
}

/** Jobs, newest first, each as judged now; the cursor goes on where the page ends. */
export async function listJobs(
  context: SessionContext,
  { limit, cursor }: { readonly limit: number; readonly cursor: number | undefined },
): Promise<{ jobs: JobView[]; cursor: number | null }> {
  const { ids, next } = await listJobIds(context.store, { before: cursor ?? Number.MAX_SAFE_INTEGER, limit });
  const jobs: JobView[] = [];
  for (const id of ids) {
    const judged = await judgeJob(context, id);
    if (judged) jobs.push(toView(judged, {}));
  }
  return { jobs, cursor: next ?? null };
}

function toView(judged: JudgedJob, progress: Payload): JobView {
  const { job, verdict, session, scopes, picture } = judged;
  const cursor = picture.newestRowid;
  const isOver = isJobEnded(verdict.status);
  return {
    job_id: job.job_id,
    job_type: job.job_type,
    status: verdict.status,
    is_terminal: isOver,
    result_available: isOver,
    cursor,
    message: job.message,
    note: verdict.note,
    error: job.error,
    session_id: session?.facts.session.session_id ?? jobLink(job, "session_id"),
    execution_id: scopes.execution,
    lineage_id: scopes.lineage,
    links: job.links,
    created_at: iso(job.created_at),
    updated_at: iso(job.updated_at),
    ac_completed: count(progress.completed_count),
    ac_total: count(progress.total_count),
    current_phase: word(progress.current_phase),
    activity: word(progress.activity_detail) ?? word(progress.activity),
    next: nextStep(judged, cursor),
  };
}

function nextStep({ job, verdict, session }: JudgedJob, cursor: number): string {
  const id = session?.facts.session.session_id;
  if (verdict.resumable && session?.facts.session.reason === NEEDS_HOST) {
    return `ouroboros_claim_work {session_id: "${id}"} hands out a step; ouroboros_submit takes what came of it and goes on`;
  }
  if (verdict.resumable && id !== undefined) return `ouroboros_resume_session {session_id: "${id}"} goes on with it`;
  if (isJobEnded(verdict.status)) return `ouroboros_job_result {job_id: "${job.job_id}"} has its result`;
  return `ouroboros_job_wait {job_id: "${job.job_id}", cursor: ${cursor}} waits for what comes next`;
}

/** A stored time as ISO 8601; as it stands where it cannot be read. */
function iso(stored: string): string {
  const at = parseTimestamp(stored);
  return at === undefined ? stored : toIsoTimestamp(at);
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function word(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
