import { failpoint } from "../../base/failpoint.ts";
import { newId } from "../../base/ids.ts";
import { isReopenable } from "../../domain/session/session.ts";
import type { Verdict } from "../../domain/session/verdict.ts";
import { readPythonLock } from "../../process/python-lock.ts";
import { concludeSession } from "../../store/session/conclude-session.ts";
import type { Taker } from "../../store/session/leases.ts";
import { readFacts } from "../../store/session/session-facts.ts";
import { cancellation, cleanUpCancellation, cleanUpPause, reopening } from "../conclusions.ts";
import { isHeld, type Judgement, judgeSession, type SessionContext } from "../session-context.ts";

const REOPEN_TRIES = 20;

/**
 * What became of one session in a clean-up. `moved_on`: something changed under the verdict, so nothing was written;
 * `failed`: its rows could not be read.
 */
export interface SweptSession {
  readonly session_id: string;
  readonly outcome: "cancelled" | "paused" | "spared" | "reported" | "moved_on" | "reopened" | "gone" | "failed";
  readonly verdict: Verdict | undefined;
}

/** Judges one session and carries the verdict out, atomically and only if nothing it rests on has changed. */
export async function sweepSession(
  context: SessionContext,
  sessionId: string,
  options: { readonly batchId: string; readonly jobs: readonly string[] },
): Promise<SweptSession> {
  const judgement = await judgeSession(context, sessionId);
  if (!judgement) return { session_id: sessionId, outcome: "gone", verdict: undefined };
  const { verdict } = judgement;
  const done = (outcome: SweptSession["outcome"]): SweptSession => ({ session_id: sessionId, outcome, verdict });
  if (verdict.sweep === "none") return done("spared");
  if (verdict.sweep === "report") return done("reported");
  failpoint("sweep:before");
  const written = await conclude(context, judgement, options);
  failpoint("sweep:after");
  if (written === "moved_on") return done("moved_on");
  // Python takes its lock without asking anybody: one that appeared while we wrote means that somebody just resumed it.
  if (readPythonLock(context.locksFolder, sessionId).state === "live") {
    const why = "a Python lock appeared while it was being cleaned up";
    if (await reopenSession(context, sessionId, why)) return done("reopened");
  }
  return done(verdict.sweep === "cancel" ? "cancelled" : "paused");
}

async function conclude(
  context: SessionContext,
  { facts, verdict }: Judgement,
  { batchId, jobs }: { readonly batchId: string; readonly jobs: readonly string[] },
): Promise<"written" | "moved_on"> {
  const { store } = context;
  const ending = { facts, at: store.stamp(facts.newestAt), jobs };
  const asked = facts.lease?.cancelRequestedBy ?? null;
  if (verdict.sweep === "cancel" && asked !== null) {
    // The owner died with a person's request standing: carried out in that person's name, and final.
    const reason = facts.lease?.cancelReason ?? "Cancelled on request";
    const conclusion = cancellation(ending, asked, reason, { batch_id: batchId, evidence: verdict.evidence });
    return concludeSession(store, facts, taker(context, true), conclusion);
  }
  const conclusion =
    verdict.sweep === "cancel" ? cleanUpCancellation(ending, verdict, batchId) : cleanUpPause(ending, verdict, batchId);
  return concludeSession(store, facts, taker(context, false), conclusion);
}

/**
 * Voids the terminal that ended a session, if it may be voided and, where `terminalId` names one, is that one still; true
 * when it came back. Rows that others add meanwhile change nothing about it: then it is tried again.
 */
export async function reopenSession(
  context: SessionContext,
  sessionId: string,
  reason: string,
  terminalId?: string,
): Promise<boolean> {
  const { store } = context;
  for (let attempt = 1; attempt <= REOPEN_TRIES; attempt++) {
    const facts = await readFacts(store, sessionId);
    // A run that is alive takes back itself what upstream wrote to it.
    if (!facts || !isReopenable(facts.session) || isHeld(facts, context.identity)) return false;
    if (terminalId !== undefined && facts.session.status_event_id !== terminalId) return false;
    const conclusion = reopening({ facts, at: store.stamp(facts.newestAt), jobs: [] }, "ouroboros", reason);
    failpoint("reopen:before");
    const written = await concludeSession(store, facts, taker(context, false), conclusion);
    failpoint("reopen:after");
    if (written === "written") return true;
  }
  return false;
}

/** This process taking a session over without keeping it. */
export function taker(context: SessionContext, overCancelRequest: boolean): Taker {
  return { ownerId: newId(), purpose: "sweep", identity: context.identity, ttlSeconds: null, overCancelRequest };
}
