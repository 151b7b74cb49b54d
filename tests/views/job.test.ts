import { describe, expect, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { cancelJob } from "../../src/sessions/jobs/cancel-job.ts";
import { closeJob } from "../../src/sessions/jobs/close-job.ts";
import { type JobView, jobStatus, listJobs } from "../../src/views/job.ts";
import { type JobResultView, jobResult } from "../../src/views/job-result.ts";
import { deadPid, deadProcess, type GivenStore, givenOrphan, givenStore, HOUR_MICROS } from "../support/given-store.ts";

const now = () => Date.now() * 1000;
const own = ownIdentity();
const hasTicks = own.start_ticks !== null;

async function statusOf(given: GivenStore, id: string | null): Promise<JobView> {
  const view = await jobStatus(given.context, String(id));
  if (isRefusal(view)) throw new Error(view.message);
  return view;
}

async function resultOf(given: GivenStore, id: string | null): Promise<JobResultView> {
  const view = await jobResult(given.context, String(id));
  if (isRefusal(view)) throw new Error(view.message);
  return view;
}

function appendJob(
  given: GivenStore,
  type: string,
  payload: Record<string, unknown> = {},
  { id = "job_1", ageMicros = 0 } = {},
) {
  return given.appendRow({ type: `mcp.job.${type}`, aggregate: "job", id, payload, at: now() - ageMicros });
}

/** An owner as v0.51 records it. */
function recordedOwner(changes: Record<string, unknown> = {}) {
  const identity = {
    version: 1,
    platform: "linux",
    pid: own.pid,
    boot_id: own.boot,
    start_ticks: Number(own.start_ticks),
  };
  return { owner_pid: own.pid, owner_identity: { ...identity, ...changes } };
}

describe("a job that Python left open", () => {
  test("is interrupted when its session is stale, says how to go on, and nothing is written for it", async () => {
    await using given = await givenOrphan("stale");
    const { job_id, session_id, execution_id } = given.only;
    const rows = await given.rowCount();
    expect(await statusOf(given, job_id)).toMatchObject({
      status: "interrupted",
      is_terminal: true,
      result_available: true,
      session_id,
      execution_id,
      job_type: "execute_seed",
      note: expect.stringContaining("no activity in any scope"),
      next: expect.stringContaining(`ouroboros_resume_session {session_id: "${session_id}"}`),
      ac_completed: expect.any(Number),
      current_phase: "Deliver",
    });
    expect(await given.rowCount()).toBe(rows);
  });

  test("follows what its session comes to: live, asked to stop, ended, before and after it is recorded", async () => {
    await using given = await givenOrphan("young");
    const { session_id } = given.only;
    const links = { session_id, execution_id: null, lineage_id: null };
    await appendJob(given, "created", { status: "queued", job_type: "execute_seed", links });
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "running", note: null });

    await given.lease(session_id, own);
    await given.sql("UPDATE ouro_lease SET cancel_requested_at = 1, cancel_requested_by = 'ada' WHERE session_id = ?", [
      session_id,
    ]);
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "cancel_requested", is_terminal: false });
    await given.sql("DELETE FROM ouro_lease");

    await given.lease(session_id, deadProcess());
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "interrupted", is_terminal: true });
    await given.sql("DELETE FROM ouro_lease");

    const at = now() - 5 * 60e6;
    await given.appendRow({ type: "orchestrator.session.completed", id: session_id, payload: { summary: {} }, at });
    const derived = await statusOf(given, "job_1");
    expect(derived).toMatchObject({ status: "completed", note: "its session is completed" });
    await given.sql("UPDATE events SET timestamp = '2020-01-01 00:00:00.000000' WHERE aggregate_id = 'job_1'");
    expect(await closeJob(given.context, "job_1")).toBe(true);
    expect(await closeJob(given.context, "job_1")).toBe(false);
    const [, end, ...more] = await given.rows("job", "job_1");
    expect(more).toEqual([]);
    expect(end).toMatchObject({ id: "mcp-job-recovered-interrupted-job_1", event_type: "mcp.job.completed" });
    expect((await statusOf(given, "job_1")).status).toBe("completed");
  });

  test("is left to its server for a moment after its session's end: that writes the result", async () => {
    await using given = await givenOrphan("young");
    const { session_id } = given.only;
    await appendJob(given, "created", { links: { session_id } });
    await given.appendRow({ type: "orchestrator.session.completed", id: session_id });
    expect((await statusOf(given, "job_1")).status).toBe("completed");
    expect(await closeJob(given.context, "job_1")).toBe(false);
  });

  test("is found by its execution where it names no session", async () => {
    await using given = await givenOrphan("paused");
    const { session_id, execution_id } = given.only;
    await appendJob(given, "created", { links: { execution_id } });
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "queued", session_id, execution_id });
    await given.appendRow({
      type: "orchestrator.progress.updated",
      id: session_id,
      payload: { runtime_status: "running" },
    });
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "running" });
    await given.appendRow({ type: "orchestrator.session.paused", id: session_id, payload: { reason: "quota" } });
    expect(await statusOf(given, "job_1")).toMatchObject({
      status: "interrupted",
      note: "its session is paused: quota",
    });
    expect(await closeJob(given.context, "job_1")).toBe(true);
    expect((await given.rows("job", "job_1")).at(-1)?.event_type).toBe("mcp.job.interrupted");
  });
});

