import { isJobEnded, type Job, type JobStatus } from "./job.ts";
import { pauseWords } from "./session/pause-reason.ts";
import { AUTO_CLEANUP, isTerminal, type SessionStatus } from "./session/session.ts";
import type { Liveness, OwnerState } from "./session/verdict.ts";

/** What a job's status rests on besides its own rows. Times are microseconds, `now` is the store's clock. */
export interface JobFacts {
  /** The session it is linked to, as judged now. */
  readonly session:
    | {
        readonly status: SessionStatus;
        readonly status_rowid: number;
        readonly status_by: string | null;
        readonly reason: string | null;
        readonly liveness: Liveness;
        readonly why: string;
        readonly cancel_requested_by: string | null;
      }
    | undefined;
  readonly owner: { readonly state: OwnerState; readonly why: string };
  /** The newest readable time in any scope of the job. */
  readonly newest_at: number | undefined;
  readonly now: number;
  readonly threshold: number;
}

/** A job's status now, and on what grounds. */
export interface JobVerdict {
  readonly status: JobStatus;
  readonly rule: string;
  /** One sentence for a person; null where the rows speak for themselves. */
  readonly note: string | null;
  /** Whether its session can be taken up where it stands. */
  readonly resumable: boolean;
}

/** Judges a job: its own end, then its session's truth, then its owner, then silence. Nothing needs to be written for it. */
export function jobVerdict(job: Job, facts: JobFacts): JobVerdict {
  const { session } = facts;
  const isRunning = session?.status === "running";
  if (isJobEnded(job.status)) {
    const goesOn = isRunning && session.liveness === "live";
    const resumable = job.status === "interrupted" && session?.status === "paused";
    return verdict(job.status, "recorded", goesOn ? "the job has ended, but its session is running" : null, resumable);
  }
  // What was decided before the job began says nothing about it: it may be about to resume that very session.
  if (session && (isRunning || session.status_rowid > job.created_rowid)) return bySession(job, session);
  return byOwner(job, facts);
}

function bySession(job: Job, session: NonNullable<JobFacts["session"]>): JobVerdict {
  const reason = session.reason === null ? "" : `: ${pauseWords(session.reason)}`;
  if (session.status === "cancelled" && session.status_by === AUTO_CLEANUP) {
    return verdict("interrupted", "session_cleaned_up", `a clean-up cancelled its session${reason}`, true);
  }
  if (isTerminal(session.status)) {
    const note = `its session is ${session.status}${reason}`;
    // Its five words are the same ones, but only these three are left here.
    return verdict(session.status as JobStatus, "session_ended", note, session.status === "failed");
  }
  if (session.status === "paused")
    return verdict("interrupted", "session_paused", `its session is paused${reason}`, true);
  if (session.cancel_requested_by !== null) {
    const note = `${session.cancel_requested_by} asked for its cancellation`;
    return verdict("cancel_requested", "session_cancel_requested", note, false);
  }
  if (session.liveness === "stale") return verdict("interrupted", "session_stale", session.why, true);
  const status = job.status === "cancel_requested" ? job.status : "running";
  const note = session.liveness === "live" ? null : `${session.liveness}: ${session.why}`;
  return verdict(status, `session_${session.liveness}`, note, false);
}

function byOwner(job: Job, { owner, newest_at, now, threshold }: JobFacts): JobVerdict {
  // With a request standing, an owner that is gone has done what was asked.
  const end = job.status === "cancel_requested" ? "cancelled" : "interrupted";
  if (owner.state === "dead") return verdict(end, "owner_died", `its owner is dead: ${owner.why}`, false);
  const silent = newest_at === undefined ? 0 : now - newest_at;
  if (owner.state !== "alive" && silent > threshold) {
    const note = `no activity for ${Math.round(silent / 60e6)} min, and no owner can be seen: ${owner.why}`;
    return verdict(end, "silent", note, false);
  }
  return verdict(job.status, "recorded", null, false);
}

function verdict(status: JobStatus, rule: string, note: string | null, resumable: boolean): JobVerdict {
  return { status, rule, note, resumable };
}
