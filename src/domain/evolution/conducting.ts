import * as v from "valibot";
import { CeilingShape, DEFAULT_CEILING } from "../run/ceiling.ts";

const Count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));

/** A session that has a lineage go on by itself, generation after generation, and within what bounds. */
export const Conducting = v.object({
  lineage_id: v.pipe(v.string(), v.minLength(1)),
  /** Upstream's Ralph stops at ten; a lineage as such at thirty. */
  max_generations: Count(30),
  /** For all generations together; null is no bound. */
  ceiling: CeilingShape,
  /** Steps aside when the lineage stands still, before it is given up. */
  lateral_steps: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5)),
});
export type Conducting = v.InferOutput<typeof Conducting>;

/** What somebody said of the bounds; the rest is as for those who say nothing. */
interface Bounds {
  readonly generations?: number | undefined;
  readonly hours?: number | undefined;
  readonly tokens?: number | undefined;
  readonly cost_usd?: number | undefined;
  readonly asides?: number | undefined;
}

/** The order to have a lineage go on within bounds. */
export function conductingWithin(lineageId: string, bounds: Bounds): Conducting {
  const { generations = 10, hours = DEFAULT_CEILING.hours, tokens = DEFAULT_CEILING.tokens } = bounds;
  const { cost_usd = DEFAULT_CEILING.cost_usd, asides = 2 } = bounds;
  const ceiling = { hours, tokens, cost_usd };
  return { lineage_id: lineageId, max_generations: generations, ceiling, lateral_steps: asides };
}
