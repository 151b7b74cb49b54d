import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Origin } from "../../domain/run/origin.ts";
import type { Session } from "../../domain/session/session.ts";
import type { ResumePlan } from "./resume-plan.ts";

/** Why a session is not resumed, and what to do about it. */
export function refusalOf(plan: ResumePlan, session: Session, origin: Origin): Refusal {
  const { session_id: id } = session;
  const message = `Cannot resume ${id}: ${plan.why}`;
  const facts = { session_id: id, status: session.status };
  switch (plan.action) {
    case "wait":
      return refuse("in_use", message, "Try again later, or pass force if you know that nobody works on it", {
        ...facts,
        retry_after_ms: (plan.retryAfterSeconds ?? 1) * 1000,
      });
    case "needs_attention":
      return refuse(
        "needs_attention",
        message,
        "Look at its last events and its worker's log, then resume it with force",
        facts,
      );
    case "elsewhere": {
      const machine = origin.host ?? origin.machine;
      const branch = origin.branch === null ? "" : `, branch ${origin.branch}`;
      const next = `Resume it there; \`ouroboros watch ${id}\` shows it from here as well`;
      const where = { ...facts, machine, branch: origin.branch, cwd: session.cwd };
      return refuse("elsewhere", `${message} (${machine ?? "unknown"}${branch})`, next, where);
    }
    case "cancelling":
      return refuse(
        "cancel_requested",
        message,
        "Its cancellation is being carried out; start a new run instead",
        facts,
      );
    default:
      return refuse("ended", message, "Start a new run instead; `ouroboros why` tells how it ended", facts);
  }
}
