import { canonicalJson } from "../../base/canonical-json.ts";
import { wordsOf } from "../seed/similarity.ts";
import type { Generation } from "./generation.ts";

/** Does the score fall with each of the last `steps` steps? A generation without one interrupts the row. */
export function isRegressing(generations: readonly Generation[], steps: number): boolean {
  const scores = lastScores(generations, steps + 1);
  return scores?.every((score, index) => index === 0 || score < (scores[index - 1] ?? 0)) ?? false;
}

/** Do the last scores lie within so little of each other? */
export function isPlateau(generations: readonly Generation[], window: number, epsilon: number): boolean {
  const scores = lastScores(generations, window);
  return scores !== undefined && Math.max(...scores) - Math.min(...scores) < epsilon;
}

/**
 * Does what is wrong come back? `same` is the same thing `window` times in a row, `alternating` two things in turn, twice
 * each. Only generations that say what was wrong, and of what, are like one another.
 */
export function oscillationOf(generations: readonly Generation[], window: number): "same" | "alternating" | null {
  const marks = generations.map(markOf);
  const recent = marks.slice(-window);
  const [last = null] = recent.slice(-1);
  if (last === null) return null;
  if (recent.length === window && recent.every((mark) => mark === last)) return "same";
  const [fourth, third, second] = marks.slice(-4);
  const isAlternating = marks.length >= 4 && second !== undefined && last === third && second !== null;
  return isAlternating && second === fourth ? "alternating" : null;
}

/**
 * Do the questions repeat themselves? In two of the last three generations so much of what was asked had been asked before.
 * Questions from the list for want of a mind repeat by nature and count for nothing.
 */
export function isRepeating(generations: readonly Generation[], share: number): boolean {
  const wondering = generations.filter((one) => one.wonder_questions.length > 0 && !one.wonder_degraded);
  const asked = new Set<string>();
  const repeats = wondering.map(({ wonder_questions }) => {
    const questions = [...new Set(wonder_questions.map(sameQuestion))];
    const known = questions.filter((question) => asked.has(question)).length;
    for (const question of questions) asked.add(question);
    return known / questions.length >= share;
  });
  return repeats.slice(-3).filter(Boolean).length >= 2;
}

function lastScores(generations: readonly Generation[], count: number): readonly number[] | undefined {
  const scores = generations.slice(-count).flatMap(({ evaluation }) => evaluation?.score ?? []);
  return scores.length === count && count > 1 ? scores : undefined;
}

/** What was wrong, and the findings or else the tree that it was wrong in; null where a generation does not say. */
function markOf({ evaluation, findings_hash, tree_hash }: Generation): string | null {
  const where = findings_hash ?? tree_hash;
  if (!evaluation || where === null) return null;
  const wrong = evaluation.criteria.filter(({ verdict }) => verdict !== "pass").map(({ key }) => key);
  return canonicalJson([wrong.sort(), where]);
}

function sameQuestion(question: string): string {
  return [...wordsOf(question)].sort().join(" ");
}
