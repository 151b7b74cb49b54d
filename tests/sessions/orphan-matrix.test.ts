import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OrphanName } from "../../scripts/make-store/orphans.ts";
import { writeLock } from "../../scripts/make-store/write-lock.ts";
import { createStamper } from "../../src/domain/stamper.ts";
import { sweepSession } from "../../src/sessions/sweep/sweep-session.ts";
import { deadPid, type GivenStore, givenOrphan, HOUR_MICROS } from "../support/given-store.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/;
const STORED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
const BATCH = "batch_0123456789ab";

function sweepOnly({ context, only }: GivenStore, jobs: readonly string[] = []) {
  return sweepSession(context, only.session_id, { batchId: BATCH, jobs });
}

/** Nothing written, whatever the sweep says of it. */
async function expectUntouched(given: GivenStore, rule: string, liveness: string): Promise<void> {
  const before = await given.rowCount();
  const { outcome, verdict } = await sweepOnly(given);
  expect([outcome, verdict?.rule, verdict?.liveness]).toEqual(["spared", rule, liveness]);
  expect(await given.rowCount()).toBe(before);
  expect(await given.sql("SELECT * FROM ouro_lease")).toEqual([]);
}

test("a stale running session is cancelled once, with its evidence, its execution and its job", async () => {
  await using given = await givenOrphan("stale");
  const { session_id, execution_id, job_id } = given.only;
  const before = await given.rowCount();
  const jobs = job_id === null ? [] : [job_id];
  const previous = (await given.rows("session", session_id)).at(-1);
  const [newest] = await given.sql(
    "SELECT max(rowid) AS top FROM events WHERE aggregate_id IN (?, ?) OR aggregate_id GLOB ?",
    [session_id, execution_id, `${execution_id}_*`],
  );

  expect(await sweepOnly(given, jobs)).toMatchObject({ session_id, outcome: "cancelled" });

  const [session, execution, job, ...more] = await given.rowsAfter(before);
  expect(more).toEqual([]);
  const why = "no owner, no Python lock, no activity in any scope for 3.0 h";
  expect(session).toMatchObject({
    aggregate_type: "session",
    aggregate_id: session_id,
    event_type: "orchestrator.session.cancelled",
    timestamp: expect.stringMatching(STORED),
  });
  expect(session?.payload).toEqual({
    reason: `Cancelled by clean-up: ${why}`,
    cancelled_by: "auto_cleanup",
    cancelled_at: expect.stringMatching(ISO),
    batch_id: BATCH,
    evidence: {
      rule: "silent",
      why,
      judged_at: expect.stringMatching(STORED),
      previous_status: "running",
      newest_rowid: newest?.top,
      newest_at: previous?.timestamp,
      silent_seconds: expect.any(Number),
      threshold_seconds: 3600,
      lock: { state: "absent", why: "no lock file", pid: null },
      lease: null,
    },
    epoch: 1,
  });
  const evidence = { ...(session?.payload.evidence ?? {}) } as { silent_seconds?: number };
  expect(evidence.silent_seconds).toBeWithin(3 * 3600, 3 * 3600 + 120);
  expect(execution).toMatchObject({
    aggregate_type: "execution",
    aggregate_id: execution_id,
    event_type: "execution.terminal",
  });
  expect(execution?.payload).toEqual({
    session_id,
    status: "cancelled",
    messages_processed: 0,
    timestamp: expect.stringMatching(ISO),
  });
  expect(job).toMatchObject({
    id: `mcp-job-recovered-interrupted-${job_id}`,
    aggregate_type: "job",
    aggregate_id: job_id,
    event_type: "mcp.job.interrupted",
  });
  expect(job?.payload).toEqual({
    status: "interrupted",
    message: `Cancelled by clean-up: ${why}`,
    timestamp: expect.stringMatching(ISO),
  });
  expect(await given.session(session_id)).toMatchObject({
    status: "cancelled",
    status_by: "auto_cleanup",
    batch_id: BATCH,
    epoch: 1,
  });
  expect(await given.sql("SELECT epoch, purpose, expires_at FROM ouro_lease")).toEqual([
    expect.objectContaining({ epoch: 1, purpose: "sweep", expires_at: null }),
  ]);
});

