import type { Criterion } from "../seed.ts";
import { atCriterion, type Finding } from "./finding.ts";

/** Dependencies on criteria that are not there, and criteria that wait for each other. */
export function dependencyFindings(criteria: readonly Criterion[]): Finding[] {
  const keys = new Set(criteria.map(({ key }) => key));
  const waiting = stuckIn(criteria, keys);
  return criteria.flatMap(({ key, depends_on }, index): Finding[] => {
    const where = atCriterion(index, "depends_on");
    const known = depends_on.filter((other) => keys.has(other));
    const unknown = depends_on.filter((other) => !keys.has(other));
    const findings: Finding[] = unknown.map((other) => ({
      severity: "error",
      where,
      code: "depends_unknown",
      message: `No criterion of this seed has the key "${other}"`,
      repair: { what: "Depend on the others only", value: known },
    }));
    if (waiting.has(key)) {
      const circle = depends_on.filter((other) => waiting.has(other));
      const message = circle.includes(key)
        ? "It waits for itself"
        : `It waits for ${circle.join(", ")}, and is waited for there`;
      const rest = depends_on.filter((other) => !waiting.has(other) && keys.has(other));
      findings.push({
        severity: "error",
        where,
        code: "depends_cycle",
        message,
        repair: { what: "Leave the circle out", value: rest },
      });
    }
    return findings;
  });
}

/** The keys that lie on a circle: what is left once everything that can be done first, and everything nobody waits for, is gone. */
function stuckIn(criteria: readonly Criterion[], keys: ReadonlySet<string>): ReadonlySet<string> {
  const forward = new Map(criteria.map(({ key, depends_on }) => [key, depends_on.filter((other) => keys.has(other))]));
  const backward = new Map<string, string[]>(criteria.map(({ key }) => [key, []]));
  for (const [key, needed] of forward) for (const other of new Set(needed)) backward.get(other)?.push(key);
  const left = new Set(keys);
  strip(left, forward, backward);
  strip(left, backward, forward);
  return left;
}

/** Takes out, again and again, whatever has no edge left to anything that is still in. */
function strip(
  left: Set<string>,
  edges: ReadonlyMap<string, readonly string[]>,
  back: ReadonlyMap<string, readonly string[]>,
): void {
  const open = new Map([...left].map((key) => [key, new Set((edges.get(key) ?? []).filter((one) => left.has(one)))]));
  const free = [...open].filter(([, needed]) => needed.size === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    left.delete(key);
    for (const other of back.get(key) ?? []) {
      const needed = open.get(other);
      if (needed?.delete(key) && needed.size === 0) free.push(other);
    }
  }
}
