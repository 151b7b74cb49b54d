import { type Job, type JobOwner, jobLink } from "../../domain/job.ts";
import { type JobVerdict, jobVerdict } from "../../domain/job-verdict.ts";
import type { OwnerState } from "../../domain/session/verdict.ts";
import type { ProcessIdentity } from "../../process/identity.ts";
import { isPid, probe, probePid, systemProcesses } from "../../process/liveness.ts";
import { type JobPicture, type JobScopes, loadJob, readJobPicture } from "../../store/jobs/jobs.ts";
import { findByExecution } from "../../store/session/sessions.ts";
import { type Judgement, judgeSession, type SessionContext } from "../session-context.ts";

/** A job judged now: its rows, its session's verdict, its own, and how far its streams had come just before. */
export interface JudgedJob {
  readonly job: Job;
  readonly verdict: JobVerdict;
  /** Of the session it is linked to, where there is one. */
  readonly session: Judgement | undefined;
  readonly scopes: JobScopes;
  readonly picture: JobPicture;
  readonly owner: { readonly state: OwnerState; readonly why: string };
}

/** Judges one job by what the store and its owner's process say at this moment; undefined when it has no row. Writes nothing. */
export async function judgeJob(context: SessionContext, jobId: string, known?: Job): Promise<JudgedJob | undefined> {
  const { store, policy, identity } = context;
  const job = await loadJob(store, jobId, known);
  if (!job) return undefined;
  const execution = jobLink(job, "execution_id");
  const linked = jobLink(job, "session_id") ?? (execution && (await findByExecution(store, execution))) ?? null;
  const before = linked === null ? undefined : await judgeSession(context, linked);
  const scopes: JobScopes = {
    job: jobId,
    session: linked,
    execution: before?.facts.session.execution_id ?? execution,
    lineage: jobLink(job, "lineage_id"),
  };
  const picture = await readJobPicture(store, scopes);
  // A cursor must never be ahead of what is told with it.
  if (picture.jobRowid > job.newest_rowid) return judgeJob(context, jobId, job);
  const moved = before !== undefined && picture.newestRowid > before.facts.newestRowid;
  const session = moved && linked !== null ? await judgeSession(context, linked) : before;
  const owner = jobOwnerState(job.owner, identity);
  const verdict = jobVerdict(job, {
    session: session && sessionFacts(session),
    owner,
    newest_at: picture.newestAt,
    now: picture.now,
    threshold: policy.thresholdMicros,
  });
  return { job, verdict, session, scopes, picture, owner };
}

function sessionFacts({ facts: { session, lease }, verdict }: Judgement) {
  return {
    status: session.status,
    status_rowid: session.status_rowid,
    status_by: session.status_by,
    reason: session.reason,
    liveness: verdict.liveness,
    why: verdict.why,
    cancel_requested_by: lease?.cancelRequestedBy ?? null,
  };
}

/**
 * What this machine can say about a job's owner. Upstream records no pid namespace: that its process is not to be seen
 * here then proves nothing, but the same pid of the same boot with the same start is no coincidence.
 */
function jobOwnerState(
  owner: JobOwner | undefined,
  self: ProcessIdentity,
): { readonly state: OwnerState; readonly why: string } {
  if (owner?.pid === undefined || owner.pid === null) return { state: "unknown", why: "the job names no process" };
  const { pid, boot, start_ticks, machine, pid_namespace } = owner;
  if (!isPid(pid)) return { state: "unknown", why: "not a pid" };
  if (machine !== null && pid_namespace !== null) {
    return probe({ machine, boot, pid_namespace, pid, start_ticks }, self);
  }
  if (boot === null || boot !== self.boot)
    return { state: "unknown", why: "another boot or machine, or an unknown one" };
  const { state, why, facts } = probePid(pid, start_ticks, systemProcesses);
  const agrees = state === "alive" && start_ticks !== null && facts.found_start_ticks === start_ticks;
  return agrees ? { state, why } : { state: "unknown", why: `${why}, but its pid namespace is not known` };
}
