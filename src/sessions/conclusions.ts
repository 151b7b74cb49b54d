import { newId } from "../base/ids.ts";
import type { NewEvent, Payload } from "../domain/event.ts";
import {
  AUTO_CLEANUP,
  SESSION_CANCELLED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  type Session,
} from "../domain/session/session.ts";
import type { Verdict } from "../domain/session/verdict.ts";
import { toIsoTimestamp } from "../domain/timestamp.ts";
import type { Conclusion } from "../store/session/conclude-session.ts";
import { seenOf } from "../store/session/conclude-session.ts";
import { nextEpoch } from "../store/session/leases.ts";
import type { StoredFacts } from "../store/session/session-facts.ts";
import { MAX_ATTEMPTS } from "./resume/resume-plan.ts";

/** What a conclusion is made of besides the facts: a time later than all of the session's, and its open jobs. */
export interface Ending {
  readonly facts: StoredFacts;
  /** Microseconds. */
  readonly at: number;
  readonly jobs: readonly string[];
}

/** A cancellation, by a person or by the clean-up, with the session's execution and jobs. */
export function cancellation(ending: Ending, by: string, reason: string, extra: Payload = {}): Conclusion {
  const time = toIsoTimestamp(ending.at);
  return {
    event: sessionEvent(ending, SESSION_CANCELLED, { reason, cancelled_by: by, cancelled_at: time, ...extra }),
    execution: executionTerminal(ending.facts.session, ending.at, "cancelled"),
    jobs: ending.jobs.map((job) => jobEnded(job, ending.at, by === AUTO_CLEANUP ? "interrupted" : "cancelled", reason)),
  };
}

/** The clean-up's cancellation of an orphan, with its evidence and the batch that `--undo` names. */
export function cleanUpCancellation(ending: Ending, verdict: Verdict, batchId: string): Conclusion {
  const reason = `Cancelled by clean-up: ${verdict.why}`;
  return cancellation(ending, AUTO_CLEANUP, reason, { batch_id: batchId, evidence: verdict.evidence });
}

/** The clean-up's pause of a run of ours whose owner died: nothing is lost, it can be resumed. */
export function cleanUpPause(ending: Ending, verdict: Verdict, batchId: string): Conclusion {
  const { session, lease } = ending.facts;
  const isPoison = (lease?.attempts ?? 0) >= MAX_ATTEMPTS;
  return {
    event: sessionEvent(ending, SESSION_PAUSED, {
      reason: isPoison ? "needs_attention" : verdict.rule,
      resume_hint: `ouroboros resume ${session.session_id}`,
      paused_at: toIsoTimestamp(ending.at),
      batch_id: batchId,
      evidence: verdict.evidence,
    }),
    execution: executionTerminal(ending.facts.session, ending.at, "paused"),
    jobs: ending.jobs.map((job) => jobInterrupted(job, ending.at, verdict.why)),
  };
}

/** Voids exactly the terminal that ended the session; it comes back as paused. */
export function reopening(ending: Ending, by: string, reason: string): Conclusion {
  const { session } = ending.facts;
  const payload = { reopens: session.status_event_id, by, reason, reopened_at: toIsoTimestamp(ending.at) };
  return { event: sessionEvent(ending, SESSION_REOPENED, payload), execution: undefined, jobs: [] };
}

function sessionEvent({ facts, at }: Ending, eventType: string, payload: Payload): NewEvent {
  return {
    id: newId(),
    aggregate_type: "session",
    aggregate_id: facts.session.session_id,
    event_type: eventType,
    payload: { ...payload, epoch: nextEpoch(seenOf(facts)) },
    at,
  };
}

/** The execution's own end beside its session's; undefined for a session without an execution. */
export function executionTerminal(
  { execution_id, session_id }: Pick<Session, "execution_id" | "session_id">,
  at: number,
  status: "completed" | "failed" | "cancelled" | "paused",
): NewEvent | undefined {
  if (execution_id === null) return undefined;
  return {
    id: newId(),
    aggregate_type: "execution",
    aggregate_id: execution_id,
    event_type: "execution.terminal",
    payload: { session_id, status, messages_processed: 0, timestamp: toIsoTimestamp(at) },
    at,
  };
}

/** A job whose run stopped without an end of its own. */
export function jobInterrupted(jobId: string, at: number, why: string): NewEvent {
  return jobEnded(jobId, at, "interrupted", why);
}

/** The end of a job that others record; v0.51 closes such a job under the same id, so whoever comes second changes nothing. */
export function jobEnded(jobId: string, at: number, status: string, why: string): NewEvent {
  return {
    id: `mcp-job-recovered-interrupted-${jobId}`,
    aggregate_type: "job",
    aggregate_id: jobId,
    event_type: `mcp.job.${status}`,
    payload: { status, message: why, timestamp: toIsoTimestamp(at) },
    at,
  };
}
