// Programmers who do not do what they are asked for: each is caught or dealt with, and no run of theirs ends green wrongly.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { submitWork } from "../../src/sessions/submit-work.ts";
import { openStore } from "../../src/store/open-store.ts";
import { Pool } from "../crash/support/pool.ts";
import { RunHome } from "../support/run-home.ts";
import { criterion, gitIn, keyOf } from "../support/run-library.ts";

setDefaultTimeout(120_000);

const FAILED = "execution.session.failed";
const COMPLETED = "execution.session.completed";
const VERIFIED = "execution.criterion.verified";

/** So many runs at once: much of what they do is to wait for one another's processes. */
const pool = new Pool(5);
const run = (title: string, body: () => Promise<void>) => test.concurrent(title, () => pool.run(body));

describe.skipIf(process.platform !== "linux")("a programmer who", () => {
  run("says that it is done and has done nothing fails, and whatever waits for it is never begun", async () => {
    using home = new RunHome({
      criteria: [criterion(1), criterion(2), criterion(3)],
      orders: { 2: ["lies"] },
      execution: { ac_retry_attempts: 1 },
    });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed", steps_done: 1 } });
    expect(home.of(2, FAILED)).toMatchObject([
      { failure: "NO_CHANGE", will_retry: true },
      { failure: "NO_CHANGE", will_retry: false },
    ]);
    expect(home.of(3, FAILED)).toMatchObject([{ failure: "BLOCKED" }]);
    expect(home.events(COMPLETED)).toHaveLength(1);
    expect(home.starts().filter((number) => number !== 1)).toEqual([2, 2]);
    expect(made(home)).toEqual(["src/slug.mjs"]);
  });

  run("edits or deletes the test is caught by the test as it was, and the next one begins without that", async () => {
    using home = new RunHome({ criteria: [criterion(1)], orders: { 1: ["edits_test", "deletes_test", "works"] } });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    const caught = { failure: "EDITED_CHECKS", will_retry: true };
    expect(home.of(1, FAILED)).toMatchObject([caught, caught]);
    const edited = { verdict: "fail", edited_checks: ["tests/check.mjs"] };
    expect(home.of(1, VERIFIED).slice(0, 2)).toMatchObject([edited, edited]);
    expect(made(home)).toEqual(["src/slug.mjs"]);
  });

  run(
    "does the work and has the test succeed as well is judged by the test as it was, and that is on record",
    async () => {
      using home = new RunHome({ criteria: [criterion(1)], orders: { 1: ["works_and_edits_test"] } });
      expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
      const reason = expect.stringContaining("With the checks as they were");
      expect(home.of(1, VERIFIED)[0]).toMatchObject({ verdict: "pass", reason, edited_checks: ["tests/check.mjs"] });
    },
  );

  run("changes the script that a check calls never gets there with that", async () => {
    using home = new RunHome({
      criteria: [criterion(1, { verify_command: "npm test --silent" })],
      orders: { 1: ["edits_script"] },
      execution: { ac_retry_attempts: 0 },
    });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed", steps_done: 0 } });
    const original = { verdict: "fail", edited_checks: ["package.json"], as_left: { ok: true } };
    expect(home.of(1, VERIFIED)).toMatchObject([original]);
    expect(made(home)).toEqual([]);
  });

  for (const canMerge of [true, false]) {
    run(
      `changes the lines of another ${canMerge ? "puts both together" : "and cannot merge begins anew"}`,
      async () => {
        const listed = (number: number) => criterion(number, { verify_command: `grep -q part${number} src/list.mjs` });
        using home = new RunHome({
          criteria: [listed(1), listed(2)],
          orders: { 1: ["adds_to_list"], 2: ["adds_to_list"] },
        });
        if (!canMerge) writeFileSync(join(home.desk, "cannot-merge"), "");
        expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
        expect(home.made("src/list.mjs")).toBe('export const list = ["part1", "part2"];\n');
        expect(home.journal("resolve")).toHaveLength(1);
        expect(home.starts()).toHaveLength(canMerge ? 2 : 3);
        expect(home.events(FAILED).map(({ payload }) => payload.failure)).toEqual(canMerge ? [] : ["CONFLICT"]);
      },
    );
  }

  run(
    "is at a limit while it puts two pieces of work together goes on with that later, and nobody begins anew",
    async () => {
      const listed = (number: number) => criterion(number, { verify_command: `grep -q part${number} src/list.mjs` });
      using home = new RunHome({
        criteria: [listed(1), listed(2)],
        orders: { 1: ["adds_to_list"], 2: ["adds_to_list"] },
      });
      writeFileSync(join(home.desk, "limited-merge"), "");
      expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
      expect(home.made("src/list.mjs")).toBe('export const list = ["part1", "part2"];\n');
      expect([home.journal("resolve").length, home.starts().sort(), home.events(FAILED)]).toEqual([2, [1, 2], []]);
    },
  );

  run("stalls, crashes or is killed halfway is followed by another one, who finishes it", async () => {
    using home = new RunHome({
      criteria: [criterion(1), criterion(2)],
      orders: { 1: ["stalls", "works"], 2: ["gives_up", "dies", "works"] },
      execution: { idle_timeout_minutes: 0.05 },
    });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed", steps_done: 2 } });
    expect(home.starts().sort()).toEqual([1, 1, 2, 2, 2]);
    expect(home.of(2, FAILED)).toMatchObject([{ failure: "CRASHED" }, { failure: "CRASHED" }]);
    expect(home.of(1, FAILED)).toMatchObject([{ error: expect.stringMatching(/silent|nothing|no output|time/i) }]);
    expect(made(home)).toEqual(["src/slug.mjs", "src/words.mjs"]);
  });

  run(
    "is at a limit is waited for while that is a matter of hours; for days, the run pauses. Nothing fails",
    async () => {
      using home = new RunHome({
        criteria: [criterion(1), criterion(2)],
        orders: { 1: ["limited", "limited_for_days", "works"] },
      });
      const { code, json } = await home.run();
      expect([code, json]).toMatchObject([1, { status: "paused", reason: "usage_limit", steps_done: 1 }]);
      const waited = { reason: "usage_limit", wait_ms: 500, error: "enough for now" };
      expect(home.events("execution.run.waiting").map(({ payload }) => payload)).toMatchObject([waited]);
      const again = await home.call("resume", String(json.session_id), "--wait");
      expect(again).toMatchObject({ code: 0, json: { status: "completed", steps_done: 2 } });
      expect(home.starts().sort()).toEqual([1, 1, 1, 2]);
      expect(home.events(FAILED)).toEqual([]);
    },
  );

  run("asks a person goes on with the answer; the others were not kept waiting", async () => {
    using home = new RunHome({ criteria: [criterion(1), criterion(2)], orders: { 1: ["asks"] } });
    const running = home.run();
    const workId = await home.until("the question is there and the other criterion done", () => {
      const asked = home.of(1, "execution.question.asked")[0];
      return home.of(2, COMPLETED).length === 1 && asked && String(asked.work_id);
    });
    await answer(home, workId, "red");
    expect(await running).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.made("src/colour.mjs")).toBe('export const colour = "red";\n');
    expect(home.starts().filter((number) => number === 1)).toHaveLength(2);
    expect(home.events(FAILED)).toEqual([]);
  });

  run("asks a person and hears nothing takes what it would do by itself", async () => {
    using home = new RunHome({
      criteria: [criterion(1)],
      orders: { 1: ["asks"] },
      execution: { question_minutes: 0.01 },
    });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.made("src/colour.mjs")).toBe('export const colour = "blue";\n');
  });

  run("breaks what was merged before is found out at the end, and that is worked on once more", async () => {
    using home = new RunHome({
      criteria: [criterion(1), criterion(2, { depends_on: [keyOf(1)] })],
      orders: { 2: ["breaks_1"] },
    });
    expect(await home.run()).toMatchObject({ code: 0, json: { status: "completed" } });
    expect(home.starts()).toEqual([1, 2, 1]);
    expect(home.made("src/slug.mjs")).toContain("export function slug");
    expect(home.of(1, VERIFIED).at(-1)).toMatchObject({ verdict: "pass", commit: tip(home) });
  });

  run("breaks another's work whenever that breaks its own ends the run as failed", async () => {
    using home = new RunHome({
      criteria: [criterion(1), criterion(2, { depends_on: [keyOf(1)] })],
      orders: { 1: ["works", "breaks_2"], 2: ["breaks_1"] },
    });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed" } });
  });
});

