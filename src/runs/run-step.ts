import { messageOf, OuroborosError } from "../base/errors.ts";
import { failpoint } from "../base/failpoint.ts";
import { newId } from "../base/ids.ts";
import {
  AGENT_ENDED,
  AGENT_STARTED,
  STEP_COMPLETED,
  STEP_FAILED,
  STEP_STARTED,
  type Step,
} from "../domain/run/steps.ts";
import { openRuntime } from "../runtimes/configured-runtimes.ts";
import type { AgentRun, Limits, Outcome } from "../runtimes/runtime.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { RunLog } from "./run-log.ts";
import { stepPrompt } from "./step-prompt.ts";

const SUMMARY_CHARS = 2_000;
/** For an agent to end by itself when its run is stopped; a person who cancels is waiting for it. */
const GRACE_MS = 2_000;
/** Many an agent prints nothing until it is done, and a step may build and test a whole project. */
const LIMITS: Limits = { firstOutputMs: 3_600_000, idleMs: 3_600_000, totalMs: 6 * 3_600_000 };

/** Has an agent do one step. Its process group is on record before it is told anything, and gone before this resolves. */
export async function runStep(run: OwnedRun, log: RunLog, step: Step): Promise<void> {
  const attempt = newId();
  const common = { session_attempt_id: attempt, session_scope_id: step.scope, runtime_backend: run.runtime.name };
  if (!(await log.turn(step, "in_progress", STEP_STARTED, common))) return;
  let agent: AgentRun;
  try {
    agent = await startAgent(run, step);
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    await log.turn(step, "failed", STEP_FAILED, { ...common, success: false, error: messageOf(error) });
    return;
  }
  const { group } = agent;
  const stopTrusting = run.lease.onTrust((ms) => agent.trust(ms));
  // Of a fenced owner nothing may do anything in the folder any more: somebody else works there.
  const stop = () => agent.stop(run.lease.loss?.kind === "fenced" ? 0 : GRACE_MS);
  const onLoss = () => void stop();
  run.lease.lost.addEventListener("abort", onLoss, { once: true });
  try {
    const isRecorded = await log.note(step, AGENT_STARTED, { ...common, group });
    if (!isRecorded || run.lease.lost.aborted) {
      await stop();
      await agent.outcome;
      return;
    }
    failpoint("prompt:before");
    const messages = agent.begin();
    failpoint("prompt:after");
    for await (const _ of messages); // All of it is read, so that it never waits for us.
    const outcome = await agent.outcome;
    const { ending, exit_code, signal } = outcome;
    await log.note(step, AGENT_ENDED, { ...common, group, ending, exit_code, signal });
    // An agent that was stopped has neither succeeded nor failed: whoever resumes the run does this step again.
    if (run.lease.lost.aborted) return;
    await conclude(log, step, common, outcome);
  } finally {
    run.lease.lost.removeEventListener("abort", onLoss);
    stopTrusting();
  }
}

function startAgent(run: OwnedRun, step: Step): Promise<AgentRun> {
  const task = {
    prompt: stepPrompt(run.seed, step),
    cwd: run.cwd,
    access: "write",
    env: { OUROBOROS_SESSION_ID: run.sessionId, OUROBOROS_STEP: String(step.index + 1) },
    limits: LIMITS,
  } as const;
  return openRuntime(run.runtime).start(task, run.lease.trustMs());
}

async function conclude(log: RunLog, step: Step, common: Record<string, string>, outcome: Outcome): Promise<void> {
  const { ending, exit_code, handle, usage, duration_ms, text } = outcome;
  const result = {
    ...common,
    ending,
    exit_code,
    handle,
    usage,
    duration_ms,
    result_summary: text.slice(-SUMMARY_CHARS),
  };
  const output = new TextEncoder().encode(text);
  if (ending === "succeeded") {
    await log.turn(step, "completed", STEP_COMPLETED, { ...result, success: true }, output);
    return;
  }
  const error = (outcome.error ?? ending).slice(-SUMMARY_CHARS);
  await log.turn(step, "failed", STEP_FAILED, { ...result, success: false, error }, output);
}
