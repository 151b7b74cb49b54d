/** What must be clear before anything is built; `context` (the code that is there) only where there is some. */
export const DIMENSIONS = ["goal", "constraints", "success", "context"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Upstream's weights (its `bigbang/ambiguity.py`); they sum to 1 on either ground. */
const GREENFIELD: Weights = { goal: 0.4, constraints: 0.3, success: 0.3 };
const BROWNFIELD: Weights = { goal: 0.35, constraints: 0.25, success: 0.25, context: 0.15 };
type Weights = Readonly<Partial<Record<Dimension, number>>>;

/** Below its floor a dimension keeps the interview going, however good the total is (upstream since v0.51). */
export const FLOORS: Readonly<Record<Dimension, number>> = {
  goal: 0.75,
  constraints: 0.65,
  success: 0.7,
  context: 0.6,
};

/** The dimensions that count on this ground, with their weights, in their fixed order. */
export function weightsOf(isBrownfield: boolean): readonly { readonly name: Dimension; readonly weight: number }[] {
  const weights = isBrownfield ? BROWNFIELD : GREENFIELD;
  return DIMENSIONS.flatMap((name) => {
    const weight = weights[name];
    return weight === undefined ? [] : [{ name, weight }];
  });
}
