import { stepsOf } from "../domain/run/steps.ts";
import { endRun } from "../sessions/owner/end-run.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { Loss } from "../sessions/owner/run-lease.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { readFinishedSteps } from "../store/session/run-records.ts";
import { RunLog } from "./run-log.ts";
import { runStep } from "./run-step.ts";

/**
 * Does the unfinished steps of a run that this process owns, one after the other, and ends the run. Each result is in the
 * store before the next step begins, so whoever takes over goes on from there. A step that fails does not keep the
 * others from being tried.
 */
export async function driveRun(context: SessionContext, run: OwnedRun): Promise<void> {
  const { lease, jobId } = run;
  const steps = stepsOf(run.seed, run.executionId);
  const { executionId: execution_id, sessionId: session_id } = run;
  const finished = await readFinishedSteps(context.store, { execution_id, session_id });
  const log = new RunLog(context, run, steps, finished);
  await log.announce();
  for (const step of steps) {
    if (lease.lost.aborted) break;
    if (!log.isDone(step)) await runStep(run, log, step);
  }
  await lease.stop();
  const end = lease.loss ? endAfter(lease.loss) : endOf(log);
  if (end) await patiently(() => endRun(context, lease.term, { end, jobId }));
}

/** How a run that was interrupted ends; undefined when its owner has no say in it any more. */
function endAfter(loss: Loss): OwnerEnd | undefined {
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

function endOf(log: RunLog): OwnerEnd {
  const { total, done, failed } = log.counts();
  const summary = { steps_total: total, steps_done: done, steps_failed: failed.length };
  if (failed.length === 0) return { status: "completed", summary };
  const names = failed.map(({ index }) => index + 1).join(", ");
  return { status: "failed", error: `${failed.length} of ${total} steps failed: ${names}`, summary };
}
