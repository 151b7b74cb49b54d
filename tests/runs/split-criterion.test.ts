// A criterion that is too big for one agent is split: parts are done one after the other, none twice, and its own check decides.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "../crash/support/pool.ts";
import { SOLUTIONS } from "../fixtures/agents/programmers/solutions.ts";
import { kill } from "../support/agent-processes.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion } from "../support/run-library.ts";

setDefaultTimeout(120_000);

const FAILED = "execution.session.failed";
const PART = "execution.subtask.updated";
const PARTS = { parts: [{ description: "The upper half of slug()" }, { description: "The lower half of slug()" }] };
/** An agent that is silent for so long has run out of time. */
const execution = { idle_timeout_minutes: 0.05, ac_retry_attempts: 0 };
const TOO_BIG = ["is_too_big", "is_too_big"];

const pool = new Pool(3);
const run = (title: string, body: () => Promise<void>) => test.concurrent(title, () => pool.run(body));

describe.skipIf(process.platform !== "linux")("a criterion that is too big", () => {
  run("is done in parts; killed between two of them and before the check, no part is done again", async () => {
    const check = 'while test -e "$HOME/desk/held"; do sleep 0.05; done; node tests/check.mjs slug';
    using home = new RunHome({
      criteria: [criterion(1, { verify_command: check })],
      orders: { 1: [...TOO_BIG, "does_part"] },
      mind: { split: PARTS },
      execution,
    });
    const held = join(home.desk, "held");
    writeFileSync(join(home.desk, "holds-check"), "");
    const { id } = await home.begin({ OUROBOROS_FAILPOINT: "prompt:before#4" });
    await home.until("two have run out of time", () => home.of(1, "execution.criterion.verified").length === 2);
    await home.until("the first part is done", () => partsOf(home).at(-1) === "2 executing");
    await home.until("its worker has died", () => home.processes().length === 0);
    expect([...home.journal("part-1"), ...home.journal("part-2")]).toHaveLength(1);
    expect(partsOf(home)).toEqual(["1 pending", "2 pending", "1 executing", "1 completed", "2 executing"]);

    const { json } = await home.call("resume", id);
    await home.until("both parts are done", () => existsSync(held) && partsOf(home).at(-1) === "2 completed");
    const begun = home.starts().length;
    kill(Number(json.worker_pid));
    rmSync(held);
    expect(await home.call("resume", id, "--wait")).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.starts()).toHaveLength(begun);
    expect([home.journal("part-1").length, home.journal("part-2").length, home.journal("split").length]).toEqual([
      1, 1, 1,
    ]);
    expect(home.made("src/slug.mjs")).toBe(SOLUTIONS[0]?.text ?? "");
    const tooBig = { failure: "TOO_BIG", will_retry: true };
    expect(home.of(1, FAILED)).toMatchObject([tooBig, tooBig]);
  });

  run("fails where a part is too big as well: parts are not split", async () => {
    using home = new RunHome({
      criteria: [criterion(1)],
      orders: { 1: [...TOO_BIG, "is_too_big"] },
      mind: { split: PARTS },
      execution,
    });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed" } });
    expect(home.of(1, FAILED).at(-1)).toMatchObject({
      failure: "TOO_BIG",
      error: expect.stringContaining("split already"),
    });
    expect(home.journal("split")).toHaveLength(1);
    expect(partsOf(home).at(-1)).toBe("1 failed");
  });

  run("fails where nobody can split it, and its author is told to", async () => {
    using home = new RunHome({ criteria: [criterion(1)], orders: { 1: TOO_BIG }, execution });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed" } });
    const error = expect.stringContaining("split the criterion into smaller ones");
    expect(home.of(1, FAILED).at(-1)).toMatchObject({ failure: "TOO_BIG", will_retry: false, error });
    expect(home.events(PART)).toEqual([]);
  });
});

/** Each change of a part: its number, and how it stood then. */
function partsOf(home: RunHome): string[] {
  return home.events(PART).map(({ payload }) => `${payload.sub_task_index} ${payload.status}`);
}
