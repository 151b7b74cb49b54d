import type { NewEvent } from "../../domain/event.ts";
import { isJobEnded } from "../../domain/job.ts";
import { endJob } from "../../store/jobs/python-jobs.ts";
import { jobEnded } from "../conclusions.ts";
import type { SessionContext } from "../session-context.ts";
import { type JudgedJob, judgeJob } from "./judge-job.ts";

/** A server of upstream's writes its job's end, with the result in it, a moment after the session's. */
const GRACE_MICROS = 60e6;

/**
 * Records the end of a job that nobody else will record: its session has ended or paused since, or its owner is gone.
 * True when this wrote it; what a reader is shown of the job is the same before and after.
 */
export async function closeJob(context: SessionContext, jobId: string): Promise<boolean> {
  const judged = await judgeJob(context, jobId);
  if (!judged || !isOverForGood(judged)) return false;
  return endJob(context.store, jobEnd(judged, context.store.stamp(judged.picture.newestAt)));
}

/** The row that records a judged end, under the id that v0.51 closes such a job with: whoever comes second changes nothing. */
export function jobEnd({ job, verdict }: Pick<JudgedJob, "job" | "verdict">, at: number): NewEvent {
  return jobEnded(job.job_id, at, verdict.status, verdict.note ?? "");
}

function isOverForGood({ job, verdict, owner, picture }: JudgedJob): boolean {
  if (isJobEnded(job.status) || !isJobEnded(verdict.status)) return false;
  switch (verdict.rule) {
    case "session_ended":
      return owner.state !== "alive" && picture.now - (picture.newestAt ?? 0) > GRACE_MICROS;
    case "session_paused":
      return owner.state !== "alive";
    case "session_cleaned_up":
    case "owner_died":
    case "silent":
      return true;
    default:
      return false; // of a stale session, whose own clean-up ends its jobs with it
  }
}