describe.skipIf(process.platform !== "linux")("a criterion", () => {
  run("that held before, or that cannot be checked, is never called proven; doing nothing is not enough", async () => {
    const unknown = { verify_command: "no-such-checker --all" };
    using home = new RunHome({
      criteria: [criterion(1, unknown), criterion(2, unknown), criterion(6, { verify_command: "test -f README.md" })],
      orders: { 2: ["lies"], 3: ["lies"] },
      execution: { ac_retry_attempts: 0 },
    });
    expect(await home.run()).toMatchObject({ code: 1, json: { status: "failed", steps_done: 2 } });
    expect(home.of(1, COMPLETED)).toMatchObject([{ verdict: "unverifiable", was_green_before: false }]);
    expect(home.of(2, FAILED)).toMatchObject([{ failure: "NO_CHANGE" }]);
    expect(home.of(3, "execution.baseline.checked")).toMatchObject([{ class: "already_green" }]);
    expect(home.of(3, COMPLETED)).toMatchObject([{ verdict: "pass", was_green_before: true }]);
  });

  run("that waits for itself through another is refused before anybody is started", async () => {
    using home = new RunHome({
      criteria: [criterion(1, { depends_on: [keyOf(2)] }), criterion(2, { depends_on: [keyOf(1)] })],
    });
    const { code, json } = await home.run();
    expect(code).not.toBe(0);
    expect(JSON.stringify([json, home.end() ?? null])).toMatch(/circle/);
    expect(home.starts()).toEqual([]);
    expect(gitIn(home.project, "branch", "--list", "ooo/*")).toBe("");
  });
});

