import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { cancelExecution } from "../../sessions/cancel-execution.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines } from "../render.ts";

/** `ouroboros cancel ID`: a person's cancellation, which nothing undoes. */
export function cancel(
  _cli: Cli,
  flags: SharedFlags & { readonly reason?: string | undefined },
  id: string,
): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const done = await cancelExecution(context, { id, reason: flags.reason ?? "Cancelled by user", by: "user" });
    if (isRefusal(done)) return done;
    const words =
      done.new_status === "cancelled"
        ? `Cancelled ${done.session_id} (it was ${done.previous_status}).`
        : `Asked the owner of ${done.session_id} to stop; it ends its work and records the cancellation.`;
    return { json: done, text: lines([words]) };
  });
}
