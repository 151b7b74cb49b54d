import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { levelsOf } from "./levels.ts";
import { PLAN_SOURCES, type Plan, type Planned, planRun } from "./plan.ts";

const Index = v.pipe(v.number(), v.integer(), v.minValue(0));
const Stored = v.object({
  after: v.array(v.array(Index)),
  not_together: v.array(v.tuple([Index, Index])),
  source: v.record(v.string(), v.picklist(PLAN_SOURCES)),
  warnings: v.array(v.string()),
});

/** A run's plan as it was kept; undefined where none was, or where it is none for these criteria. */
export function storedPlan(kept: unknown, criteria: readonly Planned[]): Plan | undefined {
  const parsed = v.safeParse(Stored, kept);
  if (!parsed.success) return undefined;
  const { after, not_together } = parsed.output;
  const seeded = planRun(criteria);
  const isThere = (index: number) => index < criteria.length;
  if (isRefusal(seeded) || after.length !== criteria.length) return undefined;
  if (![...after, ...not_together].flat().every(isThere)) return undefined;
  // What the seed says itself stands in every plan of it.
  if (!seeded.after.every((waits, index) => waits.every((before) => after[index]?.includes(before)))) return undefined;
  const levels = levelsOf(after);
  return levels.flat().length === criteria.length ? { ...parsed.output, levels } : undefined;
}
