import { type Refusal, refuse } from "../base/refusal.ts";
import { isTerminal, type SessionStatus } from "../domain/session/session.ts";
import { concludeSession } from "../store/conclude-session.ts";
import { cancelRequest } from "../store/leases.ts";
import { findByExecution, loadSession } from "../store/sessions.ts";
import { cancellation } from "./conclusions.ts";
import { type Judgement, judgeSession, type SessionContext } from "./session-context.ts";
import { JobsOfSessions } from "./sweep.ts";
import { taker } from "./sweep-session.ts";

export interface Cancelled {
  readonly session_id: string;
  readonly execution_id: string | null;
  readonly previous_status: SessionStatus;
  /** `cancel_requested` while a live owner has yet to stop its work and write the end. */
  readonly new_status: "cancelled" | "cancel_requested";
  readonly reason: string;
  readonly cancelled_by: string;
}

const TRIES = 20;

/**
 * Cancels a session on a person's behalf, by session or execution id. A live owner of ours is asked and writes the end
 * itself; everything else is ended here. A person's cancellation is final: no clean-up and no resume undoes it.
 */
export async function cancelExecution(
  context: SessionContext,
  { id, reason, by }: { readonly id: string; readonly reason: string; readonly by: string },
): Promise<Cancelled | Refusal> {
  const sessionId = (await loadSession(context.store, id)) ? id : await findByExecution(context.store, id);
  if (sessionId === undefined) return unknownExecution(id);
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const judgement = await judgeSession(context, sessionId);
    if (!judgement) return unknownExecution(id);
    const { session } = judgement.facts;
    if (isTerminal(session.status)) {
      return refuse(
        "already_ended",
        `Cannot cancel ${id}: it is already ${session.status} (since ${session.status_at} UTC)`,
        "Nothing needs to be done",
        { session_id: sessionId, status: session.status },
      );
    }
    const status = await cancelOnce(context, judgement, reason, by);
    if (status === "moved_on") continue;
    return {
      session_id: sessionId,
      execution_id: session.execution_id,
      previous_status: session.status,
      new_status: status,
      reason,
      cancelled_by: by,
    };
  }
  return refuse("busy", `Cannot cancel ${id}: it kept changing`, "Try again in a moment", { retry_after_ms: 1000 });
}

async function cancelOnce(
  context: SessionContext,
  { facts, verdict }: Judgement,
  reason: string,
  by: string,
): Promise<Cancelled["new_status"] | "moved_on"> {
  const { store } = context;
  const { session, lease } = facts;
  if (lease?.purpose === "run" && lease.expiresAt !== null && verdict.liveness !== "stale") {
    if (lease.cancelRequestedBy !== null) return "cancel_requested";
    const [asked] = await store.database.write([cancelRequest(session.session_id, lease.epoch, by, reason)]);
    return asked?.rowsAffected === 1 ? "cancel_requested" : "moved_on";
  }
  const jobs = await new JobsOfSessions(context).of(session.session_id);
  const conclusion = cancellation({ facts, at: store.stamp(facts.newestAt), jobs }, by, reason);
  const written = await concludeSession(store, facts, taker(context, true), conclusion);
  return written === "written" ? "cancelled" : "moved_on";
}

function unknownExecution(id: string): Refusal {
  return refuse("not_found", `Execution not found: ${id}`, "`ouroboros sessions` lists the sessions of this store", {
    id,
  });
}
