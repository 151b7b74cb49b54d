import { expect, test } from "bun:test";
import { SleepWatch } from "../../src/startup/sleep-watch.ts";

/** A watch over clocks that only the test moves. */
function watchClocks() {
  let wall = 1_800_000_000_000;
  let monotonic = 500;
  const watch = new SleepWatch(
    () => wall,
    () => monotonic,
  );
  return {
    /** One round after this much time by each clock. */
    round(wallMs: number, monotonicMs = wallMs): boolean {
      wall += wallMs;
      monotonic += monotonicMs;
      return watch.isGracePeriod();
    },
  };
}

test("rounds of any length during which both clocks agree are no sleep", () => {
  const clocks = watchClocks();
  for (const ms of [0, 15_000, 15_000, 600_000, 86_400_000]) expect(clocks.round(ms)).toBe(false);
});

test("a closed lid is noticed in the first round after it, and for one lease time nobody sweeps", () => {
  const clocks = watchClocks();
  expect(clocks.round(15_000)).toBe(false);
  expect(clocks.round(3_600_000, 15_000)).toBe(true);
  expect(clocks.round(15_000)).toBe(true);
  expect(clocks.round(14_999)).toBe(true);
  expect(clocks.round(1)).toBe(false);
  expect(clocks.round(15_000)).toBe(false);
});

test.each([
  ["forward", 900_000],
  ["back", -900_000],
])("a clock that is set %s is noticed like a sleep", (_name, jump) => {
  const clocks = watchClocks();
  expect(clocks.round(15_000 + jump, 15_000)).toBe(true);
  expect(clocks.round(30_000)).toBe(false);
});

test("a second sleep during the grace time begins it anew", () => {
  const clocks = watchClocks();
  expect(clocks.round(60_000, 15_000)).toBe(true);
  expect(clocks.round(60_000, 20_000)).toBe(true);
  expect(clocks.round(20_000)).toBe(true);
  expect(clocks.round(10_000)).toBe(false);
});

test("the small corrections of a time service are no sleep", () => {
  const clocks = watchClocks();
  for (const drift of [900, -900, 4_900, -4_900]) expect(clocks.round(15_000 + drift, 15_000)).toBe(false);
});
