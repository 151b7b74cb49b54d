import type { Plan } from "./plan.ts";

/**
 * How a step stands. `in_progress` without anybody at it was left by an owner that died, and may start like a pending one;
 * `waiting` is for a person's answer or for a time, and starts when its owner calls it pending again.
 */
export type Standing = "pending" | "in_progress" | "waiting" | "completed" | "failed";

/** How many agents work at once. */
export interface Pace {
  readonly limit: number;
  readonly most: number;
  /** Successes since the limit last changed. */
  readonly streak: number;
}

export type PaceEvent = "succeeded" | "rate_limited" | "memory_low";

/** As many agents at once as may be asked for. */
export const MOST_PARALLEL = 8;

const START = 3;
const SUCCESSES_TO_GROW = 3;

/** The steps that may start now, in the seed's order: everything they wait for is done, and nobody works on a file of theirs. */
export function nextSteps(
  { after, not_together }: Plan,
  standings: ReadonlyMap<number, Standing>,
  { running, limit }: { readonly running: ReadonlySet<number>; readonly limit: number },
): number[] {
  const busy = new Set(running);
  for (const [index, waits] of after.entries()) {
    if (busy.size >= limit) break;
    const standing = standings.get(index) ?? "pending";
    if (busy.has(index) || (standing !== "pending" && standing !== "in_progress")) continue;
    if (!waits.every((before) => standings.get(before) === "completed")) continue;
    if (not_together.some(([a, b]) => (a === index && busy.has(b)) || (b === index && busy.has(a)))) continue;
    busy.add(index);
  }
  return [...busy].filter((index) => !running.has(index));
}

/** The steps that will never start, since something they wait for has failed for good; `by` names the failed ones. */
export function blockedSteps(
  { levels, after }: Plan,
  standings: ReadonlyMap<number, Standing>,
): { readonly index: number; readonly by: readonly number[] }[] {
  const blocked = new Map<number, ReadonlySet<number>>();
  for (const index of levels.flat()) {
    const standing = standings.get(index);
    if (standing === "completed" || standing === "failed") continue;
    const by = (after[index] ?? []).flatMap((before) => {
      return standings.get(before) === "failed" ? [before] : [...(blocked.get(before) ?? [])];
    });
    if (by.length > 0) blocked.set(index, new Set(by));
  }
  return [...blocked]
    .map(([index, by]) => ({ index, by: [...by].sort((a, b) => a - b) }))
    .sort((a, b) => a.index - b.index);
}

/** The pace a run begins with: three at once, fewer where fewer are allowed. */
export function startPace(most: number = START): Pace {
  const bound = Math.max(1, Math.floor(most));
  return { limit: Math.min(START, bound), most: bound, streak: 0 };
}

/**
 * Grows by one after three successes in a row and halves when a provider or the memory says stop, never below one: additive
 * increase, multiplicative decrease (Chiu and Jain, 1989), which finds a share of what nobody can see the bounds of.
 */
export function adapt({ limit, most, streak }: Pace, event: PaceEvent): Pace {
  if (event !== "succeeded") return { limit: Math.max(1, Math.floor(limit / 2)), most, streak: 0 };
  if (limit >= most || streak + 1 < SUCCESSES_TO_GROW) return { limit, most, streak: limit >= most ? 0 : streak + 1 };
  return { limit: limit + 1, most, streak: 0 };
}
