import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { frame, type Picture } from "../../src/cli/commands/watch/frame.ts";
import { LOOKING, press } from "../../src/cli/commands/watch/keys.ts";
import type { CriterionView, RunTree } from "../../src/views/run-tree.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { openRunHome } from "./support/run-home.ts";
import { ENTER, openTerminal } from "./support/terminal.ts";

setDefaultTimeout(90_000);

describe("watch in a terminal", () => {
  test("shows the run as it goes on, answers an agent's question by keys, and ends with the run", async () => {
    await using given = await openRunHome();
    given.put("hold");
    given.put("ask-1");
    const { session_id } = await given.begin();
    await using terminal = openTerminal(given, ["watch"], { columns: 60 });
    await terminal.see("Parts of a whole");
    await terminal.see("0 of 3 done");
    await terminal.see("q leave");
    given.drop("hold");
    await terminal.see("asks: Which colour?");
    await terminal.see("a answer");
    terminal.type("a");
    await terminal.see("Enter: answer");
    terminal.type(`nay\u007fvy${ENTER}`);
    await terminal.see("Answered criterion 1");
    await terminal.see(`${session_id} is completed, 3 of 3 steps done.`);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).toContain("\x1b[?1049l");
  });

  test("q leaves and the run goes on, p pauses it, c cancels it only after a y", async () => {
    await using given = await openRunHome();
    given.put("hold");
    const { session_id: id, worker_pid } = await given.begin();
    const watching = async () => {
      const terminal = openTerminal(given, ["watch", id]);
      await terminal.see("q leave");
      return terminal;
    };
    await using left = await watching();
    left.type("q");
    await left.see(`${id} is still running`);
    expect([await left.ended(), isRunning(worker_pid)]).toEqual([0, true]);
    await using paused = await watching();
    await paused.see("1 Part one is there: agent working");
    await paused.see("3 There is a README: agent working");
    paused.type("p");
    await paused.see(`${id} is paused`);
    expect(await paused.ended()).toBe(1);
    await until(() => !isRunning(worker_pid), "the worker has ended");
    given.watch((await given.json(["resume", id])).worker_pid);
    await using cancelled = await watching();
    cancelled.type("c");
    await cancelled.see("Cancel this run for good?");
    cancelled.type("n");
    await cancelled.see("q leave");
    expect((await given.json(["status", id])).status).toBe("running");
    cancelled.type("cy");
    await cancelled.see(`${id} is cancelled`);
    expect(await cancelled.ended()).toBe(1);
  });
});

test("watch without a terminal tells each change on a line, with --json each as a document", async () => {
  await using given = await openRunHome();
  given.put("lie-1");
  const { session_id: id } = await given.begin();
  const lines = await given.run(["watch", id]);
  expect(lines.code).toBe(1);
  expect(lines.stderr).toMatch(/✖ 1 Part one is there: failed: /);
  expect(lines.stdout).toContain(`${id} is failed`);
  const { code, stdout } = await given.run(["watch", id, "--json"]);
  expect(code).toBe(1);
  const documents = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(documents.at(-1)).toMatchObject({ session_id: id, status: "failed", done: 1, total: 3 });
});

describe("the picture of a run", () => {
  test.each([
    [60, 24],
    [40, 10],
    [200, 8],
    [60, 5],
  ])("fits into %d columns and %d rows, whatever is in it", (width, rows) => {
    const names = ["机の予約 for twelve people ".repeat(9), "\u001b[2J\u0007\nfar from harmless", "short"];
    const criteria = Array.from({ length: 40 }, (_, at) => criterion(at + 1, names[at % 3] ?? ""));
    const picture = pictureOf({ criteria, total: 40 });
    for (const one of [picture, { ...picture, mode: { kind: "cancelling" } as const, note: "x".repeat(300) }]) {
      const lines = frame({ forPeople: true, colour: false, width }, rows, one);
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.filter((line) => Bun.stringWidth(line) > width)).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(lines.join("")).not.toMatch(/[\u0000-\u001f]/);
      expect(lines.at(-1)).toMatch(/leave|Cancel/);
    }
  });

  test("shows first what somebody may have to do something about", () => {
    const criteria = Array.from({ length: 40 }, (_, at) => criterion(at + 1, "one"));
    const asking = { ...criterion(33, "the one that asks"), state: "waiting" as const, question: QUESTION };
    const lines = frame(
      { forPeople: true, colour: false, width: 60 },
      14,
      pictureOf({ criteria: criteria.with(32, asking) }),
    );
    expect(lines.join("\n")).toContain("? 33 the one that asks: asks: Which colour?");
    expect(lines.at(-1)).toContain("a answer");
  });

  test("what is typed at the end of a long question stays in sight", () => {
    const asking = { ...criterion(1, "one"), question: { ...QUESTION, question: "Which? ".repeat(40) } };
    const mode = { kind: "answering", asking, typed: "navy blue" } as const;
    const lines = frame({ forPeople: true, colour: false, width: 60 }, 14, { ...pictureOf({}), mode });
    expect(lines.at(-1)).toEndWith("navy blue");
  });
});

test("no key but y cancels, and a question is asked for only where there is one", () => {
  const tree = pictureOf({}).tree;
  expect(press(LOOKING, "a", tree)).toEqual({ mode: LOOKING });
  expect(press({ kind: "cancelling" }, ENTER, tree)).toEqual({ mode: LOOKING });
  expect(press({ kind: "cancelling" }, "y", tree).wish).toEqual({ kind: "cancel" });
  expect(press({ kind: "cancelling" }, "\u0003", tree).wish).toEqual({ kind: "leave" });
});

const QUESTION = { work_id: "work_1", question: "Which colour?", default: "grey", options: ["navy"], expires_at: null };

function criterion(index: number, description: string): CriterionView {
  return {
    index,
    description,
    state: index % 2 === 0 ? "in_progress" : "completed",
    attempts: 1,
    verdict: null,
    outcome: null,
    was_green_before: false,
    baseline: null,
    reason: null,
    edited_checks: [],
    now:
      index % 2 === 0 ? { doing: "agent", tool: "Bash", input: "npm test\n", at: "2026-01-01T00:00:00+00:00" } : null,
    merged_commit: null,
    waits_for: [],
    blocked_by: [],
    question: null,
    parts: null,
  };
}

function pictureOf(over: Partial<RunTree>): Picture {
  const tree: RunTree = {
    session_id: "orch_1",
    execution_id: "exec_1",
    job_id: null,
    seed_id: null,
    goal: "A goal\u001b[31m that is rather long ".repeat(5),
    cwd: null,
    runtime: "small",
    status: "running",
    liveness: "live",
    why: "",
    reason: null,
    phase: "Working",
    cursor: 1,
    started_at: "2026-01-01T00:00:00+00:00",
    elapsed_seconds: 1,
    workspace: {
      kind: "git",
      branch: "ooo/exec_1",
      base: null,
      tip: null,
      repository: null,
      snapshot: false,
      notes: [],
    },
    levels: [],
    warnings: [],
    criteria: [],
    done: 0,
    total: 0,
    spent: { tokens: 1_234_567, cost_usd: 0.5, agents: 2 },
    unreported: ["1 of 2 agents reported tokens"],
    waiting: { reason: "usage_limit", why: "come back ".repeat(30), until: null },
    ...over,
  };
  return { tree, log: ["one", "two\u0007", "three"], mode: LOOKING, note: "", now: Date.parse("2026-01-01T02:05:00Z") };
}
