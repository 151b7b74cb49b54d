import { type Attempt, type BenchChoice, type Failure, judgeAttempt } from "../domain/run/retry.ts";
import type { Persona } from "../domain/run/stagnation.ts";
import { STEP_FAILED, type Step } from "../domain/run/steps.ts";
import type { StepHistory } from "../store/session/step-history.ts";
import type { Answers, Approach } from "./agent-at-work.ts";
import type { Asked } from "./ask-person.ts";
import { attempt } from "./attempt.ts";
import type { Engine } from "./engine.ts";
import type { Halt } from "./halt.ts";

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
  /** It had been merged, and does not hold any more. */
  readonly broken?: string | undefined;
}

const SUMMARY_CHARS = 2_000;

/**
 * Works on one criterion until it is merged or given up: an agent in a worktree of its own, then our checks, then the merge.
 * What the agent says of its work is kept and decides nothing. An attempt whose owner died goes on where it was.
 */
export async function doCriterion(
  engine: Engine,
  step: Step,
  { history, answers = [], broken }: Past,
): Promise<CriterionEnd> {
  const attempts: Attempt[] = [];
  const fresh = (number: number) => ({
    number,
    bench: `ac${step.index + 1}-${number}`,
    handle: null,
    hasPassed: false,
    goesOn: false,
  });
  const begun = history?.open ? { ...history.open, goesOn: true } : fresh((history?.attempts ?? 0) + 1);
  const retry =
    broken === undefined ? undefined : ({ failure: "CONFLICT", bench: "fresh", files: [], facts: broken } as const);
  let approach: Approach = { ...begun, retry, persona: undefined };
  for (;;) {
    const attempted = await attempt(engine, step, approach, answers);
    if (attempted.kind === "merged") return { kind: "done" };
    if (attempted.kind === "interrupted") return { kind: "interrupted" };
    if (attempted.kind === "halted" || attempted.kind === "asked") return attempted;
    const { failed, facts, handle } = attempted;
    attempts.push(failed);
    const decision = judgeAttempt(attempts, { retries: engine.settings.retries });
    const { action } = decision;
    if (action !== "retry" && action !== "retry_with_persona") {
      const why =
        action === "fail" ? decision.why : "it is too big for one agent: split the criterion into smaller ones";
      const last = { failure: failed.failure, error: `${why}. ${facts}`.slice(0, SUMMARY_CHARS), will_retry: false };
      return (await conclude(engine, step, approach, last)) ? { kind: "failed" } : { kind: "interrupted" };
    }
    const persona = action === "retry_with_persona" ? decision.persona : undefined;
    const error = { failure: failed.failure, error: facts.slice(0, SUMMARY_CHARS), will_retry: true, persona };
    if (!(await conclude(engine, step, approach, error))) return { kind: "interrupted" };
    const retry = { failure: failed.failure, bench: decision.bench, files: [], facts };
    // What it made stays on its branch; its folder is of no more use.
    if (decision.bench === "fresh") await (await engine.workspace.open(approach.bench)).close();
    approach = { ...nextPlace({ ...approach, handle }, decision.bench, fresh), retry, persona };
  }
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
