import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { cancelExecution } from "../../sessions/cancel-execution.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines } from "../render.ts";

/** `ouroboros cancel ID`: a person's cancellation, which nothing undoes. */
export function cancel(
  cli: Cli,
  flags: SharedFlags & { readonly reason?: string | undefined },
  id: string,
): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const done = await cancelExecution(context, {
      id,
      reason: flags.reason ?? "Cancelled by user",
      by: "user",
      signal: cli.interruption.signal,
      onProgress: (message) => void cli.errors.write(`${message} …\n`),
    });
    if (isRefusal(done)) return done;
    const words =
      done.new_status === "cancelled"
        ? `Cancelled ${done.session_id} (it was ${done.previous_status}).`
        : `Asked the owner of ${done.session_id} to stop; it ends its work and records the cancellation. The request outlives it.`;
    return { json: done, text: lines([words]) };
  });
}
