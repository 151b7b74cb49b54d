import { failpoint } from "../../base/failpoint.ts";
import { nextForId } from "../../base/id-kind.ts";
import { newId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { isJobEnded, JOB_UPDATED } from "../../domain/job.ts";
import { isTerminal } from "../../domain/session/session.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import { appendToOpenJob, endJob } from "../../store/jobs/python-jobs.ts";
import { cancelExecution } from "../cancel-execution.ts";
import type { SessionContext } from "../session-context.ts";
import { jobEnd } from "./close-job.ts";
import { type JudgedJob, judgeJob } from "./judge-job.ts";

export interface CancelJobRequest {
  readonly jobId: string;
  readonly reason: string;
  /** `user`, `mcp_tool`. */
  readonly by: string;
  readonly signal?: AbortSignal;
}

/** What a cancellation came to; how the job stands then is read afresh. */
export interface CancelledJob {
  readonly outcome: "already_ended" | "cancelled" | "cancel_requested";
  /** One sentence for a person. */
  readonly note: string;
}

/**
 * Cancels a job: with the session it runs where it is linked to one, else by asking its owner, and by recording the end
 * where that owner is gone. A job that has ended is left as it is, and that is no error.
 */
export async function cancelJob(context: SessionContext, request: CancelJobRequest): Promise<CancelledJob | Refusal> {
  const judged = await judgeJob(context, request.jobId);
  if (!judged) return jobNotFound(request.jobId);
  const { job, verdict, session } = judged;
  if (isJobEnded(job.status)) return ended(job.status);
  // A session that paused or went stale under its job can still be cancelled, and that is what is asked for.
  if (session && !isTerminal(session.facts.session.status))
    return withSession(context, request, session.facts.session.session_id);
  if (verdict.rule === "session_ended" || verdict.rule === "session_cleaned_up") return ended(verdict.status);
  return alone(context, request, judged);
}

/** The refusal for an id that names no job here. */
export function jobNotFound(jobId: string): Refusal {
  return refuse(
    "job_handle_not_found",
    `Job not found: ${jobId}`,
    nextForId(jobId, ["job_"], "`ouroboros job list` lists the jobs of this store"),
    { job_id: jobId },
  );
}

async function withSession(
  context: SessionContext,
  { reason, by, signal }: CancelJobRequest,
  id: string,
): Promise<CancelledJob | Refusal> {
  const done = await cancelExecution(context, { id, reason, by, ...(signal === undefined ? {} : { signal }) });
  if (isRefusal(done)) return done.code === "already_ended" ? ended(String(done.facts.status)) : done;
  if (done.new_status === "cancelled") return { outcome: "cancelled", note: `its session ${id} has been cancelled` };
  return { outcome: "cancel_requested", note: `the owner of its session ${id} was asked to stop` };
}

async function alone(
  { store }: SessionContext,
  { jobId, reason, by }: CancelJobRequest,
  judged: JudgedJob,
): Promise<CancelledJob> {
  const { job, verdict, picture } = judged;
  const at = store.stamp(picture.newestAt);
  if (isJobEnded(verdict.status)) {
    const note = `cancelled by ${by} (${reason}); ${verdict.note}`;
    failpoint("cancel-job:end:before");
    const written = await endJob(store, jobEnd({ job, verdict: { ...verdict, status: "cancelled", note } }, at));
    failpoint("cancel-job:end:after");
    return written ? { outcome: "cancelled", note } : ended("over by now");
  }
  if (job.status === "cancel_requested")
    return { outcome: "cancel_requested", note: "its owner had been asked before" };
  const payload = { status: "cancel_requested", message: reason, cancelled_by: by, timestamp: toIsoTimestamp(at) };
  const event = { id: newId(), aggregate_type: "job", aggregate_id: jobId, event_type: JOB_UPDATED, payload, at };
  failpoint("cancel-job:request:before");
  const written = await appendToOpenJob(store, event);
  failpoint("cancel-job:request:after");
  return written ? { outcome: "cancel_requested", note: "its owner was asked to stop" } : ended("over by now");
}

function ended(status: string): CancelledJob {
  return { outcome: "already_ended", note: `nothing to cancel: it is already ${status}` };
}
