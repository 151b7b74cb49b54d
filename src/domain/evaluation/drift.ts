import type { Seed } from "../seed/seed.ts";
import { wordsOf } from "../seed/similarity.ts";
import { coverageOf, isNamed, termsOf } from "./terms.ts";

/** What a mind says of the distance between a seed and what came of it, each from 0 (none) to 1. */
interface DriftAnswer {
  readonly goal_drift: number;
  readonly constraint_drift: number;
  readonly ontology_drift: number;
  readonly violations: readonly { readonly constraint: string; readonly what: string }[];
  readonly reasoning: string;
}

export interface DriftInput {
  readonly seed: Pick<Seed, "goal" | "ontology">;
  /** What was made, or a report of it. */
  readonly output: string;
  /** Constraints known to be violated. A report that repeats none of them violates none by that. */
  readonly violations: readonly string[];
  /** What the output deals with, in names; where nobody has named them, they are looked for in the output. */
  readonly concepts: readonly string[];
  readonly answer?: DriftAnswer | undefined;
}

/** Upstream's result of a measurement. */
export interface Drift {
  readonly goal_drift: number;
  readonly constraint_drift: number;
  readonly ontology_drift: number;
  readonly combined_drift: number;
  readonly is_acceptable: boolean;
  readonly threshold: number;
  readonly suggestions: readonly string[];
}

const WEIGHTS = { goal: 0.5, constraint: 0.3, ontology: 0.2 } as const;
const THRESHOLD = 0.3;
const EACH_VIOLATION = 0.1;
/**
 * Nobody repeats every word of a goal when telling what was done: from this share of its weight on, nothing is missing.
 * Found with the texts of tests/domain/evaluation/drift.test.ts.
 */
const ALL_THERE = 0.7;
/** A thing of the ontology is named in a report less often than a word of the goal. */
const FIELDS_THERE = 0.7;

/** How far an output has drifted from its seed. A mind's judgement, where there is one, is half of each number. */
export function measureDrift(input: DriftInput): Drift {
  const { seed, output, violations, answer } = input;
  const goal_drift = averaged(goalDrift(seed.goal, output), answer?.goal_drift);
  const constraint_drift = averaged(Math.min(1, EACH_VIOLATION * new Set(violations).size), answer?.constraint_drift);
  const ontology_drift = averaged(ontologyDrift(input), answer?.ontology_drift);
  const combined_drift = rounded(
    WEIGHTS.goal * goal_drift + WEIGHTS.constraint * constraint_drift + WEIGHTS.ontology * ontology_drift,
  );
  return {
    goal_drift,
    constraint_drift,
    ontology_drift,
    combined_drift,
    is_acceptable: combined_drift <= THRESHOLD,
    threshold: THRESHOLD,
    suggestions: combined_drift <= THRESHOLD && violations.length === 0 ? [] : suggestionsOf(input),
  };
}

function goalDrift(goal: string, output: string): number {
  const terms = termsOf(goal);
  // A goal without one word to look for says nothing about anything.
  if (terms.length === 0) return output.trim() === "" ? 1 : 0;
  return 1 - Math.min(1, coverageOf(terms, output).share / ALL_THERE);
}

function ontologyDrift(input: DriftInput): number {
  const fields = input.seed.ontology?.fields ?? [];
  if (fields.length === 0) return 0;
  const share = 1 - unnamed(input).length / fields.length;
  return 1 - Math.min(1, input.concepts.length > 0 ? share : share / FIELDS_THERE);
}

/** The things of the ontology that neither the concepts nor, where there are none, the output names. */
function unnamed({ seed, output, concepts }: DriftInput): string[] {
  const words = wordsOf(spaced(concepts.length > 0 ? concepts.join("\n") : output));
  const names = seed.ontology?.fields.map(({ name }) => name) ?? [];
  return names.filter((name) => !isNamed(spaced(name), words));
}

/** `dueDate` and `due_date` are two words to whoever writes about them. */
function spaced(name: string): string {
  return name.replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replaceAll("_", " ");
}

function averaged(measured: number, judged: number | undefined): number {
  return rounded(judged === undefined ? measured : (measured + judged) / 2);
}

/** What is shown and what decides are the same number. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

const MOST_NAMED = 8;

function suggestionsOf(input: DriftInput): string[] {
  const { seed, output, violations, answer } = input;
  const { missing } = coverageOf(termsOf(seed.goal), output);
  const fields = unnamed(input);
  const listed = (names: readonly string[]) => names.slice(0, MOST_NAMED).join(", ");
  return [
    ...(missing.length === 0 ? [] : [`Nothing is said of these words of the goal: ${listed(missing)}`]),
    ...[...new Set(violations)].map((violation) => `Violated: ${violation}`),
    ...(answer?.violations ?? []).map(({ constraint, what }) => `Violated, a mind says: ${constraint} (${what})`),
    ...(fields.length === 0 ? [] : [`Not dealt with: ${listed(fields)}`]),
  ];
}
