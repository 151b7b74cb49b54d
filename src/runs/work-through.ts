import type { Step } from "../domain/run/steps.ts";
import type { Part } from "../domain/run/subtasks.ts";
import { readQuestion } from "../prompts/person-question.ts";
import type { Outcome } from "../runtimes/runtime.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { type Answers, type Approach, type PartNow, workOn } from "./agent-at-work.ts";
import { type Asked, askPerson } from "./ask-person.ts";
import type { Engine } from "./engine.ts";
import { endingFailure } from "./failure-of.ts";
import { type Halt, isHalt } from "./halt.ts";
import { notePart, openParts } from "./split.ts";

/** How far the agents of an attempt have come. */
export type Worked =
  /** The last of them has come to an end: this one, where it did so just now. */
  | { readonly kind: "ended"; readonly outcome: Outcome | undefined }
  | { readonly kind: "interrupted" }
  | { readonly kind: "halted"; readonly halt: Halt }
  | { readonly kind: "asked"; readonly asked: Asked };

interface Work {
  readonly bench: Bench;
  readonly approach: Approach;
  readonly common: Readonly<Record<string, unknown>>;
  readonly answers: Answers;
}

/**
 * Has the agents of an attempt do what is left to do: the criterion as a whole, or each of its open parts, one after the other.
 * A part is done when its agent came to an end in order; whether that was enough, the criterion's check says of all together.
 */
export async function workThrough(engine: Engine, step: Step, work: Work, parts: readonly Part[]): Promise<Worked> {
  const { bench, approach } = work;
  const open = openParts(parts, approach.bench);
  for (const [nth, part] of open.entries()) {
    // One that was begun before is gone on with; each other one begins a conversation of its own.
    const handle = part.status === "executing" ? approach.handle : null;
    const begins = nth === 0 ? { ...approach, handle } : { ...approach, handle, retry: undefined, persona: undefined };
    if (!(await notePart(engine.log, step, part, { status: "executing", attempt: approach.number })))
      return { kind: "interrupted" };
    const now = { text: part.text, number: part.number, of: parts.length };
    const worked = await workOnce(engine, step, { ...work, approach: begins }, now);
    if (worked.kind !== "ended" || !worked.outcome || endingFailure(worked.outcome)) return worked;
    await bench.commit(commitMessage(step, `part ${now.number} of ${now.of}`));
    if (!(await notePart(engine.log, step, part, { status: "completed", attempt: approach.number })))
      return { kind: "interrupted" };
    if (nth === open.length - 1) return worked;
  }
  const last = parts.findLast((part) => part.bench === approach.bench);
  // The owner before had come to the end of them, and not to the check.
  if (open.length === 0 && approach.goesOn && last?.attempt === approach.number)
    return { kind: "ended", outcome: undefined };
  return workOnce(engine, step, work);
}

/** What stands at a commit of work on a step. */
export function commitMessage({ criterion, index }: Step, what: string): string {
  const title = criterion.split("\n", 1)[0]?.slice(0, 72) ?? "";
  return `${title}\n\nCriterion ${index + 1}, ${what}, by Ouroboros.`;
}

async function workOnce(engine: Engine, step: Step, work: Work, part?: PartNow): Promise<Worked> {
  const outcome = await workOn(engine, step, { ...work, part });
  if (!outcome) return { kind: "interrupted" };
  if (isHalt(outcome)) return { kind: "halted", halt: outcome };
  engine.usages.push(outcome.usage);
  const question = readQuestion(outcome.text);
  if (question && !work.answers.some((one) => one.question === question.question)) {
    return { kind: "asked", asked: await askPerson(engine, step, question) };
  }
  return { kind: "ended", outcome };
}