type OwnerCase = [name: string, owner: Record<string, unknown>, ageMicros: number, status: string, closes: boolean];

describe("a job of no session", () => {
  const otherTicks = { start_ticks: 1 };
  const living: OwnerCase[] = hasTicks
    ? [["of an owner that lives, silent", recordedOwner(), 5 * HOUR_MICROS, "running", false]]
    : [];
  test.each<OwnerCase>([
    ["of an owner nobody knows, active", {}, 0, "running", false],
    ["of an owner nobody knows, silent", {}, 2 * HOUR_MICROS, "interrupted", true],
    ...living,
    ["of a pid that is another process by now, active", recordedOwner(otherTicks), 0, "running", false],
    [
      "of a pid that is another process by now, silent",
      recordedOwner(otherTicks),
      2 * HOUR_MICROS,
      "interrupted",
      true,
    ],
    ["of a pid that is gone, but perhaps only from here", recordedOwner({ pid: deadPid() }), 0, "running", false],
    ["of a pid that is gone, silent", recordedOwner({ pid: deadPid() }), 2 * HOUR_MICROS, "interrupted", true],
    ["of another boot, active", recordedOwner({ boot_id: "another" }), 0, "running", false],
    ["of another boot, silent", recordedOwner({ boot_id: "another" }), 2 * HOUR_MICROS, "interrupted", true],
    ["of a pid that is none, active", recordedOwner({ pid: -1 }), 0, "running", false],
    [
      "of a process that is proved gone: machine, boot and namespace are ours",
      recordedOwner({ pid: deadPid(), start_ticks: 1, machine: "m", pid_namespace: "n" }),
      0,
      "interrupted",
      true,
    ],
  ])("%s", async (_, owner, ageMicros, status, closes) => {
    await using given = await givenStore();
    const context = { ...given.context, identity: { ...own, machine: "m", pid_namespace: "n" } };
    await appendJob(given, "created", { job_type: "evolve_step", status: "queued", ...owner }, { ageMicros });
    await appendJob(given, "updated", { status: "running", message: "Running" }, { ageMicros });
    const rows = await given.rowCount();
    expect(await jobStatus(context, "job_1")).toMatchObject({ status, session_id: null });
    expect(await given.rowCount()).toBe(rows);
    expect(await closeJob(context, "job_1")).toBe(closes);
    expect(await given.rowCount()).toBe(rows + (closes ? 1 : 0));
    expect(await jobStatus(context, "job_1")).toMatchObject({ status });
  });

  test("is not silent while its lineage or its execution is written to", async () => {
    await using given = await givenStore();
    const old = { ageMicros: 3 * HOUR_MICROS };
    await appendJob(given, "created", { links: { lineage_id: "lin_1" } }, old);
    await appendJob(given, "created", { links: { execution_id: "exec_9" } }, { ...old, id: "job_2" });
    expect((await statusOf(given, "job_1")).status).toBe("interrupted");
    await given.appendRow({ type: "lineage.generation.phase_changed", aggregate: "lineage", id: "lin_1" });
    await given.appendRow({ type: "execution.ac.heartbeat", aggregate: "execution", id: "exec_9_ac_0" });
    expect((await statusOf(given, "job_1")).status).toBe("queued");
    expect((await statusOf(given, "job_2")).status).toBe("queued");
  });
});

