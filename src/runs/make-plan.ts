import { readdir } from "node:fs/promises";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import { walkProject } from "../checks/walk-project.ts";
import { type Hints, isNearlyEmpty, isOrderOpen, type Plan, planRun } from "../domain/run/plan.ts";
import type { RunSettings } from "../domain/run/run-settings.ts";
import type { Step } from "../domain/run/steps.ts";
import { PLAN_INSTRUCTIONS, planAnswer, planInput, toPlanHints } from "../prompts/plan.ts";
import { HOST } from "../runtimes/runtime-settings.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import { type Asking, askMind } from "./ask-mind.ts";

/** Everybody waits for the plan, and it is as good as most without a mind's word. */
const DEADLINE_MS = 60_000;
const TREE_CHARS = 8_000;
const NOTE_CHARS = 300;

/** The plan of a run that has none yet: what the seed says, what a mind proposes where it says nothing, what is there to build on. */
export async function makePlan(
  asking: Asking,
  first: Step | undefined,
  workspace: Workspace,
  { planWithMind, parallel }: RunSettings,
): Promise<Plan | Refusal> {
  const { criteria } = asking.run.seed;
  if (workspace.kind === "in_place" || !first) return planRun(criteria);
  const baseline = { isNearlyEmpty: isNearlyEmpty(await readdir(asking.run.cwd)) };
  const isAsked = planWithMind && asking.run.runtime.kind !== HOST && isOrderOpen(criteria, parallel);
  const proposed = isAsked ? await propose(asking, first, workspace) : {};
  if (!isRefusal(proposed)) return planRun(criteria, { baseline, ...proposed });
  const plan = planRun(criteria, { baseline });
  const why = proposed.message.slice(0, NOTE_CHARS).toWellFormed();
  return isRefusal(plan) ? plan : { ...plan, warnings: [...plan.warnings, `No mind has proposed an order: ${why}`] };
}

/** What a mind says of the order and of the files that each criterion will touch. */
async function propose(asking: Asking, first: Step, workspace: Workspace): Promise<Hints | Refusal> {
  const { seed } = asking.run;
  const bench = await workspace.open("baseline");
  const answer = await askMind(asking, first, {
    role: "standard",
    kind: "run.plan",
    instructions: PLAN_INSTRUCTIONS,
    input: planInput(seed, await treeOf(bench.folder)),
    schema: planAnswer(seed.criteria.length),
    deadlineMs: DEADLINE_MS,
  });
  return isRefusal(answer) ? answer : toPlanHints(answer);
}

/** The project's files, those near the top first, as many as a question has room for. */
async function treeOf(folder: string): Promise<string> {
  let tree = "";
  for await (const path of walkProject(folder)) {
    tree += `${path}\n`;
    if (tree.length > TREE_CHARS) break;
  }
  return tree;
}
