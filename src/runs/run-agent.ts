import { failpoint } from "../base/failpoint.ts";
import { AGENT_ENDED, AGENT_STARTED, type Step } from "../domain/run/steps.ts";
import type { AgentMessage, AgentRun, Outcome } from "../runtimes/runtime.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { RunLog } from "./run-log.ts";

/** For an agent to end by itself when its run is stopped; a person who cancels is waiting for it. */
const GRACE_MS = 2_000;

/**
 * Lets an agent that was started for a step do it. Its process group is on record before it is told anything, and gone
 * before this resolves: with its outcome, or with nothing when the run was interrupted and nobody can say how it went.
 */
export async function runAgent(
  run: OwnedRun,
  log: RunLog,
  {
    step,
    agent,
    common,
    onMessage,
  }: {
    readonly step: Step;
    readonly agent: AgentRun;
    readonly common: Readonly<Record<string, unknown>>;
    readonly onMessage?: ((message: AgentMessage) => void) | undefined;
  },
): Promise<Outcome | undefined> {
  const { group } = agent;
  const { lease } = run;
  const stopTrusting = lease.onTrust((ms) => agent.trust(ms));
  // Of a fenced owner nothing may do anything in the folder any more: somebody else works there.
  const stop = () => agent.stop(lease.loss?.kind === "fenced" ? 0 : GRACE_MS);
  const onLoss = () => void stop();
  lease.lost.addEventListener("abort", onLoss, { once: true });
  try {
    const isRecorded = group === null || (await log.note(step, AGENT_STARTED, { ...common, group }));
    if (!isRecorded || lease.lost.aborted) {
      await stop();
      await agent.outcome;
      return undefined;
    }
    failpoint("prompt:before");
    const messages = agent.begin();
    failpoint("prompt:after");
    // All of it is read, so that it never waits for us.
    for await (const message of messages) onMessage?.(message);
    const outcome = await agent.outcome;
    const { ending, exit_code, signal, usage } = outcome;
    if (group) await log.note(step, AGENT_ENDED, { ...common, group, ending, exit_code, signal, usage });
    // An agent that was stopped has neither succeeded nor failed: whoever resumes the run does this step again.
    return lease.lost.aborted ? undefined : outcome;
  } finally {
    lease.lost.removeEventListener("abort", onLoss);
    stopTrusting();
  }
}
