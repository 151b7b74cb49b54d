import { checkEnvironment } from "../checks/check-environment.ts";
import type { CommandLimits } from "../checks/run-command.ts";
import { verify } from "../checks/verify.ts";
import { AGENT_ENDED, AGENT_STARTED, CRITERION_VERIFIED, type Step } from "../domain/run/steps.ts";
import type { Verification } from "../domain/run/verdict.ts";
import type { AgentGroup } from "../process/agent/process-tree.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { criterionOf, type Engine } from "./engine.ts";
import type { RunLog } from "./run-log.ts";

/** How a run's checks are run: under its lease, their process groups on record like agents'; `ended` when all of them are gone. */
export function checkLimits(
  run: OwnedRun,
  log: RunLog,
  step: Step,
  verifyMs: number,
): { readonly limits: CommandLimits; readonly ended: () => Promise<void> } {
  const { lease, sessionId } = run;
  const groups: AgentGroup[] = [];
  const limits: CommandLimits = {
    env: checkEnvironment(process.env, { OUROBOROS_SESSION_ID: sessionId }),
    timeoutMs: verifyMs,
    signal: lease.lost,
    trust: lease,
    record: (group) => {
      groups.push(group);
      return log.note(step, AGENT_STARTED, { group, purpose: "check" });
    },
  };
  const ended = async () => {
    for (const group of groups.splice(0)) await log.note(step, AGENT_ENDED, { group, purpose: "check" });
  };
  return { limits, ended };
}

/**
 * Checks the work in a bench against its criterion, and records the verdict with its evidence and whether the work counts by it;
 * nothing when the run was interrupted.
 */
export async function checkWork(
  engine: Engine,
  step: Step,
  bench: Bench,
  common: Readonly<Record<string, unknown>>,
  holds = (verification: Verification) => verification.verdict !== "fail",
): Promise<Verification | undefined> {
  const { run, log, workspace, settings } = engine;
  const { limits, ended } = checkLimits(run, log, step, settings.verifyMs);
  const options = { ...limits, base: workspace.base, criteria: run.seed.criteria };
  const verification = await verify(bench, criterionOf(engine, step), options);
  await ended();
  if (run.lease.lost.aborted) return undefined;
  const { output, checks, ...facts } = verification;
  const record = { ...common, ...facts, holds: holds(verification), checks: checks.slice(0, 50) };
  return (await log.note(step, CRITERION_VERIFIED, record, output)) ? verification : undefined;
}
