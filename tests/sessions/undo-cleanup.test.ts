import { expect, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { undoCleanup } from "../../src/sessions/sweep/undo-cleanup.ts";
import { deadProcess, type GivenStore, givenOrphan, givenStore, interfered, once } from "../support/given-store.ts";

const CANCELLED = "orchestrator.session.cancelled";
const REOPENED = "orchestrator.session.reopened";

/** Undoes and insists on an answer. */
async function undo({ context }: Pick<GivenStore, "context">, batch?: string) {
  const undone = await undoCleanup(context, batch);
  if (isRefusal(undone)) throw new Error(`The undo was refused: ${undone.message}`);
  return undone;
}

async function batchOf(given: GivenStore, id: string): Promise<string> {
  return String((await given.session(id)).batch_id);
}

function ids(given: GivenStore): string[] {
  return given.truth.map((one) => one.session_id).toSorted();
}

test("an undo brings a batch's sessions back as paused, each with the exact event that voids its cancellation", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 3 } });
  await given.sweepAll();
  const batch = await batchOf(given, given.truth[0]?.session_id ?? "");
  const cancelled = new Map(
    (await given.rowsAfter(0)).filter((row) => row.event_type === CANCELLED).map((row) => [row.aggregate_id, row.id]),
  );
  const before = await given.rowCount();

  const undone = await undo(given, batch);

  expect(undone).toMatchObject({ batch_id: batch, left: [] });
  expect(undone.restored.toSorted()).toEqual(ids(given));
  const written = await given.rowsAfter(before);
  expect(written.map((row) => [row.aggregate_type, row.event_type])).toEqual(Array(3).fill(["session", REOPENED]));
  for (const row of written) {
    expect(row.payload).toEqual({
      reopens: cancelled.get(row.aggregate_id),
      by: "ouroboros",
      reason: `clean-up ${batch} undone`,
      reopened_at: expect.any(String),
      epoch: 2,
    });
    expect(await given.session(row.aggregate_id)).toMatchObject({
      status: "paused",
      status_event_id: row.id,
      status_by: "ouroboros",
      batch_id: null,
      epoch: 2,
    });
  }
});

test("a session brought back is not swept again", async () => {
  await using given = await givenOrphan("stale");
  await given.sweepAll();
  await undo(given);
  const before = await given.rowCount();
  expect((await given.sweepAll()).size).toBe(0);
  expect(await given.rowCount()).toBe(before);
});

test("a session brought back ends with its own later completion, and the second undo leaves it", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.sweepAll();
  await undo(given);
  await given.appendRow({ type: "orchestrator.session.completed", id: session_id, payload: { summary: {} } });
  expect(await given.session(session_id)).toMatchObject({ status: "completed" });
  expect(await undo(given)).toMatchObject({ restored: [], left: [{ session_id, status: "completed" }] });
  expect(await given.session(session_id)).toMatchObject({ status: "completed" });
});

test("a v0.51 file keeps its guard row when a cancellation is voided", async () => {
  await using given = await givenOrphan("stale", { generation: "v51" });
  await given.sweepAll();
  const guards = await given.sql("SELECT * FROM session_terminal_guards");
  await undo(given);
  expect(guards).toHaveLength(1);
  expect(await given.sql("SELECT * FROM session_terminal_guards")).toEqual(guards);
});

test("an undo done twice changes nothing the second time and lists what it left", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 2 } });
  await given.sweepAll();
  const { batch_id } = await undo(given);
  const before = await given.rowCount();
  const again = await undo(given, batch_id);
  expect(again.restored).toEqual([]);
  expect(again.left.map((one) => one.session_id).toSorted()).toEqual(ids(given));
  expect(new Set(again.left.map(({ status, why }) => `${status}: ${why}`))).toEqual(
    new Set(["paused: it has moved on since"]),
  );
  expect(await given.rowCount()).toBe(before);
});

test("without a name the latest batch is undone, and no earlier one", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.sweepAll();
  const first = await batchOf(given, session_id);
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  const later = "orch_eeeeeeeeeeee";
  const payload = { execution_id: "exec_eeeeeeeeeeee", seed_id: "seed_1" };
  await given.appendRow({ type: "orchestrator.session.started", id: later, payload, at });
  await given.sweepAll();
  const second = await batchOf(given, later);
  expect(second).not.toBe(first);
  expect(await undo(given)).toEqual({ batch_id: second, restored: [later], left: [] });
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", batch_id: first });
  expect(await undo(given, first)).toEqual({ batch_id: first, restored: [session_id], left: [] });
});

