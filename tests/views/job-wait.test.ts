import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { type JobWait, type JobWaitView, jobWait } from "../../src/views/job-wait.ts";
import {
  deadProcess,
  type GivenStore,
  givenOrphan,
  givenStore,
  interfered,
  openContext,
  type StoreHome,
} from "../support/given-store.ts";

// A loaded machine may take its time; nothing here waits that long by itself.
setDefaultTimeout(30_000);

/** Longer than any of these waits takes, so that one that was not woken is told from one that was. */
const LONG_MS = 120_000;

const QUIET: Omit<JobWait, "jobId"> = {
  cursor: 0,
  timeoutMs: LONG_MS,
  waitFor: "raw",
  stream: "progress",
  signal: new AbortController().signal,
  tell: async () => {},
};

async function waitFor(context: SessionContext, jobId: string, wait: Partial<JobWait> = {}): Promise<JobWaitView> {
  const view = await jobWait(context, { ...QUIET, jobId, ...wait });
  if (isRefusal(view)) throw new Error(view.message);
  return view;
}

/** The store's cursor of a job right now. */
async function cursorOf(given: GivenStore, jobId: string): Promise<number> {
  return (await waitFor(given.context, jobId, { timeoutMs: 0, cursor: Number.MAX_SAFE_INTEGER })).cursor;
}

/** The same store, and a word each time a waiter has found nothing and asks again. */
function watched({ context }: GivenStore) {
  let polls = 0;
  const waiting: { from: number; resolve: () => void }[] = [];
  const beforeRead = async (statements: readonly { sql: string }[]) => {
    if (statements.length !== 1 || statements[0]?.sql !== "SELECT max(rowid) AS top FROM events") return;
    polls += 1;
    for (const { from, resolve } of waiting) if (polls > from) resolve();
  };
  return {
    context: interfered(context, { beforeRead }),
    polls: () => polls,
    nextPoll: () => new Promise<void>((resolve) => waiting.push({ from: polls, resolve })),
  };
}

/** Another process' connection to the same store. */
async function somebodyElse(given: GivenStore) {
  const home: StoreHome = {
    home: given.home,
    path: `${given.home}/ouroboros.db`,
    truth: [],
    [Symbol.asyncDispose]: async () => {},
  };
  const { store } = await openContext(home);
  return store;
}

async function givenJob() {
  const given = await givenOrphan("young");
  const { session_id, execution_id } = given.only;
  const links = { session_id, execution_id };
  await given.appendRow({ type: "mcp.job.created", aggregate: "job", id: "job_1", payload: { links } });
  return Object.assign(given, { sessionId: session_id, executionId: String(execution_id) });
}

describe("a wait is over at once", () => {
  test("when there is news after the cursor already", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const view = await waitFor(watcher.context, "job_1");
    expect(view).toMatchObject({ status: "running", changed: true, wait_timed_out: false });
    expect(view.cursor).toBe(await given.rowCount());
    expect(watcher.polls()).toBe(0);
  });

  test("when the job has ended, whatever was waited for; without news it has not changed", async () => {
    await using given = await givenOrphan("stale");
    const watcher = watched(given);
    const job = String(given.only.job_id);
    const view = await waitFor(watcher.context, job, { waitFor: "phase_change", cursor: Number.MAX_SAFE_INTEGER });
    expect(view).toMatchObject({ status: "interrupted", is_terminal: true, changed: false, wait_timed_out: false });
    expect(await waitFor(watcher.context, job, { waitFor: "terminal" })).toMatchObject({ changed: true });
    expect(watcher.polls()).toBe(0);
  });

  test("when there is no time to wait", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const view = await waitFor(watcher.context, "job_1", { cursor, timeoutMs: 0 });
    expect(view).toMatchObject({ cursor, changed: false, wait_timed_out: true });
    expect(watcher.polls()).toBe(0);
  });

  test("when nothing goes by that name", async () => {
    await using given = await givenStore();
    const refusal = await jobWait(given.context, { ...QUIET, jobId: "job_9" });
    expect(refusal).toMatchObject({ refused: true, code: "job_handle_not_found" });
  });
});

