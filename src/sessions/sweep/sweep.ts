import { failpoint } from "../../base/failpoint.ts";
import { logLine } from "../../base/log.ts";
import { StoreError } from "../../store/engine/store-error.ts";
import { type JobWindow, openJobs } from "../../store/jobs/python-jobs.ts";
import { breathe } from "../../store/session/catch-up.ts";
import { type LeaseFilter, openSessionIds } from "../../store/session/leases.ts";
import { closeJob } from "../jobs/close-job.ts";
import type { SessionContext } from "../session-context.ts";
import { type SweptSession, sweepSession } from "./sweep-session.ts";

/** Which sessions a sweep looks at, and where it stops. */
export interface SweepBounds {
  /** Written into every verdict of this sweep, so that it can be undone as a whole. */
  readonly batchId: string;
  readonly leases: LeaseFilter;
  readonly maxSessions: number;
  readonly maxMs: number;
  /** Go on after this session id. */
  readonly after: string;
  readonly signal: AbortSignal;
  /** Open jobs by session, where several slices share one reading of them. */
  readonly jobs?: JobsOfSessions;
}

export interface SweepResult {
  readonly swept: readonly SweptSession[];
  /** Where a following sweep goes on; undefined when everything was looked at. */
  readonly next: string | undefined;
}

const IDS_AT_ONCE = 50;
const JOBS_AT_ONCE = 500;
const RECENT_JOBS = 2_000;

/** Judges running sessions one by one within its bounds, writing whole verdicts only; stops between two of them when aborted. */
export async function sweep(context: SessionContext, bounds: SweepBounds): Promise<SweepResult> {
  const deadline = performance.now() + bounds.maxMs;
  const swept: SweptSession[] = [];
  const jobs = bounds.jobs ?? new JobsOfSessions(context);
  let after = bounds.after;
  for (;;) {
    const limit = Math.min(IDS_AT_ONCE, bounds.maxSessions - swept.length);
    const ids = await openSessionIds(context.store, { after, limit, leases: bounds.leases });
    for (const id of ids) {
      // One at least, or a store that is slow to answer would be asked the same again for ever.
      const isLate = swept.length > 0 && performance.now() > deadline;
      if (bounds.signal.aborted || isLate) return { swept, next: after };
      try {
        swept.push(await sweepSession(context, id, { batchId: bounds.batchId, jobs: await jobs.of(id) }));
      } catch (error) {
        if (isOfOneSession(error)) swept.push({ session_id: id, outcome: "failed", verdict: undefined });
        // What was written is told first; the trouble, if it stays, meets the sweep that goes on from here.
        else if (swept.length > 0) return { swept, next: after };
        else throw error;
      }
      after = id;
      await breathe();
    }
    if (ids.length < limit) return { swept, next: undefined };
    if (swept.length >= bounds.maxSessions) return { swept, next: after };
  }
}

/** Damage that one session's rows may have; it must not keep the sweep from all the others. */
function isOfOneSession(error: unknown): boolean {
  if (!(error instanceof StoreError) || (error.code !== "store_corrupt" && error.code !== "store_failed")) return false;
  logLine(`${error.message}. ${error.next}`);
  return true;
}

/** The open jobs of a session among the newest ones, read once and only if there is something to sweep. */
export class JobsOfSessions {
  readonly #context: SessionContext;
  #newest: Promise<JobWindow> | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  async of(sessionId: string): Promise<string[]> {
    this.#newest ??= openJobs(this.#context.store, { before: Number.MAX_SAFE_INTEGER, window: RECENT_JOBS });
    return (await this.#newest).jobs.filter((job) => job.sessionId === sessionId).map((job) => job.jobId);
  }
}

/**
 * Records the end of jobs that nobody else will end: their server died before it could. Returns how many were closed and
 * where to go on.
 */
export async function sweepJobs(
  context: SessionContext,
  before: number,
): Promise<{ closed: number; next: number | undefined }> {
  const { jobs, next } = await openJobs(context.store, { before, window: JOBS_AT_ONCE });
  let closed = 0;
  for (const { jobId } of jobs) {
    failpoint("sweep:job:before");
    const isClosed = await closeJob(context, jobId);
    failpoint("sweep:job:after");
    if (isClosed) closed++;
    await breathe();
  }
  return { closed, next };
}

/** Says on stderr what a sweep wrote, one line a session, so that nobody wonders who ended their run. */
export function logSwept(swept: readonly SweptSession[]): void {
  for (const { session_id, outcome, verdict } of swept) {
    if (outcome === "cancelled" || outcome === "paused") logLine(`${outcome} ${session_id}: ${verdict?.why}`);
  }
}
