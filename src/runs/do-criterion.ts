import type { Refusal } from "../base/refusal.ts";
import { type Attempt, type BenchChoice, type Decision, type Failure, judgeAttempt } from "../domain/run/retry.ts";
import type { Persona } from "../domain/run/stagnation.ts";
import { STEP_FAILED, type Step } from "../domain/run/steps.ts";
import type { StepHistory } from "../store/session/step-history.ts";
import type { Answers, Approach } from "./agent-at-work.ts";
import type { Asked } from "./ask-person.ts";
import { attempt } from "./attempt.ts";
import { criterionOf, type Engine } from "./engine.ts";
import type { Halt } from "./halt.ts";
import { notePart, openParts, readParts, splitCriterion } from "./split.ts";

/** How it stands with a criterion when nobody works on it any more. */
export type CriterionEnd =
  | { readonly kind: "done" | "failed" | "interrupted" }
  /** Its agent cannot work for now: it goes on from here later. */
  | { readonly kind: "halted"; readonly halt: Halt }
  /** Its agent has left a decision to a person. */
  | { readonly kind: "asked"; readonly asked: Asked };

/** What is known of a criterion before it is worked on now. */
interface Past {
  readonly history: StepHistory | undefined;
  readonly answers?: Answers | undefined;
}

const FACTS_CHARS = 4_000;

/**
 * Works on one criterion until it is merged or given up: an agent in a worktree of its own, then our checks, then the merge.
 * What the agent says of its work is kept and decides nothing. An attempt whose owner died goes on where it was.
 */
export async function doCriterion(engine: Engine, step: Step, { history, answers = [] }: Past): Promise<CriterionEnd> {
  const attempts: Attempt[] = [];
  const fresh = (number: number) => ({
    number,
    bench: `ac${step.index + 1}-${number}`,
    handle: null,
    hasPassed: false,
    goesOn: false,
  });
  let parts = await readParts(engine, step);
  const next = fresh((history?.attempts ?? 0) + 1);
  // Parts are done in one worktree, where those before them are.
  const bench = parts.find(({ status }) => status !== "completed")?.bench ?? next.bench;
  let isRecheck = isFirstLook(engine, step, history);
  const begun = history?.open ? { ...history.open, goesOn: true } : { ...next, bench };
  let approach: Approach = {
    ...begun,
    hasPassed: begun.hasPassed || isRecheck,
    ...known(engine, history, begun.bench),
  };
  for (;;) {
    const attempted = await attempt(engine, step, approach, { answers, parts });
    if (attempted.kind === "merged") return { kind: "done" };
    if (attempted.kind !== "failed") return attempted;
    const { failed, facts, summary, handle } = attempted;
    if (isRecheck) {
      isRecheck = false;
      // Nobody has tried yet: it takes nothing from the budget of those who will.
      const error = recorded(facts);
      const end = { failure: failed.failure, error, will_retry: true };
      if (!(await conclude(engine, step, approach, end))) return { kind: "interrupted" };
      const retry = { failure: failed.failure, bench: "same", files: [], facts: error } as const;
      approach = { ...nextPlace(approach, "same", fresh), retry, persona: undefined };
      continue;
    }
    attempts.push(failed);
    // What a host's agents hand in as failed stays failed until the run has ended.
    const isGivenUp = engine.run.runtime.kind === "host" && failed.failure === "CRASHED";
    const retries = isGivenUp ? 0 : engine.settings.retries;
    const isSplit = parts.length > 0;
    let decision = judgeAttempt(attempts, { retries, ...(isSplit && { maySplit: false, continuations: 0 }) });
    if (decision.action === "split") {
      const refused = await splitCriterion(engine, step, { bench: approach.bench, summary });
      // The attempt stays open: whoever resumes the run goes on with it.
      if (engine.run.lease.lost.aborted) return { kind: "interrupted" };
      decision = refused ? tooBig(failed.failure, refused) : { action: "retry", bench: "same", goes_on: true };
    }
    parts = await readParts(engine, step);
    if (decision.action === "fail") {
      const [open] = openParts(parts, approach.bench);
      if (open) await notePart(engine.log, step, open, { status: "failed", attempt: approach.number });
      const last = { failure: failed.failure, error: recorded(`${decision.why}. ${facts}`), will_retry: false };
      return (await conclude(engine, step, approach, last)) ? { kind: "failed" } : { kind: "interrupted" };
    }
    const persona = decision.action === "retry_with_persona" ? decision.persona : undefined;
    const error = recorded(facts);
    const end = { failure: failed.failure, error, will_retry: true, persona };
    if (!(await conclude(engine, step, approach, end))) return { kind: "interrupted" };
    const bench = engine.workspace.kind === "in_place" ? "same" : decision.bench;
    const retry = { failure: failed.failure, bench, files: [], facts: error };
    // What it made stays on its branch; its folder is of no more use.
    if (bench === "fresh") await (await engine.workspace.open(approach.bench)).close();
    approach = { ...nextPlace({ ...approach, handle }, bench, fresh), retry, persona };
  }
}

/** What held where this run goes on from is looked at, as a first attempt, before anybody works on it. */
function isFirstLook(engine: Engine, step: Step, history: StepHistory | undefined): boolean {
  const isKept = engine.run.runStart?.kept.includes(criterionOf(engine, step).key) ?? false;
  return isKept && !history?.failed && !history?.merged && (history?.open?.number ?? history?.attempts ?? 0) <= 1;
}

/** Where nobody can divide it, its author has to. */
function tooBig(failure: Failure, { message }: Refusal): Extract<Decision, { readonly action: "fail" }> {
  const why = "it is too big for one agent: split the criterion into smaller ones";
  return { action: "fail", failure, why: `${why} (nobody here could: ${message.slice(0, 200)})` };
}

/** As it goes on record: whoever makes the next attempt tells its agent the very same. */
function recorded(facts: string): string {
  return facts.slice(0, FACTS_CHARS).toWellFormed();
}

/** What is on record of the attempt before, for the one that works in this bench. */
function known(
  { workspace }: Engine,
  history: StepHistory | undefined,
  bench: string,
): Pick<Approach, "retry" | "persona"> {
  if (!history?.failed) return { retry: undefined, persona: undefined };
  const { failure, error, persona, ...last } = history.failed;
  // In the folder itself nothing is ever taken back.
  const isSame = workspace.kind === "in_place" || last.bench === bench;
  return {
    retry: { failure, bench: isSame ? "same" : "fresh", files: [], facts: error },
    persona: persona ?? undefined,
  };
}

function nextPlace(
  { number, bench, handle }: Approach,
  choice: BenchChoice,
  fresh: (number: number) => Omit<Approach, "retry" | "persona">,
): Omit<Approach, "retry" | "persona"> {
  return choice === "fresh"
    ? fresh(number + 1)
    : { number: number + 1, bench, handle, hasPassed: false, goesOn: false };
}

async function conclude(
  { log }: Engine,
  step: Step,
  { number, bench }: Approach,
  facts: {
    readonly failure: Failure;
    readonly error: string;
    readonly will_retry: boolean;
    readonly persona?: Persona | undefined;
  },
): Promise<boolean> {
  const state = facts.will_retry ? "in_progress" : "failed";
  return log.turn(step, state, STEP_FAILED, { attempt: number, bench, success: false, ...facts });
}
