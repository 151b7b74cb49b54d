import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRefusal } from "../../../src/base/refusal.ts";
import type { Edge } from "../../../src/domain/run/levels.ts";
import { isOrderOpen, type Plan, planRun } from "../../../src/domain/run/plan.ts";
import { storedPlan } from "../../../src/domain/run/stored-plan.ts";
import { refusalOf } from "../seed/support/seed-of.ts";
import { criteriaOf, orders } from "./support/plans.ts";

test("what depends on another comes a level later, and what does not is there at once", () => {
  const plan = planned(criteriaOf([[], [0], [], [1, 2], []]));
  expect(plan.levels).toEqual([[0, 2, 4], [1], [3]]);
  expect(plan.after).toEqual([[], [0], [], [1, 2], []]);
  expect(plan.source).toEqual({ "0>1": "seed", "1>3": "seed", "2>3": "seed" });
});

test("whatever order a seed gives, every criterion is planned once and after all it waits for", () => {
  fc.assert(
    fc.property(orders(), (waits) => {
      const plan = planned(criteriaOf(waits));
      expect(plan.levels.flat().sort((a, b) => a - b)).toEqual([...waits.keys()]);
      const level = levelIn(plan);
      for (const [index, before] of waits.entries()) {
        for (const other of before) expect(level(other)).toBeLessThan(level(index));
      }
    }),
  );
});

test("criteria that wait for each other are refused, each circle by the keys of its members", () => {
  const refusal = refusalOf(planRun(criteriaOf([[], [3], [1], [2], [4], [1]])));
  expect(refusal.code).toBe("plan_circle");
  expect(refusal.message).toContain("2 before 3 before 4 before 2");
  expect(refusal.message).toContain("(5 before 5)");
  expect(refusal.facts.circles).toEqual([["ac_1", "ac_2", "ac_3"], ["ac_4"]]);
});

test("a circle somewhere in an order is always found, however long the way round", () => {
  fc.assert(
    fc.property(orders(2), fc.nat(), fc.nat(), (waits, a, b) => {
      const [low, high] = [a % waits.length, b % waits.length].sort((x, y) => x - y) as [number, number];
      const way = Array.from({ length: high - low }, (_, step) => low + step);
      const closed = waits.map((before, index) => [
        ...before,
        ...(way.includes(index - 1) ? [index - 1] : []),
        ...(index === low ? [high] : []),
      ]);
      expect(refusalOf(planRun(criteriaOf(closed))).code).toBe("plan_circle");
    }),
  );
});

test("an unknown key is refused with the criterion that names it", () => {
  const criteria = [{ key: "ac_0", depends_on: ["ac_gone"], expected_artifacts: [] }];
  const refusal = refusalOf(planRun(criteria));
  expect(refusal.code).toBe("plan_unknown_key");
  expect(refusal.message).toContain(`criterion 1 waits for "ac_gone"`);
  expect(refusal.facts.unknown).toEqual([{ criterion: 0, key: "ac_gone" }]);
});

test("a mind's edges are taken where they fit; one that would close a circle is left out with a warning", () => {
  const edges = [edge(2, 1), edge(0, 2), edge(1, 0), edge(0, 1), edge(7, 1), edge(1, 1)];
  const plan = planned(criteriaOf([[], [0], []]), { edges });
  expect(plan.after).toEqual([[], [0, 2], [0]]);
  expect(plan.source).toEqual({ "0>1": "seed", "2>1": "mind", "0>2": "mind" });
  expect(plan.warnings).toHaveLength(3);
  expect(plan.warnings.join()).toContain("to do 2 before 1 is left out");
});

test("whatever a mind proposes, in whatever order it lists it, the seed's edges stand and there is one plan", () => {
  const proposal = fc.record({ before: fc.nat(12), after: fc.nat(12) });
  fc.assert(
    fc.property(orders(), fc.array(proposal, { maxLength: 20 }), (waits, edges) => {
      const plan = planned(criteriaOf(waits), { edges });
      expect(planned(criteriaOf(waits), { edges: edges.toReversed() })).toEqual(plan);
      expect(plan.levels.flat()).toHaveLength(waits.length);
      for (const [index, before] of waits.entries()) {
        expect(plan.after[index]).toEqual(expect.arrayContaining([...before]));
      }
      const level = levelIn(plan);
      for (const { before, after } of edges) {
        const isIn = plan.after[after]?.includes(before) ?? false;
        if (isIn) expect(level(before)).toBeLessThan(level(after));
        else expect(plan.warnings.some((one) => one.includes(`do ${before + 1} before ${after + 1} `))).toBe(true);
      }
    }),
  );
});

