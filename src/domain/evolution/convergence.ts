import { overCeiling } from "../run/ceiling.ts";
import type { Stagnation } from "../run/stagnation.ts";
import type { EvaluationSummary } from "./evaluation-summary.ts";
import type { EvolutionSettings } from "./evolution-settings.ts";
import { type Generation, sumSpent } from "./generation.ts";
import { completedGenerations, type Lineage, spentByLineage } from "./lineage.ts";
import { latestSimilarity } from "./ontology-similarity.ts";
import { isPlateau, isRegressing, isRepeating, oscillationOf } from "./patterns.ts";
import { regressionsOf } from "./regression.ts";
import { type LineageAction, STOP_REASONS, type StopReason } from "./stop-reasons.ts";

/** Why a lineage goes on. */
type ContinueReason = "not_begun" | "generation_open" | "generation_failed" | "not_yet";

/** What is to be done with a lineage now, and why; the pattern is for whoever looks for another way to think. */
export interface LineageJudgement {
  readonly action: LineageAction;
  readonly reason: StopReason | ContinueReason;
  readonly message: string;
  readonly pattern: Stagnation | null;
}

/**
 * Judges a lineage after a step. Outcome first, then what it may take, then whether it still gets anywhere; the first that
 * holds decides. `interrupted` and `cancelled` end a loop and not the lineage: `nextStep` goes on with that generation.
 */
export function judgeLineage(lineage: Lineage, settings: EvolutionSettings): LineageJudgement {
  if (lineage.ending) return stop(lineage.ending.code, lineage.ending.message, lineage.ending.pattern);
  const last = lineage.generations.at(-1);
  const done = completedGenerations(lineage);
  // What somebody has decided about is not judged again: after a lateral step only its own generations count.
  const fresh = done.filter(({ number }) => number > lineage.settled);
  const isDone = last?.phase === "completed";
  if (isDone && fresh.length > 0 && hasOutcome(last.evaluation)) {
    return stop("outcome_reached", outcomeWords(last, done));
  }
  return (
    overBudget(lineage, settings) ??
    (isDone && done.length >= settings.max_generations ? stop("max_generations", capWords(done.length)) : undefined) ??
    unfinished(last, settings) ??
    (lineage.executes ? undefined : onPaper(fresh, settings)) ??
    gettingNowhere(fresh, settings) ??
    keepOn("not_yet", notYetWords(lineage, last))
  );
}

/**
 * Approved by our rules, with every criterion passing (so none that passed before can fail) and the project's own checks not
 * failing. Without a criterion there is nothing that was reached.
 */
function hasOutcome(evaluation: EvaluationSummary | null): boolean {
  if (!evaluation?.checked || !evaluation.approved || evaluation.verdict !== "approved") return false;
  const { criteria, mechanical } = evaluation;
  return criteria.length > 0 && criteria.every(({ verdict }) => verdict === "pass") && mechanical !== "fail";
}

function overBudget(lineage: Lineage, { ceiling, thinking }: EvolutionSettings): LineageJudgement | undefined {
  const spent = sumSpent([spentByLineage(lineage), ...(thinking ? [thinking] : [])]);
  switch (overCeiling(spent, ceiling)) {
    case "hours":
      return stop(
        "wall_clock_exhausted",
        `It has taken ${spent.hours.toFixed(1)} hours; the limit is ${ceiling.hours}`,
      );
    case "tokens":
      return stop("token_budget", `It has taken ${spent.tokens} tokens; the limit is ${ceiling.tokens}`);
    case "cost_usd":
      return stop("money_budget", `It has taken $${spent.cost_usd?.toFixed(2)}; the limit is $${ceiling.cost_usd}`);
    default:
      return undefined;
  }
}