run("a run that reaches its ceiling pauses between two criteria, and goes on once that was raised", async () => {
  using home = new RunHome({
    criteria: [criterion(1), criterion(2), criterion(3)],
    execution: { max_tokens: 1_500 },
    parallel: 1,
  });
  const { code, json } = await home.run();
  expect([code, json]).toMatchObject([1, { status: "paused", reason: "ceiling", steps_done: 2 }]);
  expect(home.starts()).toEqual([1, 2]);
  home.configure({ execution: { max_tokens: 1_000_000 } });
  const again = await home.call("resume", String(json.session_id), "--wait");
  expect(again).toMatchObject({ code: 0, json: { status: "completed" } });
  expect(home.starts()).toEqual([1, 2, 3]);
});

/** The files that a run's branch has changed. */
function made(home: RunHome): string[] {
  const { repository, base, branch } = home.branch();
  return gitIn(repository, "diff", "--name-only", base, branch).split("\n").filter(Boolean);
}

function tip(home: RunHome): string {
  const { repository, branch } = home.branch();
  return gitIn(repository, "rev-parse", branch).trim();
}

/** Answers a question as a host's `ouroboros_submit` does. Nothing else here may open the store meanwhile. */
async function answer(home: RunHome, workId: string, text: string): Promise<void> {
  const target = { kind: "file", path: join(home.home, "ouroboros.db"), createFolder: false } as const;
  await using store = await openStore(target, { readOnly: false, create: false });
  const said = await submitWork(store, { workId, result: { answer: text }, claimEpoch: undefined }, () => []);
  expect(said).toMatchObject({ outcome: "accepted" });
}
