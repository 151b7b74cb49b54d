import * as v from "valibot";

const Bound = v.nullable(v.pipe(v.number(), v.minValue(0)));
const Count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));

/** A session that has a lineage go on by itself, generation after generation, and within what bounds. */
export const Conducting = v.object({
  lineage_id: v.pipe(v.string(), v.minLength(1)),
  /** Upstream's Ralph stops at ten; a lineage as such at thirty. */
  max_generations: Count(30),
  /** For all generations together; null is no bound. */
  ceiling: v.object({ hours: Bound, tokens: Bound, cost_usd: Bound }),
  /** Steps aside when the lineage stands still, before it is given up. */
  lateral_steps: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5)),
});
export type Conducting = v.InferOutput<typeof Conducting>;
