import { OuroborosError } from "../base/errors.ts";
import { type Step, stepsOf } from "../domain/run/steps.ts";
import type { Criterion } from "../domain/seed/seed.ts";
import { HOST } from "../runtimes/runtime-settings.ts";
import { endRun } from "../sessions/owner/end-run.ts";
import type { OwnerEnd } from "../sessions/owner/owner-conclusions.ts";
import { patiently } from "../sessions/owner/patiently.ts";
import type { Loss } from "../sessions/owner/run-lease.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { openOrders } from "../store/orders/open-orders.ts";
import { STEP_WORK } from "../store/orders/work-rows.ts";
import { readFinishedSteps, readStepFailures, type StepFailures } from "../store/session/run-records.ts";
import { Carrying } from "./carry-out.ts";
import { type Halt, pauseOf } from "./halt.ts";
import { RunLog, type StepState } from "./run-log.ts";
import { runStep } from "./run-step.ts";
import { clearDesk } from "./work-desk.ts";

/**
 * Carries out a run that this process owns, and ends it: with plan, attempts, checks and merges; or, in the folder itself and
 * with nothing to check, step by step, as upstream's sessions are gone on with. Each result is in the store before the next step begins, so whoever takes over goes on
 * from there. A run that waits for a host lays all of its steps out, then pauses and lets go of its session.
 */
export async function driveRun(context: SessionContext, run: OwnedRun): Promise<void> {
  const { lease, jobId } = run;
  const prepare = run.workspace === "worktree" || run.seed.criteria.some(hasCheck) ? inWorkspace : inFolder;
  const work = await prepare(context, run).catch((error: unknown) => given(run, error));
  for (;;) {
    const wanted = await work().catch((error: unknown) => given(run, error)());
    const end = lease.loss ? endAfter(lease.loss) : wanted;
    // The lease of a run that waits is kept up to its pause: with an answer there, it goes on.
    const mayGoOn = end?.status === "paused" && end.awaits !== undefined;
    if (mayGoOn) await clearDesk(context, run, end.awaits);
    else await lease.stop();
    const status = end && (await patiently(() => endRun(context, lease.term, { end, jobId })));
    if (mayGoOn && status === "running") continue;
    await lease.stop();
    return;
  }
}

function hasCheck({ verify_command, expected_artifacts }: Criterion): boolean {
  return verify_command !== null || expected_artifacts.length > 0;
}

/** Works until nothing more can be done, then says how the run ends; called again, it goes on. */
type Work = () => Promise<OwnerEnd | undefined>;

/** The world is in the way (a disk, git, the store): the run stops in order, to be resumed, and says why. */
function given({ lease }: OwnedRun, error: unknown): Work {
  // Of a run that is not ours any more, whatever was under way ends with the signal's own reason.
  if (!lease.lost.aborted) {
    if (!(error instanceof OuroborosError)) throw error;
    lease.giveUp({ kind: "stopped", why: `${error.message}. ${error.next}` });
  }
  return async () => undefined;
}

async function inWorkspace(context: SessionContext, run: OwnedRun): Promise<Work> {
  const carrying = await Carrying.begin(context, run, context.runSettings);
  return async () => ("status" in carrying ? carrying : carrying.goOn());
}

/** A step that fails does not keep the others from being tried. */
async function inFolder(context: SessionContext, run: OwnedRun): Promise<Work> {
  const steps = stepsOf(run.seed, run.executionId);
  const { states, failures } = await readStates(context, run, steps);
  const log = new RunLog(context, run, steps, states);
  await log.announce();
  return async () => {
    const [first, ...others] = await doSteps(context, run, log, { steps, failures });
    if (!first) return endOf(log);
    return pauseOf([first, ...others], { runtime: run.runtime.name, sessionId: run.sessionId });
  };
}

/** How the steps stand before anything is done, and how they have failed before. */
async function readStates({ store }: SessionContext, run: OwnedRun, steps: readonly Step[]) {
  const { executionId, sessionId } = run;
  const finished = await readFinishedSteps(store, { execution_id: executionId, session_id: sessionId });
  const states = new Map<number, StepState>([...finished].map((index) => [index, "completed"]));
  let failures: ReadonlyMap<string, StepFailures> = new Map();
  // What a host has been asked, and what it has handed in as failed, outlasts the owner that asked.
  if (run.runtime.kind === HOST) {
    failures = await readStepFailures(store, { executionId, sessionId });
    const asked = new Set((await openOrders(store, STEP_WORK, sessionId)).map(({ body }) => body.scope.aggregateId));
    for (const { index, scope } of steps) {
      if (states.has(index)) continue;
      if (failures.get(scope)?.stands) states.set(index, "failed");
      else if (asked.has(scope)) states.set(index, "in_progress");
    }
  }
  return { states, failures };
}

/** Tries each step that is neither done nor failed; what cannot be done for now is told, and only a host is asked for more at once. */
async function doSteps(
  context: SessionContext,
  run: OwnedRun,
  log: RunLog,
  { steps, failures }: { readonly steps: readonly Step[]; readonly failures: ReadonlyMap<string, StepFailures> },
): Promise<readonly Halt[]> {
  const halts: Halt[] = [];
  for (const step of steps) {
    if (run.lease.lost.aborted) break;
    const state = log.stateOf(step);
    if (state === "completed" || state === "failed") continue;
    const halt = await runStep(context, run, log, { step, failures: failures.get(step.scope) });
    if (!halt) continue;
    if (halt.ending !== "needs_host") return [halt];
    halts.push(halt);
  }
  return halts;
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
