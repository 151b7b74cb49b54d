import { isTerminal } from "../domain/session/session.ts";
import { endRun } from "../sessions/owner/end-run.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { Loss } from "../sessions/owner/run-lease.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { Carrying } from "./carry-out.ts";
import { stopOver } from "./halt.ts";
import { tidyUp } from "./tidy-up.ts";
import { clearDesk } from "./work-desk.ts";

/**
 * Carries out a run that this process owns, and ends it. Each result is in the store before anything rests on it, so whoever takes
 * over goes on from there. A run that waits for a host lays all that it can out, then pauses and lets go of its session.
 */
export async function driveRun(context: SessionContext, run: OwnedRun): Promise<void> {
  const { lease, jobId } = run;
  const begun = await inOrder(run, () => Carrying.begin(context, run, context.runSettings));
  for (;;) {
    const wanted = begun instanceof Carrying ? await inOrder(run, () => begun.goOn()) : begun;
    const end = lease.loss ? endAfter(lease.loss) : wanted;
    // The lease of a run that waits is kept up to its pause: with an answer there, it goes on.
    const mayGoOn = end?.status === "paused" && end.awaits !== undefined;
    if (mayGoOn) await clearDesk(context, run, end.awaits);
    else await lease.stop();
    const status = end && (await patiently(() => endRun(context, lease.term, { end, jobId })));
    if (mayGoOn && status === "running") continue;
    await lease.stop();
    if (status && isTerminal(status) && begun instanceof Carrying) await tidyUp(context, begun.workspace);
    return;
  }
}

/** What comes of the work; nothing when the world was in its way, for which the run stops. */
export async function inOrder<T>({ lease }: OwnedRun, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    stopOver(lease, error);
    return undefined;
  }
}

/** How a run that was interrupted ends; undefined when its owner has no say in it any more. */
export function endAfter(loss: Loss): OwnerEnd | undefined {
  switch (loss.kind) {
    case "fenced":
      return undefined;
    case "cancel_requested":
      return { status: "cancelled", by: loss.by, reason: loss.reason };
    case "ended_elsewhere":
    case "stopped":
      // Of a session that has ended already, only the lease is let go of.
      return { status: "paused", reason: "stopped", why: loss.kind === "stopped" ? loss.why : `it is ${loss.status}` };
  }
}
