import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Crash } from "./support/crash.ts";
import { failpointsOfSource } from "./support/failpoints-of-source.ts";
import { Pool } from "./support/pool.ts";
import { SCENARIOS } from "./support/scenarios.ts";

setDefaultTimeout(120_000);

/** So many scenarios at once: most of what they do is to wait for one another's processes. */
const AT_ONCE = 6;

const PLAYS = SCENARIOS.flatMap((scenario) => scenario.failpoints.map((failpoint) => ({ failpoint, scenario })));

test("every failpoint of the source is a line of its own with a name of its own, and has a scenario", () => {
  const named = failpointsOfSource();
  expect(new Set(named).size).toBe(named.length);
  const reached = new Set(PLAYS.map(({ failpoint }) => failpoint.replace(/#\d+$/, "")));
  expect([...reached].sort()).toEqual(named.sort());
});

describe.skipIf(process.platform !== "linux")("death at", () => {
  const pool = new Pool(AT_ONCE);
  for (const { failpoint, scenario } of PLAYS) {
    test.concurrent(`${failpoint}: ${scenario.name}`, () =>
      pool.run(async () => {
        using crash = new Crash(
          failpoint,
          scenario.leaseSeconds === undefined ? {} : { leaseSeconds: scenario.leaseSeconds },
        );
        await scenario.play(crash);
      }));
  }
});
