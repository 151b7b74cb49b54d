import { expect, setDefaultTimeout, test } from "bun:test";
import * as v from "valibot";
import { toDefinition } from "../../src/mcp/catalogue.ts";
import type { Tool } from "../../src/mcp/tool.ts";
import { ouroborosCancelJob } from "../../src/mcp/tools/ouroboros-cancel-job.ts";
import { ouroborosJobResult } from "../../src/mcp/tools/ouroboros-job-result.ts";
import { ouroborosJobStatus } from "../../src/mcp/tools/ouroboros-job-status.ts";
import { ouroborosJobWait } from "../../src/mcp/tools/ouroboros-job-wait.ts";
import { type GivenStore, givenOrphan, givenStore, interfered, once } from "../support/given-store.ts";

// A loaded machine may take its time; nothing here waits that long by itself.
setDefaultTimeout(30_000);

const TOOLS = [ouroborosJobStatus, ouroborosJobWait, ouroborosJobResult, ouroborosCancelJob];

/** No tool here goes on with another one. */
const noOtherTool = () => Promise.reject(new Error("Another tool was called"));

interface Answered {
  readonly value: Record<string, unknown>;
  readonly text: string;
}

/** Calls a tool with what its schema makes of the arguments, and holds the answer against its output schema. */
async function call({ context }: GivenStore, tool: Tool, args: object): Promise<Answered> {
  const signal = new AbortController().signal;
  const answer = (await tool.run(v.parse(tool.input, args), {
    context,
    signal,
    progress: async () => {},
    callTool: noOtherTool,
  })) as Answered;
  const sent = JSON.parse(JSON.stringify(answer.value));
  expect(v.parse(tool.output, sent)).toEqual(sent);
  expect(Object.values(sent)).not.toContain(null);
  return { value: sent, text: answer.text };
}

test("a job's status comes in three sizes, under all of upstream's names for them", async () => {
  await using given = await givenOrphan("stale");
  const { job_id, session_id, execution_id } = given.only;
  const text = async (view?: string) => (await call(given, ouroborosJobStatus, { job_id, view })).text;
  const { value, text: full } = await call(given, ouroborosJobStatus, { job_id });
  expect(value).toMatchObject({ job_id, status: "interrupted", session_id, execution_id, ac_completed: 1 });
  for (const line of [`Job: ${job_id}`, "Type: execute_seed", `Session: ${session_id}`, "Cursor: "])
    expect(full).toContain(line);
  for (const name of ["full", "default", "tree", "verbose"]) expect(await text(name)).toBe(full);
  const summary = await text("summary");
  expect(summary.split("\n").length).toBeLessThanOrEqual(6);
  const compact = await text("compact");
  expect(compact).toMatch(/^job_\w+ \| interrupted \| Deliver \| AC 1\/\d+ \| cursor \d+$/);
  expect(await text("brief")).toBe(compact);
});

test("a wait of any length asked for is cut to 40 s and says so; compact news of nothing is one short line", async () => {
  await using given = await givenOrphan("stale");
  const { job_id } = given.only;
  const long = await call(given, ouroborosJobWait, { job_id, timeout_seconds: 180, wait_for: "done", stream: "all" });
  expect(long.value).toMatchObject({
    changed: true,
    timeout_seconds: 40,
    timeout_seconds_requested: 180,
    timeout_seconds_capped: true,
    stream_has_more: false,
  });
  const short = await call(given, ouroborosJobWait, { job_id, timeout_seconds: -1, cursor: long.value.cursor });
  expect(short.value).toMatchObject({ changed: false, timeout_seconds: 0, timeout_seconds_capped: true });
  expect(short.text).toEndWith("\nNo news after the cursor.");
  const compact = await call(given, ouroborosJobWait, { job_id, view: "brief", cursor: long.value.cursor });
  expect(compact.text).toBe(`unchanged cursor=${long.value.cursor}`);
  expect(JSON.stringify(compact.value).length).toBeLessThan(200);
});

test.each([
  { cursor: -1 },
  { cursor: Number.NaN },
  { cursor: 1.5 },
  { cursor: "3" },
  { wait_for: "never" },
  { view: 1 },
])("a wait with %o is refused by its schema", (args) => {
  expect(v.safeParse(ouroborosJobWait.input, { job_id: "job_1", ...args }).success).toBe(false);
});

