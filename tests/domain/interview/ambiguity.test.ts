// The formula as laws: what holds for whatever anybody claims, on either ground.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { assess, type Claim, type Claims, READY_AT } from "../../../src/domain/interview/ambiguity.ts";
import { DIMENSIONS, type Dimension, FLOORS, weightsOf } from "../../../src/domain/interview/dimensions.ts";

const RUNS = { numRuns: process.env.SOAK === "1" ? 10_000 : 500 };

const citation = fc.record({ round: fc.nat(30), quote: fc.string() });
const clarity = fc.double({ min: 0, max: 1, noNaN: true });
const claim = fc.record({ clarity, citations: fc.array(citation, { minLength: 1, maxLength: 4 }), why: fc.string() });
const claims: fc.Arbitrary<Claims> = fc.record(
  { goal: claim, constraints: claim, success: claim, context: claim },
  { requiredKeys: ["goal", "constraints", "success", "context"] },
);
/** Clear enough that small steps cross the floors and the threshold. */
const nearly: fc.Arbitrary<Claims> = claims.map((made) =>
  each(made, (one) => ({ ...one, clarity: 0.6 + one.clarity * 0.4 })),
);
const ground = fc.boolean();
const dimension = fc.constantFrom(...DIMENSIONS);

describe("ambiguity", () => {
  test("lies between 0 and 1 whatever is claimed, and so does every part of it", () => {
    const wild = fc.double();
    const anything = claims.chain((made) =>
      fc.tuple(fc.constant(made), fc.record({ goal: wild, constraints: wild, success: wild, context: wild })),
    );
    fc.assert(
      fc.property(anything, ground, ([made, values], isBrownfield) => {
        const wildly = each(made, (one, name) => ({ ...one, clarity: values[name] }));
        const { ambiguity, dimensions } = assess(wildly, isBrownfield);
        for (const value of [ambiguity, ...dimensions.map((one) => one.clarity)]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
      RUNS,
    );
  });

  test("falls or stays when one thing becomes clearer, and never turns ready into not ready", () => {
    fc.assert(
      fc.property(nearly, ground, dimension, clarity, (made, isBrownfield, name, more) => {
        const before = assess(made, isBrownfield);
        const clearer = { ...made, [name]: raised(made[name], more) };
        const after = assess(clearer, isBrownfield);
        expect(after.ambiguity).toBeLessThanOrEqual(before.ambiguity);
        if (before.ready) expect(after.ready).toBe(true);
      }),
      RUNS,
    );
  });

  test.each([true, false])("the weights of the dimensions that apply sum to 1 (brownfield: %p)", (isBrownfield) => {
    const { dimensions } = assess({}, isBrownfield);
    expect(dimensions.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(dimensions.map(({ name }) => name)).toEqual(weightsOf(isBrownfield).map(({ name }) => name));
    expect(dimensions.some(({ name }) => name === "context")).toBe(isBrownfield);
    // What is missing from the claims still weighs: nothing said is nothing clear.
    expect(assess({}, isBrownfield).ambiguity).toBe(1);
    expect(assess(all(1), isBrownfield).ambiguity).toBe(0);
  });

  test("without code, what is claimed of its context changes nothing", () => {
    fc.assert(
      fc.property(claims, claim, (made, other) => {
        expect(assess({ ...made, context: other }, false)).toEqual(assess(made, false));
      }),
      RUNS,
    );
  });

  test("counts nothing that no round is cited for", () => {
    fc.assert(
      fc.property(claims, ground, dimension, (made, isBrownfield, name) => {
        const uncited = assess({ ...made, [name]: { ...made[name], citations: [] } }, isBrownfield);
        expect(uncited).toMatchObject({ ambiguity: assess(without(made, name), isBrownfield).ambiguity });
        if (uncited.dimensions.some((one) => one.name === name)) expect(uncited.ready).toBe(false);
      }),
      RUNS,
    );
  });

  test("is the same in whatever order claims, their keys and their citations stand", () => {
    const shuffled = claims.chain((made) =>
      fc
        .tuple(
          fc.shuffledSubarray(Object.entries(made), { minLength: 4 }),
          fc.shuffledSubarray([...(made.goal?.citations ?? [])], { minLength: made.goal?.citations.length ?? 0 }),
        )
        .map(([entries, citations]) => {
          const other: Claims = Object.fromEntries(entries);
          return [made, { ...other, ...(other.goal && { goal: { ...other.goal, citations } }) }] as const;
        }),
    );
    fc.assert(
      fc.property(shuffled, ground, ([made, other], isBrownfield) => {
        expect(assess(other, isBrownfield)).toEqual(assess(made, isBrownfield));
      }),
      RUNS,
    );
  });

  test.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [null],
    [undefined],
    ["0.9"],
    ["1"],
    [true],
    [{}],
    [[]],
  ] as [unknown][])("a clarity of %p is none", (value) => {
    // What a store holds was parsed before it is folded; this is the second lock on the same door.
    const odd = { ...all(1), goal: { ...cited(1), clarity: value as number } };
    for (const isBrownfield of [true, false]) {
      const { dimensions, ready, ambiguity } = assess(odd, isBrownfield);
      expect(dimensions.find(({ name }) => name === "goal")).toMatchObject({ clarity: 0, meets_floor: false });
      expect({ ready, ambiguity }).toEqual({ ready: false, ambiguity: isBrownfield ? 0.35 : 0.4 });
    }
  });
});

describe("ready", () => {
  test("is said only with the total at most 0.2 and every dimension at its floor", () => {
    fc.assert(
      fc.property(nearly, ground, (made, isBrownfield) => {
        const { ambiguity, ready, dimensions } = assess(made, isBrownfield);
        const floors = dimensions.every((one) => one.clarity >= FLOORS[one.name]);
        expect(ready).toBe(ambiguity <= READY_AT && floors);
      }),
      RUNS,
    );
  });

  test("ends when any one dimension falls below its floor, however clear the others are", () => {
    fc.assert(
      fc.property(ground, dimension, fc.double({ min: 0.0001, max: 0.5, noNaN: true }), (isBrownfield, name, below) => {
        if (name === "context" && !isBrownfield) return;
        expect(assess(all(1), isBrownfield).ready).toBe(true);
        const low = assess({ ...all(1), [name]: cited(FLOORS[name] - below) }, isBrownfield);
        expect({ ready: low.ready, weakest: low.weakest }).toEqual({ ready: false, weakest: name });
      }),
      RUNS,
    );
  });

  test("is as strict at its edges as upstream: exactly 0.2 and exactly the floor are enough", () => {
    const edge = { goal: cited(0.8), constraints: cited(0.8), success: cited(0.8), context: cited(0.8) };
    expect(assess(edge, false)).toMatchObject({ ambiguity: 0.2, ready: true });
    expect(assess(edge, true)).toMatchObject({ ambiguity: 0.2, ready: true });
    const floors = { goal: cited(1), constraints: cited(0.65), success: cited(0.7), context: cited(0.6) };
    expect(assess(floors, false)).toMatchObject({ ambiguity: 0.195, ready: true });
    expect(assess({ ...floors, constraints: cited(0.6499) }, false)).toMatchObject({
      ready: false,
      weakest: "constraints",
    });
  });

  test("what is below its floor is asked for first, though something above its own weighs more", () => {
    const claims = { goal: cited(0.76), constraints: cited(0.95), success: cited(0.69), context: cited(0.9) };
    expect(assess(claims, true).weakest).toBe("success");
    expect(assess({ ...claims, success: cited(0.7) }, true).weakest).toBe("goal");
  });

  test("agrees with the examples that upstream publishes", () => {
    const published = { goal: cited(0.9), constraints: cited(0.8), success: cited(0.7) };
    expect(assess(published, false)).toMatchObject({ ambiguity: 0.19, ready: true });
    // .35 · .9 + .25 · .8 + .25 · .7 + .15 · .6
    expect(assess({ ...published, context: cited(0.6) }, true)).toMatchObject({ ambiguity: 0.22, ready: false });
    expect(assess({ ...published, context: cited(0.9) }, true)).toMatchObject({ ambiguity: 0.175, ready: true });
    // Upstream leaves a missing context out and stays at 0.15 for ever; here it is unclear, and says so.
    expect(assess(all(1, ["goal", "constraints", "success"]), true)).toMatchObject({
      ambiguity: 0.15,
      ready: false,
      weakest: "context",
    });
  });
});

function cited(value: number): Claim {
  return { clarity: value, citations: [{ round: 1, quote: "said" }], why: "said" };
}

function all(value: number, names: readonly Dimension[] = DIMENSIONS): Claims {
  return Object.fromEntries(names.map((name) => [name, cited(value)]));
}

function each(made: Claims, change: (one: Claim, name: Dimension) => Claim): Claims {
  return Object.fromEntries(
    DIMENSIONS.flatMap((name) => {
      const one = made[name];
      return one ? [[name, change(one, name)]] : [];
    }),
  );
}

function raised(one: Claim | undefined, by: number): Claim {
  const base = one ?? cited(0);
  return { ...base, clarity: Math.min(1, base.clarity + by) };
}

function without(made: Claims, name: Dimension): Claims {
  const { [name]: _, ...rest } = made;
  return rest;
}