test("a session swept already is neither judged stale nor written again", async () => {
  await using given = await givenOrphan("stale");
  await sweepOnly(given);
  const before = await given.rowCount();
  expect(await sweepOnly(given)).toMatchObject({ outcome: "spared", verdict: { rule: "ended" } });
  expect((await given.sweepAll()).size).toBe(0);
  expect(await given.rowCount()).toBe(before);
});

test("a sweep finds the open job of an orphan by itself and closes it under its deterministic id", async () => {
  await using given = await givenOrphan("stale");
  const { job_id } = given.only;
  await given.sweepAll();
  const closed = (await given.rows("job", String(job_id))).filter((row) => row.event_type === "mcp.job.interrupted");
  expect(closed.map((row) => row.id)).toEqual([`mcp-job-recovered-interrupted-${job_id}`]);
});

test("a store v0.51 has touched gets its terminal guard row, and its other guards stay as they are", async () => {
  await using given = await givenOrphan("stale", { generation: "v51" });
  const { session_id, execution_id } = given.only;
  const start = await given.sql("SELECT * FROM session_start_guards");
  await sweepOnly(given);
  const [cancelled] = (await given.rows("session", session_id)).slice(-1);
  const guards = await given.sql("SELECT * FROM session_terminal_guards");
  expect(guards.map((row) => ({ ...row }))).toEqual([
    expect.objectContaining({
      session_id,
      terminal_event_id: cancelled?.id,
      terminal_event_type: "orchestrator.session.cancelled",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d /),
    }),
  ]);
  expect(await given.sql("SELECT * FROM session_start_guards")).toEqual(start);
  expect((await given.rows("execution", String(execution_id))).at(-1)?.event_type).toBe("execution.terminal");
});

test("a guard row that stands already is left alone, and the session still ends", async () => {
  await using given = await givenOrphan("stale", { generation: "v51" });
  const { session_id } = given.only;
  await given.context.store.database.write([
    {
      sql: "INSERT INTO session_terminal_guards (session_id, terminal_event_id, terminal_event_type) VALUES (?, 'x', 'y')",
      args: [session_id],
    },
  ]);
  expect(await sweepOnly(given)).toMatchObject({ outcome: "cancelled" });
  const guards = await given.sql("SELECT terminal_event_id FROM session_terminal_guards");
  expect(guards.map((row) => row.terminal_event_id)).toEqual(["x"]);
});

test("an execution that has its terminal row gets no second one", async () => {
  await using given = await givenOrphan("stale");
  const { session_id, execution_id } = given.only;
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  const payload = { session_id, status: "failed" };
  await given.appendRow({ type: "execution.terminal", aggregate: "execution", id: String(execution_id), payload, at });
  const before = await given.rowCount();
  await sweepOnly(given);
  const types = (await given.rowsAfter(before)).map((row) => row.event_type);
  expect(types).toEqual(["orchestrator.session.cancelled"]);
});

test("an execution whose only terminal row is a pause gets the one of its end", async () => {
  await using given = await givenOrphan("stale");
  const { session_id, execution_id } = given.only;
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  const payload = { session_id, status: "paused" };
  await given.appendRow({ type: "execution.terminal", aggregate: "execution", id: String(execution_id), payload, at });
  await sweepOnly(given);
  const terminals = (await given.rows("execution", String(execution_id))).filter(
    (row) => row.event_type === "execution.terminal",
  );
  expect(terminals.map((row) => row.payload.status)).toEqual(["paused", "cancelled"]);
});

const ENDED: OrphanName[] = ["completed_late", "double_terminal", "failed"];
test.each(ENDED)("an ended session (%s) is ended, whatever came later", async (kind) => {
  await using given = await givenOrphan(kind);
  await expectUntouched(given, "ended", "ended");
});