test("a client that asked for progress hears of each change, with a number that grows", async () => {
  await using given = await givenOrphan("young");
  const { session_id } = given.only;
  const links = { session_id };
  await given.appendRow({ type: "mcp.job.created", aggregate: "job", id: "job_1", payload: { links } });
  const heard: [number, number | undefined, string][] = [];
  const steps = ["one", "two", "three"];
  const next = async () => {
    const message = steps.shift();
    if (message === undefined) return given.appendRow({ type: "orchestrator.session.completed", id: session_id });
    return given.appendRow({ type: "mcp.job.updated", aggregate: "job", id: "job_1", payload: { message } });
  };
  const input = v.parse(ouroborosJobWait.input, { job_id: "job_1", wait_for: "terminal" });
  const beforeRead = once(next);
  const isPoll = (statements: readonly { sql: string }[]) =>
    statements[0]?.sql === "SELECT max(rowid) AS top FROM events";
  const answer = await ouroborosJobWait.run(input, {
    // The first change comes when the wait has seen the job without it.
    context: interfered(given.context, {
      beforeRead: async (statements) => {
        if (statements.length === 1 && isPoll(statements)) await beforeRead();
      },
    }),
    signal: new AbortController().signal,
    progress: async (...words) => {
      heard.push(words);
      await next();
    },
    callTool: noOtherTool,
  });
  expect(answer).toMatchObject({ value: { status: "completed" } });
  const numbers = heard.map(([done]) => done);
  expect(heard).toHaveLength(4);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(heard.map(([, total]) => total)).toEqual([30, 30, 30, 30]);
  expect(heard.map(([, , message]) => message)).toEqual([
    expect.stringMatching(/^running, .*one$/),
    expect.stringMatching(/^running, .*two$/),
    expect.stringMatching(/^running, .*three$/),
    expect.stringMatching(/^completed, .*three$/),
  ]);
});

test("the result of a job under way is an answer that says how to wait; of one that ended, its text", async () => {
  await using given = await givenStore();
  await given.appendRow({ type: "mcp.job.created", aggregate: "job", id: "job_1" });
  const early = await call(given, ouroborosJobResult, { job_id: "job_1" });
  expect(early.value).toMatchObject({ result_available: false, is_error: false });
  expect(early.text).toMatch(/^No result yet: the job is queued\.\n(.*\n)*Next: ouroboros_job_wait/);
  const payload = { result_text: "All good" };
  await given.appendRow({ type: "mcp.job.completed", aggregate: "job", id: "job_1", payload });
  const late = await call(given, ouroborosJobResult, { job_id: "job_1" });
  expect(late.value).toMatchObject({ result_available: true, result_text: "All good", is_error: false });
  expect(late.text).toBe("Job job_1: completed\n\nAll good");
});

test("a cancelled job is shown as it stands then; one that has ended is no error", async () => {
  await using given = await givenStore();
  await given.appendRow({ type: "mcp.job.created", aggregate: "job", id: "job_1" });
  const asked = await call(given, ouroborosCancelJob, { job_id: "job_1" });
  expect(asked.value).toMatchObject({ outcome: "cancel_requested", status: "cancel_requested", is_terminal: false });
  await given.appendRow({ type: "mcp.job.cancelled", aggregate: "job", id: "job_1" });
  const over = await call(given, ouroborosCancelJob, { job_id: "job_1" });
  expect(over.value).toMatchObject({ outcome: "already_ended", status: "cancelled" });
  expect(over.text).toStartWith("Job job_1: nothing to cancel: it is already cancelled\n");
});

test.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s refuses an id that names no job", async (_, tool) => {
  await using given = await givenStore();
  const input = v.parse(tool.input, { job_id: "job_9" });
  const signal = new AbortController().signal;
  const answer = await tool.run(input, {
    context: given.context,
    signal,
    progress: async () => {},
    callTool: noOtherTool,
  });
  expect(answer).toMatchObject({ refused: true, code: "job_handle_not_found", facts: { job_id: "job_9" } });
});

test("the four definitions cost little of what all tools together may", () => {
  expect(JSON.stringify(TOOLS.map(toDefinition)).length / 4).toBeLessThanOrEqual(1_200);
});
