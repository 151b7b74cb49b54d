import { pauseWords } from "../../domain/session/pause-reason.ts";
import { isReopenable, isTerminal } from "../../domain/session/session.ts";
import type { ProcessIdentity } from "../../process/identity.ts";
import { isHeld, type Judgement } from "../session-context.ts";

/** How long after its expiry a lease is still respected when nobody can look at its owner's process. */
const GRACE_SECONDS = 30;
/** So many owners in a row that died without finishing a single step are a reason to look before trying again. */
export const MAX_ATTEMPTS = 3;

/**
 * What resuming a session would do. `attach`: somebody works on it, one can only watch. `claim`: take it over and go on;
 * `reopen`: the same after voiding its end. The others say no, `wait` and `needs_attention` unless told to go on anyway.
 */
export interface ResumePlan {
  readonly action: "attach" | "claim" | "reopen" | "wait" | "needs_attention" | "elsewhere" | "cancelling" | "ended";
  readonly why: string;
  /** For `wait`: when to ask again. */
  readonly retryAfterSeconds?: number;
}

/** Decides what resuming would do; `machine` is where the session's checkout lives, as far as is known. */
export function planResume(
  { facts, lock, verdict }: Judgement,
  { self, machine, force }: { self: ProcessIdentity; machine: string | null; force: boolean },
): ResumePlan {
  const { session, lease } = facts;
  if (isTerminal(session.status) && !isReopenable(session)) return plan("ended", `it is ${session.status}`);
  // A clean-up leaves its own machine in the lease, which says nothing about where the work is.
  const home = (lease?.purpose === "run" ? lease.owner?.machine : null) ?? machine;
  const isElsewhere = home !== null && self.machine !== null && home !== self.machine;
  const isBeingWorkedOn = isHeld(facts, self);
  if (isBeingWorkedOn && !isElsewhere) return plan("attach", "its owner holds a live lease");
  if (lock.state === "live") return plan("attach", `the Python program holds it: ${lock.why}`);
  if (session.status === "running" && lease?.purpose === "run" && lease.cancelRequestedBy !== null) {
    return plan("cancelling", `${lease.cancelRequestedBy} has asked for its end`);
  }
  if (isElsewhere) {
    return plan("elsewhere", isBeingWorkedOn ? "another machine works on it" : "its checkout lives on another machine");
  }
  if (!force && (lease?.attempts ?? 0) >= MAX_ATTEMPTS) {
    return plan("needs_attention", `${lease?.attempts} owners in a row died before they finished a step`);
  }
  if (isTerminal(session.status)) return plan("reopen", `it is ${session.status}, and that can be taken back`);
  if (session.status === "paused") return plan("claim", paused(session.reason));
  return running({ facts, verdict }, force);
}

function paused(reason: string | null): string {
  const words = reason === null ? reason : pauseWords(reason);
  return words === reason ? "it is paused" : `it is paused: ${words}`;
}

function running({ facts, verdict }: Pick<Judgement, "facts" | "verdict">, force: boolean): ResumePlan {
  const { lease, now } = facts;
  if (verdict.rule === "owner_unknown") {
    const left = (lease?.expiresAt ?? 0) + GRACE_SECONDS - now / 1e6;
    return left > 0 ? wait(verdict.why, left) : plan("claim", verdict.why);
  }
  // The verdict saw its owner alive, and whoever looked again a moment later did not.
  if (verdict.rule === "lease_live") return plan("claim", "its owner has just died");
  // An owner of ours that let go of its lease has said itself that it is done with it.
  const isLetGo = lease?.purpose === "run" && lease.expiresAt === null;
  if (verdict.liveness === "live" && !isLetGo && !force) {
    return wait(`${verdict.why}; nothing proves that nobody works on it`, 60);
  }
  if (verdict.rule === "no_readable_time" && !force) return wait(verdict.why, 60);
  return plan("claim", verdict.why);
}

function plan(action: ResumePlan["action"], why: string): ResumePlan {
  return { action, why };
}

function wait(why: string, seconds: number): ResumePlan {
  return { action: "wait", why, retryAfterSeconds: Math.ceil(seconds) };
}
