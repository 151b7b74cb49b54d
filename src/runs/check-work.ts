import { checkEnvironment } from "../checks/check-environment.ts";
import type { CommandLimits } from "../checks/run-command.ts";
import { verify } from "../checks/verify.ts";
import { AGENT_STARTED, CRITERION_VERIFIED, type Step } from "../domain/run/steps.ts";
import type { Verification } from "../domain/run/verdict.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { criterionOf, type Engine } from "./engine.ts";
import type { RunLog } from "./run-log.ts";

/** How a run's checks are run: under its lease, their process groups on record like agents'. */
export function checkLimits(run: OwnedRun, log: RunLog, step: Step | null, verifyMs: number): CommandLimits {
  const { lease, sessionId } = run;
  return {
    env: checkEnvironment(process.env, { OUROBOROS_SESSION_ID: sessionId }),
    timeoutMs: verifyMs,
    signal: lease.lost,
    trust: lease,
    ...(step && { record: (group) => log.note(step, AGENT_STARTED, { group, purpose: "check" }) }),
  };
}

/** Checks the work in a bench against its criterion, and records the verdict with its evidence; nothing when the run was interrupted. */
export async function checkWork(
  engine: Engine,
  step: Step,
  bench: Bench,
  common: Readonly<Record<string, unknown>>,
): Promise<Verification | undefined> {
  const { run, log, workspace, settings } = engine;
  const verification = await verify(bench, criterionOf(engine, step), {
    ...checkLimits(run, log, step, settings.verifyMs),
    base: workspace.base,
    criteria: run.seed.criteria,
  });
  if (run.lease.lost.aborted) return undefined;
  const { output, checks, ...facts } = verification;
  const record = { ...common, ...facts, checks: checks.slice(0, 50) };
  return (await log.note(step, CRITERION_VERIFIED, record, output)) ? verification : undefined;
}