test("a completed session with late progress stays completed", async () => {
  await using given = await givenOrphan("completed_late");
  expect((await given.sweepAll()).size).toBe(0);
  expect(await given.session(given.only.session_id)).toMatchObject({ status: "completed" });
});

const PAUSED: OrphanName[] = ["paused", "quota_paused"];
test.each(PAUSED)("a session on pause (%s) is never judged by its silence", async (kind) => {
  await using given = await givenOrphan(kind);
  await expectUntouched(given, "paused", "paused");
  expect((await given.sweepAll()).size).toBe(0);
});

const ACTIVE: OrphanName[] = ["young", "exec_active", "future"];
test.each(ACTIVE)("a session with activity within the threshold (%s) is spared", async (kind) => {
  await using given = await givenOrphan(kind);
  await expectUntouched(given, "active", "live");
});

test.each([
  ["the execution", (execution: string) => execution],
  ["one of its criteria", (execution: string) => `${execution}_ac_7`],
  ["one of its sub-criteria", (execution: string) => `${execution}_sub_ac_3_1`],
  ["a coordinator", (execution: string) => `${execution}:l2:coord`],
])("activity in the scope of %s alone protects a session", async (_name, scope) => {
  await using given = await givenOrphan("stale");
  const id = scope(String(given.only.execution_id));
  await given.appendRow({ type: "execution.tool.started", aggregate: "execution", id });
  await expectUntouched(given, "active", "live");
});

test("activity of another execution whose id merely begins alike protects nobody", async () => {
  await using given = await givenOrphan("stale");
  const id = `${given.only.execution_id}0_ac_1`;
  await given.appendRow({ type: "execution.tool.started", aggregate: "execution", id });
  expect(await sweepOnly(given)).toMatchObject({ outcome: "cancelled" });
});

test("the threshold is the policy's: what is silent for three hours is young by a threshold of four", async () => {
  const policy = { thresholdMicros: 4 * HOUR_MICROS, action: "default" } as const;
  await using given = await givenOrphan("stale", {}, policy);
  await expectUntouched(given, "active", "live");
});

test("a Python lock with a live holder protects a silent session", async () => {
  await using given = await givenOrphan("stale");
  writeLock(given.home, given.only.session_id, `${process.pid}:${Date.now() / 1000}`);
  await expectUntouched(given, "python_lock", "live");
});

test("a Python lock whose holder has ended protects nobody and is left on the disk", async () => {
  await using given = await givenOrphan("stale");
  const path = writeLock(given.home, given.only.session_id, `${deadPid()}:${Date.now() / 1000}`);
  const { outcome, verdict } = await sweepOnly(given);
  expect(outcome).toBe("cancelled");
  expect(verdict?.evidence.lock).toEqual({ state: "dead", why: "pid not there", pid: deadPid() });
  expect(await Bun.file(path).exists()).toBe(true);
});

test.each([
  ["empty", ""],
  ["123:abc", "123:abc"],
  ["an over-long pid", "99999999999999999999"],
  ["a pid out of range", "4294967296:1.5"],
  ["binary", "\u0000\u0001"],
])("an odd lock file (%s) counts as alive", async (_name, text) => {
  await using given = await givenOrphan("stale");
  writeLock(given.home, given.only.session_id, text);
  await expectUntouched(given, "python_lock", "live");
});

test("a directory in the place of a lock file counts as alive", async () => {
  await using given = await givenOrphan("stale");
  mkdirSync(join(given.home, "locks", given.only.session_id), { recursive: true });
  await expectUntouched(given, "python_lock", "live");
});

test("one odd lock file spares its own session and no other", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 4 } });
  const odd = given.truth[2]?.session_id ?? "";
  writeLock(given.home, odd, "123:abc");
  const swept = await given.sweepAll();
  for (const { session_id } of given.truth) {
    expect(swept.get(session_id)?.outcome).toBe(session_id === odd ? "spared" : "cancelled");
  }
});

