import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { watchTimeLimits } from "../../src/runtimes/time-limits.ts";

const LIMITS = { firstOutputMs: 1_000, idleMs: 5_000, totalMs: 60_000 };
let expired: string[];

beforeEach(() => {
  jest.useFakeTimers();
  expired = [];
});
afterEach(() => {
  jest.useRealTimers();
});

function watch(trustMs = 3_600_000, limits = LIMITS) {
  return watchTimeLimits(limits, trustMs, (why) => expired.push(why));
}

function pass(ms: number): void {
  jest.advanceTimersByTime(ms);
}

test("nothing is counted before the task is given", () => {
  const limits = watch();
  pass(600_000);
  expect(expired).toEqual([]);
  limits.begin();
  pass(1_100);
  expect(expired).toEqual(["it said nothing for 1 s"]);
});

test("silence is counted from the last word, and all of it from the first", () => {
  const limits = watch();
  limits.begin();
  for (let word = 0; word < 11; word++) {
    limits.heard();
    pass(4_900);
  }
  expect(expired).toEqual([]);
  pass(200);
  expect(expired).toEqual(["it fell silent for 5 s"]);
});

test("who never stops talking is ended all the same, once", () => {
  const limits = watch();
  limits.begin();
  for (let word = 0; word < 100; word++) {
    limits.heard();
    pass(1_000);
  }
  expect(expired).toEqual(["it was not done after 60 s"]);
});

test("time in which it was suspended is not held against it", () => {
  const limits = watch(2_000);
  limits.begin();
  limits.heard();
  // Trusted for two seconds, then suspended for an hour.
  pass(3_600_000);
  expect(expired).toEqual([]);
  limits.trusted(60_000);
  pass(2_900);
  expect(expired).toEqual([]);
  pass(200);
  expect(expired).toEqual(["it fell silent for 5 s"]);
});

test("silence means nothing while nobody takes what it says", () => {
  const limits = watch();
  limits.begin();
  limits.heard();
  limits.hold();
  pass(50_000);
  expect(expired).toEqual([]);
  limits.release();
  pass(4_900);
  expect(expired).toEqual([]);
  pass(200);
  expect(expired).toEqual(["it fell silent for 5 s"]);
});

test("after its end nothing more is counted", () => {
  const limits = watch();
  limits.begin();
  limits.close();
  pass(3_600_000);
  expect(expired).toEqual([]);
});
