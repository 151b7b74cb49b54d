import type { CriterionVerdict } from "./evaluation-summary.ts";
import type { Generation } from "./generation.ts";

/** What the last three results of a criterion show, in the order in which a reader should look at them. */
const CRITERION_CLASSES = ["failing", "flaky", "unverified", "new", "stable", "gone"] as const;
type CriterionClass = (typeof CRITERION_CLASSES)[number];

/** One criterion through the generations. */
export interface CriterionHistory {
  readonly key: string;
  /** In its latest words. */
  readonly description: string;
  readonly class: CriterionClass;
  /** The last five results, oldest first: P, F, or ? where nobody could verify it. */
  readonly trend: string;
  /** How many of those have passed. */
  readonly passed: number;
  readonly results: number;
  /** One for each generation of the matrix; null where it was no criterion. */
  readonly row: readonly (CriterionVerdict | null)[];
  /** Why it stands as it does, in the latest generation that has it. */
  readonly reason: string | null;
}

/** Criterion by generation, those that need a reader first. */
export interface CriterionMatrix {
  readonly generations: readonly number[];
  readonly criteria: readonly CriterionHistory[];
}

const CLASSED = 3;
const TREND = 5;

/** The history of every criterion that any of these generations was evaluated by. */
export function criterionMatrix(generations: readonly Generation[]): CriterionMatrix {
  const evaluated = generations.flatMap(({ number, evaluation }) =>
    evaluation && evaluation.criteria.length > 0
      ? [{ number, results: new Map(evaluation.criteria.map((one) => [one.key, one])) }]
      : [],
  );
  const keys = new Set(evaluated.toReversed().flatMap(({ results }) => [...results.keys()]));
  const criteria = [...keys].map((key): CriterionHistory => {
    const row = evaluated.map(({ results }) => results.get(key)?.verdict ?? null);
    const results = row.filter((verdict) => verdict !== null);
    const latest = evaluated.findLast((one) => one.results.has(key))?.results.get(key);
    const trend = results.slice(-TREND);
    return {
      key,
      description: latest?.description ?? "",
      class: row.at(-1) === null ? "gone" : classOf(results.slice(-CLASSED)),
      trend: trend.map((verdict) => LETTERS[verdict]).join(""),
      passed: trend.filter((verdict) => verdict === "pass").length,
      results: trend.length,
      row,
      reason: latest?.reason ?? null,
    };
  });
  const order = (one: CriterionHistory) => CRITERION_CLASSES.indexOf(one.class);
  return {
    generations: evaluated.map(({ number }) => number),
    criteria: criteria.sort((a, b) => order(a) - order(b)),
  };
}

/** A verdict as one letter. */
export const LETTERS: Readonly<Record<CriterionVerdict, string>> = { pass: "P", fail: "F", unverifiable: "?" };

/**
 * `stable` holds throughout, and more than once. `new` holds now, and not for long: it has just come, or was just mended.
 * `flaky` has held before and lost it within these results; `failing` has not held at all.
 */
function classOf(results: readonly CriterionVerdict[]): Exclude<CriterionClass, "gone"> {
  const first = results.indexOf("pass");
  if (first === -1) return results.includes("fail") ? "failing" : "unverified";
  if (results.slice(first).some((verdict) => verdict !== "pass")) return "flaky";
  return first === 0 && results.length > 1 ? "stable" : "new";
}