describe("a waiter at its post", () => {
  const criterion = (given: { executionId: string }, type: string) =>
    ({ type, aggregate: "execution", id: `${given.executionId}_ac_1` }) as const;

  test.each<[JobWait["waitFor"], string]>([
    ["raw", "execution.tool.started"],
    ["ac_change", "execution.session.completed"],
    ["attention_or_ac_change", "execution.ac.stall_detected"],
    ["phase_change", "execution.phase.started"],
  ])("who waits for %s hears of %s written by another process", async (kind, type) => {
    await using given = await givenJob();
    await using other = await somebodyElse(given);
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const polling = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, waitFor: kind });
    await polling;
    const { aggregate, id } = criterion(given, type);
    await other.database.write([
      {
        sql: `INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp)
VALUES ('e1', ?, ?, ?, '{}', strftime('%Y-%m-%d %H:%M:%f000', 'now'))`,
        args: [aggregate, id, type],
      },
    ]);
    expect(await waiting).toMatchObject({ changed: true, wait_timed_out: false, cursor: cursor + 1 });
  });

  test("who waits for a criterion sleeps through everything else, and its cursor moves along", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const first = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, waitFor: "ac_change" });
    await first;
    await given.appendRow(criterion(given, "execution.ac.heartbeat"));
    await given.appendRow({ type: "orchestrator.session.started", id: "orch_other" });
    await watcher.nextPoll();
    await watcher.nextPoll();
    await given.appendRow(criterion(given, "execution.session.failed"));
    expect(await waiting).toMatchObject({ changed: true, cursor: cursor + 3 });
  });

  test("who waits for a criterion hears of one that only a progress row tells", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const told: (number | null)[] = [];
    const tell: JobWait["tell"] = async (view) => void told.push(view.ac_completed);
    const first = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, waitFor: "ac_change", tell });
    await first;
    const payload = { completed_count: 2, total_count: 9, current_phase: "Deliver" };
    const stream = { type: "workflow.progress.updated", aggregate: "execution", id: given.executionId };
    await given.appendRow({ ...stream, payload });
    expect(await waiting).toMatchObject({ changed: true, ac_completed: 2, ac_total: 9 });
    expect(told).toEqual([2]);
  });

  test("the end of the session ends every wait, and the picture is told on the way", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const told: string[] = [];
    const tell: JobWait["tell"] = async (view) => void told.push(`${view.status}: ${view.message}`);
    const first = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, waitFor: "terminal", tell });
    await first;
    const update = { type: "mcp.job.updated", aggregate: "job", id: "job_1" } as const;
    await given.appendRow({ ...update, payload: { status: "running", message: "Halfway" } });
    await watcher.nextPoll();
    await watcher.nextPoll();
    await given.appendRow({ type: "orchestrator.session.completed", id: given.sessionId });
    expect(await waiting).toMatchObject({ status: "completed", is_terminal: true, changed: true });
    expect(told).toEqual(["running: Halfway", "completed: Halfway"]);
  });

  test("an owner that dies ends it, though nobody writes a row", async () => {
    await using given = await givenJob();
    await given.lease(given.sessionId, ownIdentity(), { ttlSeconds: 3600 });
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const rows = await given.rowCount();
    const first = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, waitFor: "terminal" });
    await first;
    const { pid, start_ticks } = deadProcess();
    await given.sql("UPDATE ouro_lease SET pid = ?, start_ticks = ?", [pid, start_ticks]);
    expect(await waiting).toMatchObject({
      status: "interrupted",
      changed: true,
      note: expect.stringContaining("dead"),
    });
    expect(await given.rowCount()).toBe(rows);
  });

  test("who goes away is let go of at once, with what there was", async () => {
    await using given = await givenJob();
    const watcher = watched(given);
    const cursor = await cursorOf(given, "job_1");
    const abort = new AbortController();
    const first = watcher.nextPoll();
    const waiting = waitFor(watcher.context, "job_1", { cursor, signal: abort.signal });
    await first;
    abort.abort();
    expect(await waiting).toMatchObject({ status: "running", changed: false, wait_timed_out: false, cursor });
  });

  test("a time-out is no failure", async () => {
    await using given = await givenJob();
    const cursor = await cursorOf(given, "job_1");
    const view = await waitFor(given.context, "job_1", { cursor, timeoutMs: 300 });
    expect(view).toMatchObject({ changed: false, wait_timed_out: true, cursor });
  });
});

test("the linked stream hands out every event once, a page at a time, and no other session's", async () => {
  await using given = await givenJob();
  const added: string[] = [];
  const start = await cursorOf(given, "job_1");
  for (let n = 0; n < 45; n++) {
    const own = { type: "execution.tool.started", aggregate: "execution", id: `${given.executionId}_ac_${n % 3}` };
    added.push(await given.appendRow(own));
    await given.appendRow({ ...own, id: `exec_other_ac_${n}` });
  }
  const seen: string[] = [];
  let cursor = start;
  for (let more = true; more; ) {
    const view = await waitFor(given.context, "job_1", { cursor, stream: "linked", timeoutMs: 0 });
    const events = view.stream_events ?? [];
    expect(events.length).toBeGreaterThan(0);
    expect(view.cursor).toBe(events.at(-1)?.rowid ?? 0);
    seen.push(...events.map((event) => event.id));
    more = view.stream_has_more === true;
    cursor = view.cursor;
  }
  expect(seen).toEqual(added);
});

test("waiting writes nothing", async () => {
  await using given = await givenJob();
  const rows = await given.rowCount();
  const cursor = await cursorOf(given, "job_1");
  await waitFor(given.context, "job_1", { cursor, timeoutMs: 300 });
  await waitFor(given.context, "job_1", { stream: "linked" });
  expect(await given.rowCount()).toBe(rows);
});
