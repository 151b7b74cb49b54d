import { expect, test } from "bun:test";
import fc from "fast-check";
import { isRefusal } from "../../../src/base/refusal.ts";
import { type Plan, planRun } from "../../../src/domain/run/plan.ts";
import { adapt, blockedSteps, nextSteps, type Standing, startPace } from "../../../src/domain/run/schedule.ts";
import { criteriaOf, orders } from "./support/plans.ts";

const NOBODY: ReadonlySet<number> = new Set();

test("what waits for nothing starts first, in the seed's order and no more than the limit", () => {
  const plan = planOf([[], [], [], [], [0]]);
  expect(nextSteps(plan, new Map(), { running: NOBODY, limit: 3 })).toEqual([0, 1, 2]);
  expect(nextSteps(plan, new Map([[0, "completed"]]), { running: new Set([1]), limit: 3 })).toEqual([2, 3]);
  expect(nextSteps(plan, new Map(), { running: new Set([0, 1]), limit: 1 })).toEqual([]);
});

test("two criteria of one file are not worked on at once, whichever of them began", () => {
  const plan = planOf([[], [], []], { 0: ["a.ts"], 1: ["a.ts"] });
  expect(nextSteps(plan, new Map(), { running: NOBODY, limit: 3 })).toEqual([0, 2]);
  expect(nextSteps(plan, new Map(), { running: new Set([1]), limit: 3 })).toEqual([2]);
  expect(nextSteps(plan, new Map([[0, "completed"]]), { running: NOBODY, limit: 3 })).toEqual([1, 2]);
});

test("a step that a dead owner left starts again; one that waits for a person does not, and holds up nobody else", () => {
  const plan = planOf([[], [], []], { 1: ["a.ts"], 2: ["a.ts"] });
  const standings = new Map<number, Standing>([
    [0, "in_progress"],
    [1, "waiting"],
  ]);
  expect(nextSteps(plan, standings, { running: NOBODY, limit: 3 })).toEqual([0, 2]);
});

test("what waits for something that failed never starts, nor what waits for that; each names the failure", () => {
  const plan = planOf([[], [], [0], [2, 1], [1]]);
  const standings = new Map<number, Standing>([
    [0, "failed"],
    [1, "completed"],
  ]);
  expect(blockedSteps(plan, standings)).toEqual([
    { index: 2, by: [0] },
    { index: 3, by: [0] },
  ]);
  expect(nextSteps(plan, standings, { running: NOBODY, limit: 9 })).toEqual([4]);
});

test("whatever the plan and the luck, nothing starts early or beside its like, and all that is not blocked is done", () => {
  const files = fc.array(fc.constantFrom("a", "b", "b/c", "d"), { maxLength: 2 });
  const luck = fc.infiniteStream(fc.record({ fails: fc.integer({ min: 0, max: 5 }), ends: fc.nat() }));
  fc.assert(
    fc.property(orders(), fc.array(files, { minLength: 12, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), luck, run),
  );
});

function run(
  waits: number[][],
  files: string[][],
  limit: number,
  luck: fc.Stream<{ fails: number; ends: number }>,
): void {
  const plan = planOf(waits, files);
  const standings = new Map<number, Standing>();
  const running = new Set<number>();
  const started: number[] = [];
  for (;;) {
    for (const index of nextSteps(plan, standings, { running, limit })) {
      expect(plan.after[index]?.every((before) => standings.get(before) === "completed")).toBe(true);
      running.add(index);
      started.push(index);
    }
    expect(running.size).toBeLessThanOrEqual(limit);
    for (const [a, b] of plan.not_together) expect(running.has(a) && running.has(b)).toBe(false);
    const { fails, ends } = luck.next().value;
    const ended = [...running][ends % running.size];
    if (ended === undefined) break;
    running.delete(ended);
    standings.set(ended, fails === 0 ? "failed" : "completed");
  }
  expect(new Set(started).size).toBe(started.length);
  const blocked = blockedSteps(plan, standings).map(({ index }) => index);
  expect([...started, ...blocked].sort((a, b) => a - b)).toEqual([...waits.keys()]);
}

test("the pace begins at three, falls by half when told to stop, and grows by one after three successes", () => {
  let pace = startPace(5);
  expect(pace.limit).toBe(3);
  pace = adapt(pace, "rate_limited");
  expect(pace.limit).toBe(1);
  expect(adapt(pace, "memory_low").limit).toBe(1);
  pace = ["succeeded", "succeeded"].reduce((now) => adapt(now, "succeeded"), pace);
  expect(pace.limit).toBe(1);
  expect(adapt(pace, "succeeded").limit).toBe(2);
  expect(adapt(adapt(adapt(pace, "rate_limited"), "succeeded"), "succeeded").limit).toBe(1);
  expect(startPace(2).limit).toBe(2);
});

test("whatever happens, the pace stays between one and what is allowed, and patience reaches that", () => {
  const event = fc.constantFrom("succeeded" as const, "rate_limited" as const, "memory_low" as const);
  fc.assert(
    fc.property(fc.integer({ min: -2, max: 9 }), fc.array(event), (most, events) => {
      let pace = startPace(most);
      for (const one of events) {
        const { limit } = pace;
        pace = adapt(pace, one);
        expect(pace.limit).toBeGreaterThanOrEqual(1);
        expect(pace.limit).toBeLessThanOrEqual(Math.max(1, most));
        if (one === "succeeded") expect(pace.limit - limit).toBeLessThanOrEqual(1);
        else expect(pace.limit).toBe(Math.max(1, Math.floor(limit / 2)));
      }
      for (let times = 0; times < 30; times++) pace = adapt(pace, "succeeded");
      expect(pace.limit).toBe(Math.max(1, most));
    }),
  );
});

function planOf(waits: number[][], files: Readonly<Record<number, readonly string[]>> = {}): Plan {
  const plan = planRun(criteriaOf(waits, files));
  if (isRefusal(plan)) throw new Error(plan.message);
  return plan;
}