const CLOSED: OrphanName[] = ["paused_resumed", "bad_row", "child_finished", "twice_started"];
test.each(CLOSED)("a dead session (%s) is closed exactly once", async (kind) => {
  await using given = await givenOrphan(kind, { orphans: { [kind]: 2 } });
  const swept = await given.sweepAll();
  for (const { session_id, execution_id } of given.truth) {
    expect(swept.get(session_id)).toMatchObject({ outcome: "cancelled", verdict: { rule: "silent" } });
    const rows = await given.rows("session", session_id);
    expect(rows.filter((row) => row.event_type === "orchestrator.session.cancelled")).toHaveLength(1);
    const execution = await given.rows("execution", String(execution_id));
    expect(execution.filter((row) => row.event_type === "execution.terminal")).toHaveLength(1);
  }
});

test("a stream without a start is closed like any other, without an execution to close", async () => {
  await using given = await givenOrphan("no_start");
  const { session_id } = given.only;
  const before = await given.rowCount();
  expect(await sweepOnly(given)).toMatchObject({ outcome: "cancelled" });
  const written = await given.rowsAfter(before);
  expect(written.map((row) => [row.aggregate_type, row.aggregate_id, row.event_type])).toEqual([
    ["session", session_id, "orchestrator.session.cancelled"],
  ]);
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", has_start: false });
});

test("a session none of whose times can be read is reported and never written", async () => {
  await using given = await givenOrphan("stale");
  const { session_id, execution_id } = given.only;
  await given.context.store.database.write([
    {
      sql: "UPDATE events SET timestamp = 'yesterday' WHERE aggregate_id IN (?, ?) OR aggregate_id GLOB ?",
      args: [session_id, execution_id, `${execution_id}_*`],
    },
  ]);
  const before = await given.rowCount();
  const { outcome, verdict } = await sweepOnly(given);
  expect([outcome, verdict?.rule, verdict?.liveness]).toEqual(["reported", "no_readable_time", "unknown"]);
  expect(await given.rowCount()).toBe(before);
});

test("policy `pause` pauses a stale session of Python's instead of cancelling it", async () => {
  await using given = await givenOrphan("stale", {}, { thresholdMicros: HOUR_MICROS, action: "pause" });
  const { session_id, execution_id } = given.only;
  const before = await given.rowCount();
  expect(await sweepOnly(given)).toMatchObject({ outcome: "paused" });
  const [session, execution, ...more] = await given.rowsAfter(before);
  expect(more).toEqual([]);
  expect(session?.event_type).toBe("orchestrator.session.paused");
  expect(session?.payload).toEqual({
    reason: "silent",
    resume_hint: `ouroboros resume ${session_id}`,
    paused_at: expect.stringMatching(ISO),
    batch_id: BATCH,
    evidence: expect.objectContaining({ rule: "silent" }),
    epoch: 1,
  });
  expect([execution?.aggregate_id, execution?.payload.status]).toEqual([execution_id, "paused"]);
});

test("policy `report` says what is stale and writes nothing", async () => {
  await using given = await givenOrphan("stale", {}, { thresholdMicros: HOUR_MICROS, action: "report" });
  const before = await given.rowCount();
  expect(await sweepOnly(given)).toMatchObject({ outcome: "reported", verdict: { liveness: "stale", rule: "silent" } });
  expect(await given.rowCount()).toBe(before);
});

test("the clean-up's time is later than every row of its session, even when this machine's clock is behind", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const store = { ...given.context.store, stamp: createStamper(() => 1_000_000) };
  await sweepSession({ ...given.context, store }, session_id, { batchId: BATCH, jobs: [] });
  const times = (await given.rows("session", session_id)).map((row) => row.at ?? 0);
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled" });
  expect(times.at(-1)).toBe(Math.max(...times.slice(0, -1)) + 1);
});

test("a session nobody knows is gone", async () => {
  await using given = await givenOrphan("young");
  const swept = await sweepSession(given.context, "orch_none", { batchId: BATCH, jobs: [] });
  expect(swept).toEqual({ session_id: "orch_none", outcome: "gone", verdict: undefined });
});
