import { newId } from "../../base/ids.ts";
import type { NewEvent, Payload } from "../../domain/event.ts";
import {
  SESSION_CANCELLED,
  SESSION_COMPLETED,
  SESSION_FAILED,
  SESSION_PAUSED,
  SESSION_REOPENED,
  type Session,
} from "../../domain/session/session.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import type { Conclusion, Term } from "../../store/session/conclude-session.ts";
import { executionTerminal, jobInterrupted } from "../conclusions.ts";

/** How an owner ends its own run. */
export type OwnerEnd =
  | { readonly status: "completed"; readonly summary: Payload }
  | { readonly status: "failed"; readonly error: string; readonly summary: Payload }
  | { readonly status: "cancelled"; readonly by: string; readonly reason: string }
  | {
      readonly status: "paused";
      readonly reason: string;
      readonly why: string;
      /** How long to leave it alone, where that is known. */
      readonly retryAfterMs?: number | null;
      /** Work orders it waits for: with an answer to one of them in the store, it does not pause. */
      readonly awaits?: readonly string[];
    };

const TYPES = {
  completed: SESSION_COMPLETED,
  failed: SESSION_FAILED,
  cancelled: SESSION_CANCELLED,
  paused: SESSION_PAUSED,
} as const;

/** The session's, the execution's and the job's end as one conclusion of its owner. `at` is in microseconds. */
export function ownerConclusion(
  session: Session,
  term: Term,
  { end, at, jobId }: { readonly end: OwnerEnd; readonly at: number; readonly jobId: string | null },
): Conclusion {
  return {
    event: sessionEvent(session, term, TYPES[end.status], payloadOf(session, end, at), at),
    execution: executionTerminal(session, at, end.status),
    jobs: jobId === null ? [] : [jobEnd(jobId, end, at)],
  };
}

/** Voids what upstream's clean-up wrote to a run that is alive: it goes on running. */
export function ownerReopening(session: Session, term: Term, at: number): NewEvent {
  const payload = {
    reopens: session.status_event_id,
    to: "running",
    by: "owner",
    reason: "its owner is alive",
    reopened_at: toIsoTimestamp(at),
  };
  return sessionEvent(session, term, SESSION_REOPENED, payload, at);
}

function payloadOf(session: Session, end: OwnerEnd, at: number): Payload {
  const time = toIsoTimestamp(at);
  switch (end.status) {
    case "completed":
      return { summary: end.summary, completed_at: time };
    case "failed":
      return { error: end.error, summary: end.summary, failed_at: time };
    case "cancelled":
      return { reason: end.reason, cancelled_by: end.by, cancelled_at: time };
    case "paused":
      return {
        reason: end.reason,
        why: end.why,
        ...(end.retryAfterMs ? { resume_after: toIsoTimestamp(at + end.retryAfterMs * 1000) } : {}),
        resume_hint: `ouroboros resume ${session.session_id}`,
        paused_at: time,
      };
  }
}

function jobEnd(jobId: string, end: OwnerEnd, at: number): NewEvent {
  if (end.status === "paused") return jobInterrupted(jobId, at, end.why);
  const text = { completed: "Completed", failed: "Failed", cancelled: "Cancelled" }[end.status];
  const extra =
    end.status === "cancelled"
      ? { message: end.reason }
      : end.status === "failed"
        ? { message: end.error, error: end.error, is_error: true }
        : { message: text };
  return {
    id: newId(),
    aggregate_type: "job",
    aggregate_id: jobId,
    event_type: `mcp.job.${end.status}`,
    payload: { status: end.status, ...extra, timestamp: toIsoTimestamp(at) },
    at,
  };
}

function sessionEvent(session: Session, term: Term, eventType: string, payload: Payload, at: number): NewEvent {
  return {
    id: newId(),
    aggregate_type: "session",
    aggregate_id: session.session_id,
    event_type: eventType,
    payload: { ...payload, epoch: term.epoch },
    at,
  };
}
