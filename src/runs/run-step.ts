import { messageOf, OuroborosError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { STEP_COMPLETED, STEP_FAILED, STEP_STARTED, type Step } from "../domain/run/steps.ts";
import { openRuntime } from "../runtimes/configured-runtimes.ts";
import type { AgentRun, Outcome } from "../runtimes/runtime.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import type { StepFailures } from "../store/session/run-records.ts";
import { type Halt, isHalt } from "./halt.ts";
import { runAgent } from "./run-agent.ts";
import type { RunLog } from "./run-log.ts";
import { stepPrompt } from "./step-prompt.ts";
import { workDesk } from "./work-desk.ts";

const SUMMARY_CHARS = 2_000;
/** Many an agent prints nothing until it is done, and a step may build and test a whole project. */
const IDLE_MS = 3_600_000;
const TOTAL_MS = 6 * 3_600_000;

interface Work {
  readonly step: Step;
  /** How it has failed before. */
  readonly failures: StepFailures | undefined;
}

/**
 * Has an agent do one step. Its process group is on record before it is told anything, and gone before this resolves: with
 * nothing once the step is done, has failed or was interrupted, else with what keeps it from being done for now.
 */
export async function runStep(
  context: SessionContext,
  run: OwnedRun,
  log: RunLog,
  { step, failures }: Work,
): Promise<Halt | undefined> {
  const attempt = newId();
  const common = { session_attempt_id: attempt, session_scope_id: step.scope, runtime_backend: run.runtime.name };
  // One that lies with a host is begun once, however often somebody looks whether it was handed in.
  const isBegun = log.stateOf(step) === "in_progress";
  if (!isBegun && !(await log.turn(step, "in_progress", STEP_STARTED, common))) return undefined;
  let agent: AgentRun;
  try {
    agent = await startAgent(context, run, { step, failures });
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    await log.turn(step, "failed", STEP_FAILED, { ...common, success: false, error: messageOf(error) });
    return undefined;
  }
  const outcome = await runAgent(run, log, { step, agent, common });
  if (!outcome) return undefined;
  if (isHalt(outcome)) return outcome;
  await conclude(log, step, common, outcome);
  return undefined;
}

function startAgent(context: SessionContext, run: OwnedRun, { step, failures }: Work): Promise<AgentRun> {
  const { totalMs = TOTAL_MS, idleMs = IDLE_MS } = context.runtimes.limits ?? {};
  const task = {
    prompt: stepPrompt(run.seed, step),
    cwd: run.cwd,
    access: "write",
    env: { OUROBOROS_SESSION_ID: run.sessionId, OUROBOROS_STEP: String(step.index + 1) },
    limits: { firstOutputMs: idleMs, idleMs, totalMs },
  } as const;
  return openRuntime(run.runtime, workDesk(context, run, step, failures)).start(task, run.lease.trustMs());
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
