import { expect, test } from "bun:test";
import { closeJobs } from "../../src/sessions/sweep/clean-up.ts";
import { jobStatus } from "../../src/views/job.ts";
import { type GivenStore, givenStore, HOUR_MICROS } from "../support/given-store.ts";

const signal = new AbortController().signal;

async function statuses(given: GivenStore, ids: readonly string[]): Promise<Record<string, string>> {
  const views = await Promise.all(ids.map((id) => jobStatus(given.context, id)));
  return Object.fromEntries(views.map((view, at) => [String(ids[at]), "refused" in view ? view.code : view.status]));
}

test("a clean-up records the end of every job that nobody else will end, and a reader sees no difference", async () => {
  await using given = await givenStore({ orphans: { paused: 1, young: 1 } });
  const of = (kind: string) => given.truth.find((one) => one.kind === kind)?.session_id;
  const now = Date.now() * 1000;
  const add = (id: string, type: string, payload = {}, at = now - 4 * HOUR_MICROS) =>
    given.appendRow({ type: `mcp.job.${type}`, aggregate: "job", id, payload, at });
  const session = (type: string, id: string, at = now - 3 * HOUR_MICROS) =>
    given.appendRow({ type: `orchestrator.session.${type}`, id, at });

  for (const id of ["paused", "completed", "just_completed"]) {
    await session("started", `orch_${id}`);
    await add(`job_${id}`, "created", { links: { session_id: `orch_${id}` } });
  }
  await session("paused", "orch_paused");
  await session("completed", "orch_completed");
  await session("completed", "orch_just_completed", now);
  await add("job_resuming", "created", { links: { session_id: of("paused") } }, now);
  await add("job_at_work", "created", { links: { session_id: of("young") } });
  await add("job_silent", "created");
  await add("job_active", "created", {}, now);
  await add("job_asked_to_stop", "created");
  await add("job_asked_to_stop", "updated", { status: "cancel_requested" });
  await add("job_failed", "created");
  await add("job_failed", "failed");

  const expected = {
    job_paused: "interrupted",
    job_completed: "completed",
    job_just_completed: "completed",
    job_resuming: "queued",
    job_at_work: "running",
    job_silent: "interrupted",
    job_active: "queued",
    job_asked_to_stop: "cancelled",
    job_failed: "failed",
  };
  const ids = Object.keys(expected);
  expect(await statuses(given, ids)).toEqual(expected);
  const rows = await given.rowCount();
  expect(await closeJobs(given.context, signal)).toBe(4);
  const written = (await given.rowsAfter(rows)).map((row) => [row.id, row.event_type]);
  expect(Object.fromEntries(written)).toEqual({
    "mcp-job-recovered-interrupted-job_paused": "mcp.job.interrupted",
    "mcp-job-recovered-interrupted-job_completed": "mcp.job.completed",
    "mcp-job-recovered-interrupted-job_silent": "mcp.job.interrupted",
    "mcp-job-recovered-interrupted-job_asked_to_stop": "mcp.job.cancelled",
  });
  expect(await statuses(given, ids)).toEqual(expected);
  expect(await closeJobs(given.context, signal)).toBe(0);
});
