import type { Generation } from "./generation.ts";

/** A criterion that fails now and has passed before. */
export interface Regression {
  readonly key: string;
  readonly description: string;
  /** The latest generation in which it passed. */
  readonly passed_in: number;
  readonly failed_in: number;
}

/**
 * What the latest of these generations has broken, by key: places in a list mean nothing, reflection reorders it. What nobody
 * could verify has neither passed nor failed.
 */
export function regressionsOf(generations: readonly Generation[]): Regression[] {
  const latest = generations.findLast(({ evaluation }) => evaluation !== null);
  if (!latest?.evaluation) return [];
  const passedIn = new Map<string, number>();
  for (const { number, evaluation } of generations) {
    for (const { key, verdict } of evaluation?.criteria ?? []) if (verdict === "pass") passedIn.set(key, number);
  }
  return latest.evaluation.criteria.flatMap(({ key, description, verdict }) => {
    const passed_in = passedIn.get(key);
    if (verdict !== "fail" || passed_in === undefined) return [];
    return [{ key, description, passed_in, failed_in: latest.number }];
  });
}
