import type { Refusal } from "../base/refusal.ts";
import type { Payload, StoredEvent } from "../domain/event.ts";
import { AUTO_CLEANUP, isReopenable, isTerminal, type Session, type SessionStatus } from "../domain/session/session.ts";
import type { Liveness, Verdict } from "../domain/session/verdict.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { query } from "../store/engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../store/row.ts";
import { judgeByAnyId, sessionNotFound } from "./session-status.ts";

/** Why a session stands as it does: the verdict of this moment, and what was recorded when its status was decided. */
export interface WhyView {
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly status: SessionStatus;
  readonly verdict: {
    readonly liveness: Liveness;
    /** What a clean-up would do with it now. */
    readonly sweep: Verdict["sweep"];
    readonly rule: string;
    readonly why: string;
    readonly evidence: Payload;
  };
  /** The event that ended or paused it, as it was recorded; null while the session runs. */
  readonly decided: DecidedView | null;
  /** Whether an ended session can be brought back, and how; null for one that has not ended. */
  readonly bring_back: { readonly possible: boolean; readonly how: string } | null;
}

/** What an event that decided a status recorded. */
export interface DecidedView {
  readonly event_id: string;
  readonly event_type: string;
  readonly at: string;
  readonly by: string | null;
  readonly reason: string | null;
  /** The same in a sentence, and when to go on, where the event says so. */
  readonly why: string | null;
  readonly resume_after: string | null;
  /** Of the clean-up that wrote it, where one did. */
  readonly batch_id: string | null;
  readonly evidence: Payload | null;
}

/** Judges a session by its id (an execution's id does too) and looks up what decided its status. */
export async function why(context: SessionContext, id: string): Promise<WhyView | Refusal> {
  const judgement = await judgeByAnyId(context, id);
  if (!judgement) return sessionNotFound(id);
  const { facts, verdict } = judgement;
  const { session } = facts;
  const { liveness, sweep, rule, why: words, evidence } = verdict;
  return {
    session_id: session.session_id,
    execution_id: session.execution_id,
    status: session.status,
    verdict: { liveness, sweep, rule, why: words, evidence },
    decided: session.status === "running" ? null : await decided(context, session),
    bring_back: isTerminal(session.status) ? bringBack(session) : null,
  };
}

async function decided({ store }: SessionContext, session: Session): Promise<DecidedView> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE id = ?`;
  const [row] = await query(store.database, sql, [session.status_event_id]);
  const event: StoredEvent | undefined = row && toStoredEvent(row);
  const evidence = event?.payload.evidence;
  return {
    event_id: session.status_event_id,
    event_type: event?.event_type ?? "unknown",
    at: session.status_at,
    by: session.status_by,
    reason: session.reason,
    why: text(event?.payload.why),
    resume_after: text(event?.payload.resume_after),
    batch_id: session.batch_id,
    evidence: isObject(evidence) ? evidence : null,
  };
}

function bringBack(session: Session): NonNullable<WhyView["bring_back"]> {
  const { status, status_by, batch_id } = session;
  if (status === "completed") return { possible: false, how: "It completed; there is nothing to bring back" };
  if (!isReopenable(session)) {
    const who = status_by === null ? "It was cancelled on purpose" : `It was cancelled by ${status_by}`;
    return { possible: false, how: `${who}, and such a cancellation is final` };
  }
  if (status_by === AUTO_CLEANUP && batch_id !== null) {
    return {
      possible: true,
      how: `\`ouroboros cleanup --undo ${batch_id}\` brings back as paused what that clean-up cancelled`,
    };
  }
  const cause = status === "failed" ? "It failed" : "A clean-up that named no batch cancelled it";
  return { possible: true, how: `${cause}; resuming it reopens it` };
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
