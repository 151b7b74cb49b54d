import { expect, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { changedFiles } from "../../src/views/run-diff.ts";
import { changesBetween, spentWords, standingWords, waitingWords } from "../../src/views/run-text.ts";
import { type RunTree, runTree } from "../../src/views/run-tree.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";

test("a criterion's state follows its rows: begun, asked, failed and tried again, merged, given up, blocked", async () => {
  await using run = await givenRun({ after: [[], [0], [1]] });
  const states = async () => (await run.tree()).criteria.map(({ state }) => state);
  await run.step(0, "session.started", { attempt: 1 });
  await run.step(1, "baseline.checked", { class: "red" });
  await run.step(2, "baseline.checked", { class: "red" });
  expect(await states()).toEqual(["in_progress", "pending", "pending"]);
  expect((await run.tree()).criteria.map(({ waits_for }) => waits_for)).toEqual([[], [1], [2]]);
  await run.step(0, "question.asked", {
    work_id: "work_1",
    question: "Which?",
    default: "a",
    options: ["a"],
    default_after_ms: 60_000,
  });
  const [asking] = (await run.tree()).criteria;
  expect(asking).toMatchObject({ state: "waiting", question: { work_id: "work_1", default: "a" } });
  expect(Date.parse(asking?.question?.expires_at ?? "") - run.now / 1000).toBeWithin(59_000, 61_000);
  await run.step(0, "question.answered", { work_id: "work_1", answer: "a" });
  await run.step(0, "session.failed", { attempt: 1, will_retry: true, failure: "FAILED_CHECK", error: "it is red" });
  expect(await states()).toEqual(["in_progress", "pending", "pending"]);
  await run.step(0, "session.started", { attempt: 2 });
  await run.step(0, "criterion.verified", { verdict: "pass", reason: "fine" });
  await run.step(0, "criterion.merged", { merged_commit: "c".repeat(40) });
  await run.step(0, "session.completed", { success: true });
  await run.step(1, "session.started", { attempt: 1 });
  await run.step(1, "session.failed", { will_retry: false, failure: "FAILED_CHECK", error: "still red" });
  const tree = await run.tree();
  expect(tree.criteria.map(({ state }) => state)).toEqual(["completed", "failed", "blocked"]);
  expect(tree.criteria.map(standingWords)).toEqual([
    "proven: its check failed before and holds now",
    "failed: still red",
    "blocked by 2",
  ]);
  expect(tree).toMatchObject({ done: 1, total: 3, workspace: { branch: "ooo/exec_1", tip: "c".repeat(40) } });
});

test("what held before anybody worked is kept and not proven, also where a later owner has forgotten that", async () => {
  await using run = await givenRun({ after: [[]] });
  await run.step(0, "baseline.checked", { class: "already_green" });
  await run.step(0, "criterion.verified", { verdict: "pass" });
  await run.step(0, "criterion.merged", { was_green_before: false });
  await run.step(0, "session.completed", { success: true });
  expect((await run.tree()).criteria[0]).toMatchObject({ outcome: "kept", was_green_before: true });
});

test("a criterion that was split shows its parts; once it holds they all do, once it has failed nobody is at one", async () => {
  await using run = await givenRun({ after: [[]] });
  await run.step(0, "session.started", { attempt: 1 });
  expect((await run.tree()).criteria[0]?.parts).toBeNull();
  const part = (sub_task_index: number, status: string, more: object = {}) =>
    run.whole("subtask.updated", { ac_index: 1, sub_task_index, content: `Half ${sub_task_index}`, status, ...more });
  await part(1, "pending", { text: "The first half, at length", bench: "ac1-1" });
  await part(2, "pending");
  await part(2, "splendid");
  const whole = await run.tree();
  await part(1, "completed");
  await part(2, "executing");
  const tree = await run.tree();
  expect(tree.criteria[0]?.parts).toEqual([
    { number: 1, description: "The first half, at length", state: "completed" },
    { number: 2, description: "Half 2", state: "in_progress" },
  ]);
  expect(changesBetween(whole, tree)).toEqual(["  ● 1.1 The first half, at length", "  ◐ 1.2 Half 2"]);
  const states = async () => (await run.tree()).criteria[0]?.parts?.map(({ state }) => state);
  await run.step(0, "session.failed", { will_retry: false, failure: "TOO_BIG", error: "no" });
  expect(await states()).toEqual(["completed", "failed"]);
  await run.step(0, "session.completed", { success: true });
  expect(await states()).toEqual(["completed", "completed"]);
});

test("spent is what agents reported and nothing else; a retry's and a resolver's agents count, too", async () => {
  await using run = await givenRun({ after: [[]] });
  expect(spentWords(await run.tree())).toBeNull();
  const usage = { input_tokens: 100, output_tokens: 20, cost_usd: null };
  await run.step(0, "agent.ended", { session_attempt_id: "one" });
  expect(spentWords(await run.tree())).toBe(
    "nothing reported (0 of 1 agent reported tokens, 0 of 1 agent reported cost)",
  );
  await run.step(0, "agent.ended", { session_attempt_id: "two" });
  await run.step(0, "agent.ended", { session_attempt_id: "two" });
  await run.step(0, "session.completed", { success: true, session_attempt_id: "two", usage });
  expect((await run.tree()).spent).toEqual({ tokens: 120, cost_usd: null, agents: 3 });
  expect(spentWords(await run.tree())).toStartWith("120 tokens (1 of 3 agents reported tokens");
});

test("what an agent does now is its latest tool, while somebody is at work on it", async () => {
  await using run = await givenRun({ after: [[]] });
  await run.step(0, "session.started", { attempt: 1 });
  await run.step(0, "agent.started", { group: {} });
  await run.step(0, "tool.started", { tool_name: "Read", tool_input: "{}" });
  await run.step(0, "tool.started", { tool_name: "Bash", tool_input: '{"command":"npm test"}' });
  expect((await run.tree()).criteria[0]?.now).toMatchObject({ doing: "agent", tool: "Bash" });
  await run.step(0, "agent.ended", {});
  await run.step(0, "agent.started", { group: {}, purpose: "check" });
  expect((await run.tree()).criteria[0]?.now).toMatchObject({ doing: "check", tool: null });
  await run.session("orchestrator.session.failed", { error: "no more" });
  expect((await run.tree()).criteria[0]?.now).toBeNull();
});

test("a usage limit is waited for until it is over, and a pause says why", async () => {
  await using run = await givenRun({ after: [[]] });
  await run.step(0, "session.started", { attempt: 1 });
  await run.whole("run.waiting", { reason: "usage_limit", error: "come back", wait_ms: 3_600_000 });
  const waits = await run.tree();
  expect(waitingWords(waits)).toMatch(/^usage limit \(come back\), until \d{4}-/);
  expect(changesBetween(waits, waits)).toEqual([]);
  await run.step(0, "session.started", { attempt: 2 });
  expect((await run.tree()).waiting).toBeNull();
  await run.session("orchestrator.session.paused", { reason: "ceiling", why: "it has cost $7" });
  expect((await run.tree()).waiting).toEqual({ reason: "ceiling", why: "it has cost $7", until: null });
});

test("rows that nobody can read as what they are called change nothing, and other runs' rows are not this one's", async () => {
  await using run = await givenRun({ after: [[]] });
  for (const type of ["session.started", "question.asked", "tool.started", "criterion.verified", "baseline.checked"]) {
    await run.step(0, type, { attempt: "x", work_id: 1, verdict: "splendid", class: 3, tool_name: [] });
  }
  await run.whole("run.prepared", { workspace: 7 });
  await run.given.appendRow({ type: "execution.session.failed", aggregate: "execution", id: "exec_10_ac_0" });
  const tree = await run.tree();
  expect(tree.criteria).toHaveLength(1);
  expect(tree.criteria[0]).toMatchObject({ state: "in_progress", verdict: null, question: null, now: null });
  expect(await changedFiles({ ...WORKSPACE, base: "--output=/tmp/x", tip: "HEAD" })).toBeNull();
  expect(await changedFiles({ ...WORKSPACE, repository: "/nowhere" })).toBeNull();
});

test("a run of the Python program has the criteria its progress lists", async () => {
  await using given = await givenStore({ orphans: { stale: 1 } });
  const tree = await read(given, given.only.session_id);
  expect(tree.total).toBeGreaterThan(0);
  expect(tree.criteria.some(({ state, outcome }) => state === "completed" && outcome === null)).toBe(true);
  expect(tree.workspace).toBeNull();
});

const WORKSPACE = {
  kind: "git",
  branch: "ooo/exec_1",
  base: "b".repeat(40),
  tip: "c".repeat(40),
  repository: "/tmp",
  snapshot: false,
  notes: [],
};

interface GivenRun extends AsyncDisposable {
  readonly given: GivenStore;
  readonly now: number;
  tree(): Promise<RunTree>;
  step(index: number, type: string, payload: Readonly<Record<string, unknown>>): Promise<unknown>;
  whole(type: string, payload: Readonly<Record<string, unknown>>): Promise<unknown>;
  session(type: string, payload: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** A run of this process, prepared, with so many criteria as there are lists of what each waits for. */
async function givenRun({ after }: { readonly after: readonly (readonly number[])[] }): Promise<GivenRun> {
  const given = await givenStore();
  const began = Date.now() * 1000;
  let rows = 0;
  const row = (aggregate: string, id: string, type: string, payload: Readonly<Record<string, unknown>>) =>
    given.appendRow({ aggregate, id, type, payload, at: began + ++rows * 1000 });
  const session: GivenRun["session"] = (type, payload) => row("session", "orch_1", type, payload);
  const whole: GivenRun["whole"] = (type, payload) => row("execution", "exec_1", `execution.${type}`, payload);
  await session("orchestrator.session.started", { execution_id: "exec_1", seed_goal: "A goal" });
  await given.lease("orch_1", ownIdentity());
  const levels = [after.map((_, index) => index)];
  await whole("run.prepared", {
    workspace: { ...WORKSPACE, branch: "refs/heads/ooo/exec_1", tip: undefined },
    plan: { levels, after, warnings: [] },
  });
  return {
    given,
    now: began,
    tree: () => read(given, "exec_1"),
    step: (index, type, payload) =>
      row("execution", `exec_1_ac_${index}`, `execution.${type}`, {
        acceptance_criterion: `Thing ${index}`,
        ...payload,
      }),
    whole,
    session,
    [Symbol.asyncDispose]: () => given[Symbol.asyncDispose](),
  };
}

async function read({ context }: GivenStore, id: string): Promise<RunTree> {
  const tree = await runTree(context, id);
  if (isRefusal(tree)) throw new Error(tree.message);
  return tree;
}
