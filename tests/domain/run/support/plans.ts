import fc from "fast-check";
import type { planRun } from "../../../../src/domain/run/plan.ts";

/** Criteria that wait for others by index, with the files that some expect. */
export function criteriaOf(
  waits: readonly (readonly number[])[],
  artifacts: Readonly<Record<number, readonly string[]>> = {},
): Parameters<typeof planRun>[0] {
  return waits.map((before, index) => ({
    key: `ac_${index}`,
    depends_on: before.map((other) => `ac_${other}`),
    expected_artifacts: artifacts[index] ?? [],
  }));
}

/** Orders without a circle: each step waits for some of those before it. */
export function orders(minLength = 1): fc.Arbitrary<number[][]> {
  return fc
    .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength, maxLength: 12 })
    .map((rows) => rows.map((row, index) => [...new Set(index === 0 ? [] : row.map((one) => one % index))]));
}
