import { OuroborosError } from "../base/errors.ts";
import type { PauseReason } from "../domain/session/pause-reason.ts";
import type { Outcome } from "../runtimes/runtime.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import type { RunLease } from "../sessions/owner/run-lease.ts";

/** Why a run cannot go on for now, though none of its steps has failed by that. */
export type Halt = Outcome & { readonly ending: "needs_host" | "limited" | "unauthorized" };

/** An agent may name any number; no limit lasts longer than a month. */
const LONGEST_MS = 31 * 24 * 3_600_000;

/** Is this the end of an attempt that says nothing about the step? */
export function isHalt(outcome: Outcome): outcome is Halt {
  return outcome.ending === "needs_host" || outcome.ending === "limited" || outcome.ending === "unauthorized";
}

/** The pause of a run whose steps wait for a host, or whose agent cannot work at the moment. */
export function pauseOf(
  halts: readonly [Halt, ...Halt[]],
  { runtime, sessionId }: { readonly runtime: string; readonly sessionId: string },
): OwnerEnd {
  const [{ ending, error, retry_after_ms }] = halts;
  const said = error === null ? "" : `: ${error}`;
  switch (ending) {
    case "needs_host": {
      const who = halts.length === 1 ? "1 step waits" : `${halts.length} steps wait`;
      const why = `${who} for a host's agents: each claims one with ouroboros_claim_work {"session_id":"${sessionId}"}, does it and hands it in with ouroboros_submit`;
      const awaits = halts.flatMap(({ handle }) => handle ?? []);
      return paused("needs_host", why, { awaits });
    }
    case "limited": {
      const why = `The usage limit of ${runtime} is reached${said}. Resume when it is over, or with another agent`;
      const retryAfterMs =
        retry_after_ms === null ? null : Math.round(Math.min(Math.max(0, retry_after_ms), LONGEST_MS));
      return paused("usage_limit", why, { retryAfterMs });
    }
    case "unauthorized":
      return paused("not_logged_in", `${runtime} is not logged in${said}. Log in to it, then resume`);
  }
}

/** The world is in the way (a disk, git, the store): the run stops in order, to be resumed, and says why. */
export function stopOver(lease: RunLease, error: unknown): void {
  // Of a run that is not ours any more, whatever was under way ends with the signal's own reason.
  if (lease.lost.aborted) return;
  if (!(error instanceof OuroborosError)) throw error;
  lease.giveUp({ kind: "stopped", why: `${error.message}. ${error.next}` });
}

function paused(
  reason: PauseReason,
  why: string,
  more: { readonly awaits?: readonly string[]; readonly retryAfterMs?: number | null } = {},
): OwnerEnd {
  return { status: "paused", reason, why, ...more };
}
