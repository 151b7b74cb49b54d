import { expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_CEILING, overCeiling, spentOf, tighter, unreportedOf } from "../../../src/domain/run/ceiling.ts";

const usage = (input_tokens: number | null, output_tokens: number | null, cost_usd: number | null) => {
  return { input_tokens, output_tokens, cost_usd };
};

test("only what was reported is summed, and what was not is said", () => {
  const spent = spentOf([usage(100, 20, 0.5), usage(7, null, null), usage(null, null, null), null], 1.5);
  expect(spent).toMatchObject({ hours: 1.5, tokens: 127, cost_usd: 0.5 });
  expect(unreportedOf(spent)).toEqual(["2 of 4 agents reported tokens", "1 of 4 agents reported cost"]);
});

test("nothing reported is unknown and not nothing; everything reported leaves nothing to say", () => {
  expect(spentOf([null], 0)).toMatchObject({ tokens: null, cost_usd: null });
  expect(unreportedOf(spentOf([null], 0))).toEqual(["0 of 1 agent reported tokens", "0 of 1 agent reported cost"]);
  expect(unreportedOf(spentOf([usage(0, 0, 0)], 0))).toEqual([]);
  expect(unreportedOf(spentOf([], 0))).toEqual([]);
});

test("a bound is reached by as much as it allows; without a bound, or without a report, none is", () => {
  const none = { hours: null, tokens: null, cost_usd: null };
  const spent = spentOf([usage(29_999_999, 1, 49.99)], 11.9);
  expect(overCeiling(spent, DEFAULT_CEILING)).toBe("tokens");
  expect(overCeiling({ ...spent, hours: 12 }, DEFAULT_CEILING)).toBe("hours");
  expect(overCeiling({ ...spent, tokens: null, cost_usd: 50 }, DEFAULT_CEILING)).toBe("cost_usd");
  expect(overCeiling({ ...spent, tokens: null }, DEFAULT_CEILING)).toBeNull();
  expect(overCeiling({ ...spent, hours: 1e6, tokens: 1e12 }, none)).toBeNull();
});

test("another agent's report never lowers what was spent", () => {
  const count = fc.option(fc.nat(1_000));
  const one = fc.option(fc.record({ input_tokens: count, output_tokens: count, cost_usd: count }));
  fc.assert(
    fc.property(fc.array(one), one, (before, next) => {
      const [less, more] = [spentOf(before, 0), spentOf([...before, next], 0)];
      expect(more.tokens ?? 0).toBeGreaterThanOrEqual(less.tokens ?? 0);
      expect(more.cost_usd ?? 0).toBeGreaterThanOrEqual(less.cost_usd ?? 0);
      expect(more.agents).toBe(less.agents + 1);
    }),
  );
});

test("of two ceilings each lower bound holds, and no bound is the highest", () => {
  const a = { hours: 2, tokens: null, cost_usd: 5 };
  const b = { hours: 3, tokens: 10, cost_usd: 0 };
  expect(tighter(a, b)).toEqual({ hours: 2, tokens: 10, cost_usd: 0 });
  expect(tighter(b, a)).toEqual(tighter(a, b));
});