describe("a job's result", () => {
  test("is its own text, cut where it is longer than anybody reads", async () => {
    await using given = await givenStore();
    await appendJob(given, "created");
    await appendJob(given, "completed", { result_text: "x".repeat(30_000), result_meta: { passed: true } });
    const view = await resultOf(given, "job_1");
    expect(view).toMatchObject({ status: "completed", is_error: false, result_meta: { passed: true } });
    expect(view.result_text).toHaveLength(20_000 + "\n[cut here: the first 20000 of 30000 characters]".length);
  });

  test("is its error, and an error, when it failed", async () => {
    await using given = await givenStore();
    await appendJob(given, "created");
    await appendJob(given, "failed", { error: "Agent process ended", message: "Job failed" });
    expect(await resultOf(given, "job_1")).toMatchObject({ result_text: "Agent process ended", is_error: true });
  });

  test("is made of its session where nobody recorded one", async () => {
    await using given = await givenOrphan("stale");
    const { job_id, session_id } = given.only;
    const { result_text, is_error } = await resultOf(given, job_id);
    expect(is_error).toBe(true);
    expect(result_text).toStartWith(`Session ${session_id}: running (stale: `);
    expect(result_text).toMatch(/\nCriteria: 1 of \d+ done\n- \[completed\] /);
  });

  test("is not there while it is under way, and that is no error", async () => {
    await using given = await givenStore();
    await appendJob(given, "created");
    expect(await resultOf(given, "job_1")).toMatchObject({
      result_available: false,
      result_text: null,
      is_error: false,
      next: expect.stringContaining("ouroboros_job_wait"),
    });
  });
});

describe("cancelling", () => {
  const request = { jobId: "job_1", reason: "no need", by: "user" };

  test("ends the session the job runs, and the job with it", async () => {
    await using given = await givenOrphan("young");
    const { session_id } = given.only;
    await appendJob(given, "created", { links: { session_id } });
    expect(await cancelJob(given.context, request)).toMatchObject({ outcome: "cancelled" });
    expect(await given.session(session_id)).toMatchObject({
      status: "cancelled",
      status_by: "user",
      reason: "no need",
    });
    expect((await statusOf(given, "job_1")).status).toBe("cancelled");
    const rows = await given.rowCount();
    expect(await cancelJob(given.context, request)).toMatchObject({ outcome: "already_ended" });
    expect(await given.rowCount()).toBe(rows);
  });

  test("asks the owner of a job without a session, once", async () => {
    await using given = await givenStore();
    await appendJob(given, "created");
    expect(await cancelJob(given.context, request)).toMatchObject({ outcome: "cancel_requested" });
    expect(await cancelJob(given.context, request)).toMatchObject({ outcome: "cancel_requested" });
    const [, asked, ...more] = await given.rows("job", "job_1");
    expect(more).toEqual([]);
    expect(asked).toMatchObject({
      event_type: "mcp.job.updated",
      payload: { status: "cancel_requested", message: "no need", cancelled_by: "user" },
    });
    expect(await statusOf(given, "job_1")).toMatchObject({ status: "cancel_requested", is_terminal: false });
  });

  test("records the end itself where the owner is gone", async () => {
    await using given = await givenStore();
    await appendJob(given, "created", recordedOwner({ pid: deadPid() }), { ageMicros: 2 * HOUR_MICROS });
    expect(await cancelJob(given.context, request)).toMatchObject({ outcome: "cancelled" });
    expect((await given.rows("job", "job_1")).map((row) => row.event_type)).toEqual([
      "mcp.job.created",
      "mcp.job.cancelled",
    ]);
    expect((await statusOf(given, "job_1")).status).toBe("cancelled");
  });

  test("leaves a job that has ended as it is, and refuses only an id that names none", async () => {
    await using given = await givenStore();
    await appendJob(given, "created");
    await appendJob(given, "completed");
    const rows = await given.rowCount();
    expect(await cancelJob(given.context, request)).toMatchObject({
      outcome: "already_ended",
      note: "nothing to cancel: it is already completed",
    });
    expect(await cancelJob(given.context, { ...request, jobId: "job_9" })).toMatchObject({
      refused: true,
      code: "job_handle_not_found",
    });
    expect(await given.rowCount()).toBe(rows);
  });
});

test("jobs are listed newest first, a page at a time, without gap or repetition", async () => {
  await using given = await givenStore({ events: 400, sessions: 4 });
  for (const id of ["job_a", "job_b", "job_c"]) await appendJob(given, "created", {}, { id });
  const whole = await listJobs(given.context, { limit: 100, cursor: undefined });
  expect(whole.cursor).toBeNull();
  expect(whole.jobs.slice(0, 3).map((job) => job.job_id)).toEqual(["job_c", "job_b", "job_a"]);
  expect(whole.jobs.length).toBeGreaterThan(3);
  expect(new Set(whole.jobs.slice(3).map((job) => job.is_terminal))).toEqual(new Set([true]));
  const paged: string[] = [];
  for (let cursor: number | undefined | null; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof listJobs>> = await listJobs(given.context, { limit: 2, cursor });
    paged.push(...page.jobs.map((job) => job.job_id));
    cursor = page.cursor;
  }
  expect(paged).toEqual(whole.jobs.map((job) => job.job_id));
});
