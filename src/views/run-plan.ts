import { readdir } from "node:fs/promises";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Ceiling } from "../domain/run/ceiling.ts";
import type { WorkspaceMode } from "../domain/run/origin.ts";
import { isNearlyEmpty, isOrderOpen, planRun } from "../domain/run/plan.ts";
import type { RunSettings } from "../domain/run/run-settings.ts";
import { misspeltWords } from "../domain/seed/misspelt-keys.ts";
import type { Criterion, Seed } from "../domain/seed/seed.ts";
import { checkFolder } from "../sessions/resume/check-folder.ts";
import { findCheckout } from "../workspaces/find-checkout.ts";

/** What a run would do, told without doing any of it. Criteria are counted from 1. */
export interface RunPlanView {
  readonly goal: string;
  readonly criteria: readonly {
    readonly index: number;
    readonly description: string;
    /** What is run to decide about it, on this machine. */
    readonly verify_command: string | null;
    readonly expected_artifacts: readonly string[];
    readonly waits_for: readonly number[];
  }[];
  readonly levels: readonly (readonly number[])[];
  /** Why one waits for another: the seed says so, or the project has nothing yet to build on. */
  readonly order: readonly { readonly before: number; readonly after: number; readonly because: string }[];
  /** Which are not worked on at once, as both touch a file. */
  readonly not_together: readonly (readonly [number, number])[];
  readonly warnings: readonly string[];
  readonly workspace: { readonly kind: "git" | "copy" | "in_place"; readonly repository: string };
  readonly ceiling: Ceiling;
  readonly parallel: number;
}

const BECAUSE: Readonly<Record<string, string>> = {
  seed: "the seed says so",
  ground: "there is nothing yet to build on",
  mind: "a mind proposes it",
};

const ASKED =
  "The seed gives no order: when the run begins, a mind is asked once which criteria build on which, and which files each will touch (orchestrator.plan_with_mind)";

/** Plans a run of a seed in a folder as a worker would, or says why no worker would begin. */
export async function runPlan(
  { goal, criteria, misspelt }: Seed,
  where: { readonly cwd: string; readonly mode: WorkspaceMode },
  settings: Pick<RunSettings, "ceiling" | "parallel" | "planWithMind">,
  signal: AbortSignal,
): Promise<RunPlanView | Refusal> {
  const { cwd, mode } = where;
  const missing = await checkFolder(cwd);
  if (missing) return missing;
  const common = { goal, ceiling: settings.ceiling };
  const slips = misspelt.map(misspeltWords);
  if (mode === "in_place") {
    // The steps are done in the seed's order, one by one, and nothing but their agents says whether they are done.
    const levels = criteria.map((_, index) => [index + 1]);
    const place = { kind: mode, repository: cwd };
    const plan = { levels, order: [], not_together: [], warnings: slips, workspace: place, parallel: 1 };
    return { ...common, criteria: criteria.map((one, index) => toView(one, index, [])), ...plan };
  }
  const names = await readdir(cwd).catch(() => []);
  const plan = planRun(criteria, { baseline: { isNearlyEmpty: isNearlyEmpty(names) } });
  if (isRefusal(plan)) return plan;
  const isAsked = settings.planWithMind && isOrderOpen(criteria, settings.parallel);
  const checkout = await findCheckout(cwd, signal);
  if (isRefusal(checkout)) return checkout;
  return {
    ...common,
    criteria: criteria.map((one, index) => toView(one, index, plan.after[index] ?? [])),
    levels: plan.levels.map((level) => level.map((index) => index + 1)),
    order: plan.after.flatMap((waits, after) =>
      waits.map((before) => ({
        before: before + 1,
        after: after + 1,
        because: BECAUSE[plan.source[`${before}>${after}`] ?? ""] ?? "",
      })),
    ),
    not_together: plan.not_together.map(([a, b]) => [a + 1, b + 1] as const),
    warnings: [...slips, ...plan.warnings, ...(isAsked ? [ASKED] : [])],
    workspace: { kind: checkout === null ? "copy" : "git", repository: checkout?.top ?? cwd },
    parallel: settings.parallel,
  };
}

function toView(
  { description, verify_command, expected_artifacts }: Criterion,
  index: number,
  waits: readonly number[],
): RunPlanView["criteria"][number] {
  const waits_for = waits.map((one) => one + 1);
  return { index: index + 1, description, verify_command, expected_artifacts, waits_for };
}

/** Where a run that has begun works, in a sentence. */
export function placeWords(mode: WorkspaceMode, executionId: string): string {
  return mode === "in_place"
    ? "It works in the folder itself: no branch, and no way back but your own."
    : `It works on the branch ooo/${executionId}, in worktrees of its own; your checkout stays as it is.`;
}

/** What a run may take, in a sentence. */
export function ceilingWords({ hours, tokens, cost_usd }: Ceiling): string {
  const bounds = [
    hours === null ? [] : [`${hours} h`],
    tokens === null ? [] : [`${tokens.toLocaleString("en-US")} tokens`],
    cost_usd === null ? [] : [`$${cost_usd}`],
  ].flat();
  if (bounds.length === 0) return "It has no ceiling of time, tokens or money.";
  return `It pauses when it has taken ${bounds.join(", ")}; tokens and money as its agents report them.`;
}
