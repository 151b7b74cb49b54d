import { isRefusal, type Refusal } from "../base/refusal.ts";
import { type Step, SUBTASK_UPDATED } from "../domain/run/steps.ts";
import { type Part, type PartStatus, partRow, partsOf } from "../domain/run/subtasks.ts";
import { SPLIT_INSTRUCTIONS, SplitAnswer, splitInput } from "../prompts/plan.ts";
import { readRunRows } from "../store/session/run-rows.ts";
import { askMind } from "./ask-mind.ts";
import { criterionOf, type Engine } from "./engine.ts";
import type { RunLog } from "./run-log.ts";

/** The parts that a criterion was split into by this program; none where it is whole. */
export async function readParts({ context, run }: Engine, { index }: Step): Promise<readonly Part[]> {
  const parts = partsOf(await readRunRows(context.store, run.executionId)).get(index) ?? [];
  return parts.filter(({ bench }) => bench !== null);
}

/** What is left of the parts that are done in this worktree; in another one the criterion is whole again. */
export function openParts(parts: readonly Part[], bench: string): readonly Part[] {
  return parts.filter((part) => part.bench === bench && part.status !== "completed");
}

/** Has a mind divide what is left of a criterion; all parts are on record at once, or why there are none is said. */
export async function splitCriterion(
  engine: Engine,
  step: Step,
  { bench, summary }: { readonly bench: string; readonly summary: string },
): Promise<Refusal | undefined> {
  const { run, log, workspace } = engine;
  const files = await (await workspace.open(bench)).changedSince();
  const answer = await askMind(engine, step, {
    role: "standard",
    kind: "run.split",
    instructions: SPLIT_INSTRUCTIONS,
    input: splitInput(run.seed, criterionOf(engine, step), { summary, files }),
    schema: SplitAnswer,
  });
  if (isRefusal(answer)) return answer;
  const rows = answer.parts.map(({ description: text }, index) => {
    return { ...partRow(step.index, { number: index + 1, text }, "pending"), text, bench };
  });
  await log.noteRun(SUBTASK_UPDATED, ...rows);
  return undefined;
}

/** Records how a part stands in an attempt; false when this process is not the owner any more. */
export function notePart(
  log: RunLog,
  { index }: Step,
  part: Part,
  { status, attempt }: { readonly status: PartStatus; readonly attempt: number },
): Promise<boolean> {
  return log.noteRun(SUBTASK_UPDATED, { ...partRow(index, part, status), attempt });
}