function unfinished(last: Generation | undefined, settings: EvolutionSettings): LineageJudgement | undefined {
  if (last === undefined) return keepOn("not_begun", "No generation has begun");
  const { number, phase, failures, open_phase, error } = last;
  switch (phase) {
    case "completed":
      return undefined;
    case "failed": {
      const why = error === null ? "" : `: ${error}`;
      return failures >= settings.max_failures
        ? stop("generations_failing", `Generation ${number} has failed ${failures} times in a row${why}`, "spinning")
        : keepOn("generation_failed", `Generation ${number} has failed and is tried again${why}`);
    }
    case "interrupted":
      return stop(
        "interrupted",
        `Generation ${number} was interrupted; the next step goes on with it in ${open_phase}`,
      );
    case "cancelled":
      return stop("cancelled", `Generation ${number} was cancelled; the next step goes on with it in ${open_phase}`);
    default:
      return keepOn("generation_open", `Generation ${number} is ${phase}`);
  }
}

function onPaper(fresh: readonly Generation[], settings: EvolutionSettings): LineageJudgement | undefined {
  const similarity = latestSimilarity(fresh);
  if (similarity === null || similarity < settings.convergence_threshold) return undefined;
  if (fresh.length < settings.min_generations) return undefined;
  const words = `The last two ontologies are alike to ${(100 * similarity).toFixed(0)} %`;
  return stop("ontology_stable", `${words}; nothing was carried out or checked`);
}

function gettingNowhere(fresh: readonly Generation[], settings: EvolutionSettings): LineageJudgement | undefined {
  const { grade_regression_window, stagnation_window, score_epsilon, oscillation_window } = settings;
  if (isRegressing(fresh, grade_regression_window)) {
    const scores = fresh.slice(-1 - grade_regression_window).map(({ evaluation }) => evaluation?.score?.toFixed(2));
    return stop("grade_regressing", `The score falls with every generation: ${scores.join(", ")}${brokenWords(fresh)}`);
  }
  if (isPlateau(fresh, stagnation_window, score_epsilon)) {
    const words = `The score has stayed where it is for ${stagnation_window} generations`;
    return stop("plateau", `${words}${brokenWords(fresh)}`, "no_drift");
  }
  const oscillation = oscillationOf(fresh, oscillation_window);
  if (oscillation === "same") {
    return stop("oscillation", `The same is wrong for ${oscillation_window} generations`, "spinning");
  }
  if (oscillation === "alternating") {
    return stop("oscillation", "Two states take turns, and each mends what the other breaks", "oscillation");
  }
  if (isRepeating(fresh, settings.repetition_share)) {
    return stop("repetition", "Generation after generation asks itself the same questions", "diminishing_returns");
  }
  return undefined;
}

function outcomeWords({ number, evaluation }: Generation, done: readonly Generation[]): string {
  const criteria = evaluation?.criteria ?? [];
  const kept = new Set(criteria.map(({ key }) => key));
  const all = new Set(done.flatMap((one) => one.evaluation?.criteria.map(({ key }) => key) ?? []));
  const dropped = [...all].filter((key) => !kept.has(key)).length;
  const gone = dropped === 0 ? "" : `; ${dropped} of earlier generations are criteria no more`;
  return `Generation ${number} meets ${criteria.length === 1 ? "its criterion" : `all ${criteria.length} criteria`}${gone}`;
}

function capWords(count: number): string {
  return `${count} ${count === 1 ? "generation is" : "generations are"} the limit, and the outcome is not reached`;
}

function notYetWords(lineage: Lineage, last: Generation | undefined): string {
  const criteria = last?.evaluation?.criteria ?? [];
  const met = criteria.filter(({ verdict }) => verdict === "pass").length;
  if (last === undefined || criteria.length === 0) return "The outcome is not reached";
  return `Generation ${last.number} meets ${met} of ${criteria.length} criteria${brokenWords(lineage.generations)}`;
}

function brokenWords(generations: readonly Generation[]): string {
  const broken = regressionsOf(generations);
  if (broken.length === 0) return "";
  return `; broken since an earlier one: ${broken.map(({ key }) => key).join(", ")}`;
}

function stop(reason: StopReason, message: string, pattern: Stagnation | null = null): LineageJudgement {
  return { action: STOP_REASONS[reason], reason, message, pattern };
}

function keepOn(reason: ContinueReason, message: string): LineageJudgement {
  return { action: "continue", reason, message, pattern: null };
}
