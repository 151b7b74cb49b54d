import { isRefusal, type Refusal } from "../base/refusal.ts";
import { baseline } from "../checks/baseline.ts";
import { type Plan, planRun } from "../domain/run/plan.ts";
import type { RunSettings } from "../domain/run/run-settings.ts";
import type { RunStart } from "../domain/run/run-start.ts";
import { BASELINE_CHECKED, RUN_PREPARED, type Step } from "../domain/run/steps.ts";
import { storedPlan } from "../domain/run/stored-plan.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { readRunRows } from "../store/session/run-rows.ts";
import { type RunWorkspace, readRunWorkspace } from "../store/session/run-workspace.ts";
import type { StepHistory } from "../store/session/step-history.ts";
import { openWorkspace } from "../workspaces/open-workspace.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { checkLimits } from "./check-work.ts";
import type { Engine } from "./engine.ts";
import { makePlan } from "./make-plan.ts";
import type { RunLog } from "./run-log.ts";

export interface Prepared {
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly baseline: ReadonlyMap<number, string>;
}

/**
 * Everything before the first agent: the plan, which is refused before anything is spent; the run's branch; and what each check
 * says of the untouched project. An owner that takes a run over finds branch and base as they were.
 */
export async function prepareRun(
  context: SessionContext,
  run: OwnedRun,
  log: RunLog,
  {
    steps,
    settings,
    histories,
    usages,
  }: {
    readonly steps: readonly Step[];
    readonly settings: RunSettings;
    readonly histories: ReadonlyMap<string, StepHistory>;
    /** What a mind takes for the plan goes in here. */
    readonly usages: Engine["usages"];
  },
): Promise<Prepared | Refusal> {
  const impossible = planRun(run.seed.criteria);
  if (isRefusal(impossible)) return impossible;
  const before = await readRunWorkspace(context.store, run.executionId);
  const workspace = await openWorkspace({
    runId: run.executionId,
    cwd: run.cwd,
    home: context.home,
    mode: run.workspace,
    from: run.runStart ?? begunWith(before),
    tip: before?.tip ?? undefined,
    signal: run.lease.lost,
  });
  if (isRefusal(workspace)) return workspace;
  const plan =
    (await planOnRecord(context, run)) ??
    (await makePlan({ context, run, log, usages }, steps[0], workspace, settings));
  if (isRefusal(plan)) return plan;
  const { kind, branch, base, snapshot, notes, repository } = workspace;
  // A mind that was interrupted has not been asked: whoever resumes the run asks again.
  if (!run.lease.lost.aborted) {
    await log.noteRun(RUN_PREPARED, { workspace: { kind, branch, base, snapshot, repository, notes }, plan });
  }
  const isUntouched = [...histories.values()].every(({ attempts }) => attempts === 0);
  const found = isUntouched
    ? await checkBaseline(run, log, { workspace, steps, settings })
    : knownBaseline(steps, histories);
  return { workspace, plan, baseline: found };
}

/** Another repository may lie at the same path by now: one without the commit that the run began with is not its own. */
function begunWith(before: RunWorkspace | undefined): Pick<RunStart, "commit" | "copy_of"> | undefined {
  return before?.kind === "git" && before.base !== null ? { commit: before.base, copy_of: null } : undefined;
}

/** A plan is made once: whoever takes the run over goes on by it. */
async function planOnRecord({ store }: SessionContext, { executionId, seed }: OwnedRun): Promise<Plan | undefined> {
  const rows = await readRunRows(store, executionId);
  const prepared = rows.findLast(({ event_type }) => event_type === RUN_PREPARED);
  return storedPlan(prepared?.payload.plan, seed.criteria);
}

function knownBaseline(steps: readonly Step[], histories: ReadonlyMap<string, StepHistory>): Map<number, string> {
  const known = steps.flatMap(({ index, scope }) => {
    const found = histories.get(scope)?.baseline;
    return found ? [[index, found] as const] : [];
  });
  return new Map(known);
}

/** Red before green: a check that holds before anybody has worked proves nothing afterwards. */
async function checkBaseline(
  run: OwnedRun,
  log: RunLog,
  {
    workspace,
    steps,
    settings,
  }: { readonly workspace: Workspace; readonly steps: readonly Step[]; readonly settings: RunSettings },
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  // In place, a check could change what the user has there before anybody has asked for work.
  if (workspace.kind === "in_place") return found;
  const bench = await workspace.open("baseline");
  const [first] = steps;
  if (!first) return found;
  const { limits, ended } = checkLimits(run, log, first, settings.verifyMs);
  for await (const result of baseline([bench], run.seed.criteria, limits)) {
    if (run.lease.lost.aborted) break;
    const step = steps[run.seed.criteria.findIndex(({ key }) => key === result.criterion_key)];
    const { output, ...facts } = result;
    if (!step) continue;
    found.set(step.index, result.class);
    await log.note(step, BASELINE_CHECKED, facts, output);
  }
  await ended();
  if (!run.lease.lost.aborted) await bench.close();
  return found;
}