test("a cancellation that merely mentions a batch is none of it", async () => {
  await using given = await givenStore({ orphans: { stale: 1, young: 1 } });
  const stale = given.truth.find((one) => one.kind === "stale")?.session_id ?? "";
  const young = given.truth.find((one) => one.kind === "young")?.session_id ?? "";
  await given.sweepAll();
  const batch = await batchOf(given, stale);
  await given.appendRow({
    type: CANCELLED,
    id: young,
    payload: { reason: `like ${batch}`, cancelled_by: "auto_cleanup", batch_id: `${batch}0` },
  });
  expect(await undo(given, batch)).toEqual({ batch_id: batch, restored: [stale], left: [] });
  expect(await given.session(young)).toMatchObject({ status: "cancelled" });
});

test("there is nothing to undo in a store that was never cleaned up, nor under a name nobody gave", async () => {
  await using given = await givenStore({ orphans: { young: 1, double_terminal: 1 } });
  expect(await undoCleanup(given.context)).toMatchObject({ refused: true, code: "no_batch" });
  expect(await undoCleanup(given.context, "batch_none")).toMatchObject({ refused: true, code: "unknown_batch" });
});

test("a person's cancellation is never undone, neither a plain one nor one that a sweep carried out", async () => {
  await using given = await givenStore({ orphans: { stale: 1, young: 1 } });
  const stale = given.truth.find((one) => one.kind === "stale")?.session_id ?? "";
  const young = given.truth.find((one) => one.kind === "young")?.session_id ?? "";
  await given.lease(young, deadProcess());
  await given.context.store.database.write([
    {
      sql: "UPDATE ouro_lease SET cancel_requested_at = 1, cancel_requested_by = 'mika', cancel_reason = 'no' WHERE session_id = ?",
      args: [young],
    },
  ]);
  await given.sweepAll();
  expect(await undo(given)).toMatchObject({
    restored: [stale],
    left: [{ session_id: young, status: "cancelled", why: "a person's cancellation is final" }],
  });
  await cancelExecution(given.context, { id: stale, reason: "enough", by: "mika" });
  const again = await undo(given);
  expect(again.restored).toEqual([]);
  for (const id of [stale, young]) {
    expect(await given.session(id)).toMatchObject({ status: "cancelled", status_by: "mika" });
  }
});

test("the duplicate cancellations that v0.27 appends do not hide ours, nor keep it from being voided", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.sweepAll();
  for (const _ of [1, 2]) {
    await given.appendRow({
      type: CANCELLED,
      id: session_id,
      payload: { reason: "Auto-cancelled on startup", cancelled_by: "auto_cleanup" },
    });
  }
  expect(await undo(given)).toMatchObject({ restored: [session_id], left: [] });
  expect(await given.session(session_id)).toMatchObject({ status: "paused" });
});

test("a v0.27 cancellation that was there first stands when ours is undone by its batch", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  for (const _ of [1, 2]) {
    await given.appendRow({ type: CANCELLED, id: session_id, payload: { cancelled_by: "auto_cleanup" }, at });
  }
  expect((await given.sweepAll()).size).toBe(0);
  await given.appendRow({ type: CANCELLED, id: session_id, payload: { cancelled_by: "auto_cleanup", batch_id: "b1" } });
  expect(await undo(given, "b1")).toMatchObject({ restored: [], left: [{ session_id, status: "cancelled" }] });
});

test("a batch restores the sessions that still stand and lists those that moved on", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 3 } });
  await given.sweepAll();
  const [first = "", second = "", third = ""] = ids(given);
  const terminal = (await given.session(second)).status_event_id;
  await given.appendRow({ type: REOPENED, id: second, payload: { reopens: terminal, by: "mika" } });
  await given.appendRow({ type: "orchestrator.session.claimed", id: second, payload: { epoch: 3 } });
  const undone = await undo(given);
  expect(undone.restored.toSorted()).toEqual([first, third]);
  expect(undone.left).toEqual([{ session_id: second, status: "running", why: "it has moved on since" }]);
});

test("an undo voids the cancellation of its batch and no end that came in its place meanwhile", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.sweepAll();
  const terminal = (await given.session(session_id)).status_event_id;
  const failAgain = once(async () => {
    await given.appendRow({ type: REOPENED, id: session_id, payload: { reopens: terminal, by: "mika" } });
    await given.appendRow({ type: "orchestrator.session.failed", id: session_id, payload: { error: "no luck" } });
  });
  let reads = 0;
  const context = interfered(given.context, {
    beforeRead: async (statements) => {
      // The second time the session is loaded is the look that the write rests on.
      if (statements.some(({ sql }) => sql.includes("INTERSECT")) && ++reads === 2) await failAgain();
    },
  });
  expect(await undo({ context })).toMatchObject({ restored: [], left: [{ session_id }] });
  expect(await given.session(session_id)).toMatchObject({ status: "failed", reason: "no luck" });
});

test("a row that comes between look and write does not keep an undo from succeeding", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.sweepAll();
  const intrude = once(() => given.appendRow({ type: "orchestrator.progress.updated", id: session_id }));
  const context = interfered(given.context, { beforeWrite: intrude });
  expect(await undo({ context })).toMatchObject({ restored: [session_id], left: [] });
});