test("criteria that touch one file, or a folder and a file in it, are kept apart unless one waits for the other", () => {
  const files = [["src/a.ts"], ["SRC\\A.ts"], ["src"], ["lib/b.ts"], ["src/a.ts/"], ["./lib/b.ts"], ["srcs"]];
  const criteria = criteriaOf([[], [], [], [], [0], [], []], { 6: ["lib"] });
  const plan = planned(criteria, { predictedFiles: files });
  expect(plan.not_together).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
    [1, 4],
    [2, 4],
    [3, 5],
    [3, 6],
    [5, 6],
  ]);
  expect(plan.source["0|1"]).toBe("files");
  expect(plan.levels).toEqual([[0, 1, 2, 3, 5, 6], [4]]);
});

test("on a nearly empty tree the first criterion goes alone, but only where nobody gave an order", () => {
  const baseline = { isNearlyEmpty: true };
  const plan = planned(criteriaOf([[], [], []]), { baseline });
  expect(plan.levels).toEqual([[0], [1, 2]]);
  expect(plan.source).toEqual({ "0>1": "ground", "0>2": "ground" });
  expect(planned(criteriaOf([[], [], []]), { baseline, edges: [edge(2, 1)] }).levels).toEqual([[0, 2], [1]]);
  expect(planned(criteriaOf([[], [], []]), { baseline: { isNearlyEmpty: false } }).levels).toEqual([[0, 1, 2]]);
});

test("a plan survives being kept as JSON, and is the same each time", () => {
  const criteria = criteriaOf([[], [0], [], [2]], { 0: ["a"], 2: ["a"] });
  const plan = planned(criteria);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(planned(criteria)).toEqual(plan);
});

test("more criteria than a run can take are refused before anything is compared", () => {
  const many = criteriaOf(Array.from({ length: 501 }, () => []));
  expect(refusalOf(planRun(many)).code).toBe("plan_too_large");
});

function edge(before: number, after: number): Edge {
  return { before, after };
}

function planned(...given: Parameters<typeof planRun>): Plan {
  const plan = planRun(...given);
  if (isRefusal(plan)) throw new Error(plan.message);
  return plan;
}

function levelIn({ levels }: Plan): (index: number) => number {
  return (index) => levels.findIndex((level) => level.includes(index));
}

test("a plan that was kept is the same plan again, whatever it was made of", () => {
  const proposal = fc.record({ before: fc.nat(12), after: fc.nat(12) });
  fc.assert(
    fc.property(orders(), fc.array(proposal, { maxLength: 20 }), fc.boolean(), (waits, edges, isNearlyEmpty) => {
      const criteria = criteriaOf(waits, { 0: ["src/a.ts"], 1: ["src"] });
      const plan = planned(criteria, { edges, baseline: { isNearlyEmpty } });
      expect(storedPlan(JSON.parse(JSON.stringify(plan)), criteria)).toEqual(plan);
    }),
  );
});

test("what is kept and is no plan for these criteria is not gone by", () => {
  const criteria = criteriaOf([[], [0], []]);
  const plan = planned(criteria);
  const others = [
    undefined,
    { ...plan, after: [[], [0]] },
    { ...plan, after: [[], [0], [7]] },
    { ...plan, after: [[], [], []] },
    { ...plan, after: [[2], [0], [1]] },
    { ...plan, not_together: [[0, 3]] },
    { ...plan, source: { "0>1": "nobody" } },
  ];
  for (const kept of others) expect(storedPlan(kept, criteria)).toBeUndefined();
});

test("a mind's word on the order is of use where there is none, and more than one may be at work", () => {
  expect(isOrderOpen(criteriaOf([[], []]), 3)).toBe(true);
  expect(isOrderOpen(criteriaOf([[], [0]]), 3)).toBe(false);
  expect(isOrderOpen(criteriaOf([[]]), 3)).toBe(false);
  expect(isOrderOpen(criteriaOf([[], []]), 1)).toBe(false);
});
