// A seed that gives no order is planned with a mind, once; what it says may help and cannot harm.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Pool } from "../crash/support/pool.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion } from "../support/run-library.ts";

setDefaultTimeout(120_000);

const pool = new Pool(3);
const run = (title: string, body: () => Promise<void>) => test.concurrent(title, () => pool.run(body));

/** The third needs the second, and the seed says nothing of it. */
const CRITERIA = [criterion(1), criterion(2), criterion(3, { depends_on: [] })];
const ORDER = { order: [{ earlier: 2, later: 3, why: "it counts words" }], files: [] };

describe.skipIf(process.platform !== "linux")("a run of a seed without an order", () => {
  run("goes by the one that a mind proposes, and whoever resumes it goes by the same and asks nobody", async () => {
    using home = new RunHome({ criteria: CRITERIA, mind: { plan: ORDER } });
    const { id } = await home.begin({ OUROBOROS_FAILPOINT: "publish:before" });
    await home.until("it is planned", () => plansOf(home).length === 1);
    await home.until("its worker has died", () => home.processes().length === 0);
    expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
    const [first, second] = plansOf(home);
    expect(first).toMatchObject({ after: [[], [], [1]], source: { "1>2": "mind" }, warnings: [] });
    expect(second).toEqual(first);
    expect(home.journal("plan")).toHaveLength(1);
    const merged = home.events("execution.criterion.merged").map(({ payload }) => payload.ac_index);
    expect(merged.indexOf(1)).toBeLessThan(merged.indexOf(2));
    const asked = home.events("execution.agent.ended").filter(({ payload }) => payload.purpose === "run.plan");
    expect(asked).toMatchObject([{ payload: { mind: "planner" } }]);
  });

  run("leaves out of a proposal what would have a criterion wait for itself, and says so", async () => {
    const back = { earlier: 3, later: 2, why: "the other way round" };
    using home = new RunHome({ criteria: CRITERIA, mind: { plan: { ...ORDER, order: [...ORDER.order, back] } } });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed" } });
    expect(plansOf(home)).toMatchObject([{ warnings: [expect.stringContaining("would wait for itself")] }]);
  });

  run("does without where the mind talks nonsense, and says why", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)], mind: {} });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed", steps_done: 2 } });
    const warnings = [expect.stringMatching(/^No mind has proposed an order: /)];
    expect(plansOf(home)).toMatchObject([{ after: [[], []], warnings }]);
  });

  run("asks nobody where one is done after the other anyway", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)], mind: { plan: ORDER }, parallel: 1 });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    expect([home.journal("plan"), plansOf(home)]).toMatchObject([[], [{ warnings: [] }]]);
  });
});

function plansOf(home: RunHome): unknown[] {
  return home.events("execution.run.prepared").map(({ payload }) => payload.plan);
}
