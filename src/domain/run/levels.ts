/** `before` has to be done before `after` may start; both count criteria from 0. */
export interface Edge {
  readonly before: number;
  readonly after: number;
}

/** What each step waits for, by its index. */
export type Waits = readonly (readonly number[])[];

/**
 * Steps in rounds, each as early as what it waits for allows (A. B. Kahn, 1962). Steps on a circle, and those behind one,
 * are in none.
 */
export function levelsOf(waits: Waits): number[][] {
  const levels: number[][] = [];
  const placed = new Set<number>();
  for (;;) {
    const level = [...waits.keys()].filter(
      (index) => !placed.has(index) && waits[index]?.every((other) => placed.has(other)),
    );
    if (level.length === 0) return levels;
    for (const index of level) placed.add(index);
    levels.push(level);
  }
}

/** Circles of steps that wait for each other, each from its lowest step on along what waits; no step is in two of them. */
export function circlesIn(waits: Waits): number[][] {
  const circles: number[][] = [];
  for (let open = waits; ; ) {
    const placed = new Set(levelsOf(open).flat());
    const stuck = [...open.keys()].find((index) => !placed.has(index));
    if (stuck === undefined) return circles;
    const circle = circleFrom(open, placed, stuck);
    circles.push(circle);
    open = open.map((before, index) => (circle.includes(index) ? [] : before));
  }
}

/** Everything a step waits for, directly or through others. */
export function allBefore(waits: Waits, index: number): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [index];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const before of waits[next] ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      open.push(before);
    }
  }
  return found;
}

/** Of steps that are never placed each waits for another such one, so going back along them must come round. */
function circleFrom(waits: Waits, placed: ReadonlySet<number>, start: number): number[] {
  const path: number[] = [];
  let step: number | undefined = start;
  while (step !== undefined && !path.includes(step)) {
    path.push(step);
    step = waits[step]?.find((other) => !placed.has(other));
  }
  const circle = path.slice(step === undefined ? 0 : path.indexOf(step)).reverse();
  const lowest = circle.indexOf(Math.min(...circle));
  return [...circle.slice(lowest), ...circle.slice(0, lowest)];
}
