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
import type { AgentEnd, GuardedAgent } from "../process/guarded-agent.ts";
import { startGuarded } from "../process/guarded-agent.ts";
import { agentEnvironment } from "../runtimes/agent-environment.ts";
import type { OwnedRun } from "../sessions/take-session.ts";
import type { RunLog } from "./run-log.ts";
import { stepPrompt } from "./step-prompt.ts";

/** What is kept of an agent's output: its end. The rest of a flood helps nobody. */
const KEPT_BYTES = 1_000_000;
const SUMMARY_CHARS = 2_000;
/** For an agent to end by itself when its run is stopped; a person who cancels is waiting for it. */
const GRACE_MS = 2_000;

/** Has an agent do one step. Its process group is on record before it is told anything, and gone before this resolves. */
export async function runStep(run: OwnedRun, log: RunLog, step: Step): Promise<void> {
  const attempt = newId();
  const common = { session_attempt_id: attempt, session_scope_id: step.scope, runtime_backend: run.runtime.name };
  if (!(await log.turn(step, "in_progress", STEP_STARTED, common))) return;
  let agent: GuardedAgent;
  try {
    agent = await startAgent(run, step);
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    await log.turn(step, "failed", STEP_FAILED, { ...common, success: false, error: messageOf(error) });
    return;
  }
  const stopTrusting = run.lease.onTrust((ms) => agent.trust(ms));
  // Of a fenced owner nothing may do anything in the folder any more: somebody else works there.
  const stop = () => agent.stop(run.lease.loss?.kind === "fenced" ? 0 : GRACE_MS);
  const onLoss = () => void stop();
  run.lease.lost.addEventListener("abort", onLoss, { once: true });
  try {
    const isRecorded = await log.note(step, AGENT_STARTED, { ...common, group: agent.group });
    if (!isRecorded || run.lease.lost.aborted) {
      await stop();
      return;
    }
    failpoint("prompt:before");
    agent.send(stepPrompt(run.seed, step));
    failpoint("prompt:after");
    const output = await readTail(agent.output);
    const end = await agent.ended;
    await log.note(step, AGENT_ENDED, { ...common, group: agent.group, exit_code: end.code, signal: end.signal });
    // An agent that was stopped has neither succeeded nor failed: whoever resumes the run does this step again.
    if (run.lease.lost.aborted) return;
    await conclude(log, step, { common, output, end, errors: agent.errorTail() });
  } finally {
    run.lease.lost.removeEventListener("abort", onLoss);
    stopTrusting();
  }
}

function startAgent(run: OwnedRun, step: Step): Promise<GuardedAgent> {
  return startGuarded({
    command: run.runtime.command,
    cwd: run.cwd,
    env: agentEnvironment(process.env, { sessionId: run.sessionId, step: step.index }),
    trustMs: run.lease.trustMs(),
  });
}

async function conclude(
  log: RunLog,
  step: Step,
  ended: { common: Record<string, string>; output: Uint8Array; end: AgentEnd; errors: string },
): Promise<void> {
  const { common, output, end, errors } = ended;
  const result = { ...common, exit_code: end.code, left_behind: end.leftBehind };
  const text = new TextDecoder().decode(output).trim().slice(-SUMMARY_CHARS);
  if (end.code === 0) {
    await log.turn(step, "completed", STEP_COMPLETED, { ...result, success: true, result_summary: text }, output);
    return;
  }
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  const error = `${how}${errors === "" ? "" : `: ${errors.trim().slice(-SUMMARY_CHARS)}`}`;
  await log.turn(step, "failed", STEP_FAILED, { ...result, success: false, error, result_summary: text }, output);
}

/** The last part of what an agent prints; all of it is read, so that it never waits for us. */
async function readTail(output: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of output) {
    kept.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > 2 * KEPT_BYTES) {
      const tail = Buffer.concat(kept).subarray(-KEPT_BYTES);
      kept = [tail];
      bytes = tail.byteLength;
    }
  }
  return Buffer.concat(kept).subarray(-KEPT_BYTES);
}
