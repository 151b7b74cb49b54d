import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Criterion } from "../seed/seed.ts";
import { allBefore, circlesIn, type Edge, levelsOf, type Waits } from "./levels.ts";
import { overlapsOf } from "./overlap.ts";

/** Who wanted an order: the seed, a mind, files that two criteria touch, or a tree with nothing yet to build on. */
export const PLAN_SOURCES = ["seed", "mind", "files", "ground"] as const;
type PlanSource = (typeof PLAN_SOURCES)[number];

/** In what order the criteria of a seed are worked on; indices from 0. JSON, kept with the run. */
export interface Plan {
  /** For people: each criterion as early as what it waits for allows. */
  readonly levels: readonly (readonly number[])[];
  /** What each criterion waits for. */
  readonly after: Waits;
  /** Neither waits for the other, and yet they are not worked on at the same time; the lower one first. */
  readonly not_together: readonly (readonly [number, number])[];
  /** By `before>after` for what is waited for, by `lower|higher` for what is not together. */
  readonly source: Readonly<Record<string, PlanSource>>;
  readonly warnings: readonly string[];
}

/** What is known besides the seed; none of it can make a plan impossible. */
export interface Hints {
  /** An order that a mind proposes. */
  readonly edges?: readonly Edge[] | undefined;
  /** Files that each criterion will probably touch, by its index. */
  readonly predictedFiles?: Readonly<Record<number, readonly string[]>> | undefined;
  readonly baseline?: { readonly isNearlyEmpty: boolean } | undefined;
}

/** What a plan takes of a criterion. */
export type Planned = Pick<Criterion, "key" | "depends_on" | "expected_artifacts">;

/** Is there nothing in a project's top folder but, say, a licence and a page? Then somebody has to lay the ground first. */
export function isNearlyEmpty(names: readonly string[]): boolean {
  return names.filter((name) => !name.startsWith(".")).length <= 3;
}

/** Would a mind's word on the order change anything? Not where the seed gives one, nor where they are done one by one. */
export function isOrderOpen(criteria: readonly Planned[], parallel: number): boolean {
  return parallel > 1 && criteria.length > 1 && criteria.every(({ depends_on }) => depends_on.length === 0);
}

/** Each criterion is hours of an agent's work; the pairs below are counted in squares. */
const MOST_CRITERIA = 500;

/**
 * The plan of a run, before anything is spent. The seed's order stands or is refused; a mind's is taken where it fits; files
 * that two criteria share keep these apart; on an empty tree without any order, the first criterion lays the ground.
 */
export function planRun(criteria: readonly Planned[], hints: Hints = {}): Plan | Refusal {
  const seeded = seedOrder(criteria);
  if (isRefusal(seeded)) return seeded;
  const source: Record<string, PlanSource> = {};
  for (const [after, waits] of seeded.entries()) for (const before of waits) source[`${before}>${after}`] = "seed";
  const { after, warnings } = withProposed(seeded, hints.edges ?? [], source);
  if (hints.baseline?.isNearlyEmpty === true && after.every((waits) => waits.length === 0)) {
    for (const [index, waits] of after.entries()) {
      if (index === 0) continue;
      waits.push(0);
      source[`0>${index}`] = "ground";
    }
  }
  const files = criteria.map(({ expected_artifacts }, index) => {
    return [...expected_artifacts, ...(hints.predictedFiles?.[index] ?? [])];
  });
  const before = after.map((_, index) => allBefore(after, index));
  const together = overlapsOf(files).filter(([a, b]) => !before[a]?.has(b) && !before[b]?.has(a));
  for (const [a, b] of together) source[`${a}|${b}`] = "files";
  return { levels: levelsOf(after), after, not_together: together, source, warnings };
}

/** What the criteria themselves say they wait for, or why no order of work can satisfy that. */
function seedOrder(criteria: readonly Planned[]): number[][] | Refusal {
  if (criteria.length > MOST_CRITERIA) {
    const message = `The seed has ${criteria.length} criteria, and a run takes ${MOST_CRITERIA} at most`;
    return refuse("plan_too_large", message, "Split the seed", { criteria: criteria.length, most: MOST_CRITERIA });
  }
  const byKey = new Map(criteria.map(({ key }, index) => [key, index]));
  const unknown = criteria.flatMap(({ depends_on }, index) => {
    return depends_on.filter((key) => !byKey.has(key)).map((key) => ({ criterion: index, key }));
  });
  const after = criteria.map(({ depends_on }) => sorted(depends_on.flatMap((key) => byKey.get(key) ?? [])));
  const circles = circlesIn(after);
  if (unknown.length === 0 && circles.length === 0) return after;
  const faults = [
    ...unknown.map(
      ({ criterion, key }) => `criterion ${criterion + 1} waits for "${key}", which is none of the seed's`,
    ),
    ...circles.map((circle) => {
      const way = [...circle, ...circle.slice(0, 1)].map((index) => `${index + 1}`).join(" before ");
      return `criteria wait in a circle (${way})`;
    }),
  ];
  const message = `No order of work satisfies depends_on: ${faults.slice(0, 20).join("; ")}`;
  const next = "Change depends_on in the seed (`ouroboros seed lint` proposes how), then run it";
  const named = circles.map((circle) => circle.map((index) => criteria[index]?.key ?? ""));
  return refuse(unknown.length > 0 ? "plan_unknown_key" : "plan_circle", message, next, { unknown, circles: named });
}

/** Takes a mind's edges one by one in a fixed order, so that the same proposals give the same plan however they are listed. */
function withProposed(
  seeded: readonly (readonly number[])[],
  proposed: readonly Edge[],
  source: Record<string, PlanSource>,
): { after: number[][]; warnings: string[] } {
  const after = seeded.map((waits) => [...waits]);
  const warnings = new Set<string>();
  for (const edge of [...proposed].sort((a, b) => a.after - b.after || a.before - b.before)) {
    const waits = after[edge.after];
    const words = `The proposal to do ${edge.before + 1} before ${edge.after + 1} is left out`;
    if (waits === undefined || after[edge.before] === undefined) {
      warnings.add(`${words}: there are criteria 1 to ${after.length}`);
    } else if (edge.before === edge.after || allBefore(after, edge.before).has(edge.after)) {
      warnings.add(`${words}: ${edge.before + 1} would wait for itself`);
    } else if (!waits.includes(edge.before)) {
      waits.push(edge.before);
      source[`${edge.before}>${edge.after}`] = "mind";
    }
  }
  return { after: after.map(sorted), warnings: [...warnings] };
}

function sorted(indices: readonly number[]): number[] {
  return [...new Set(indices)].sort((a, b) => a - b);
}
