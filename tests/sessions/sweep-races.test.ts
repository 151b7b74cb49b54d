import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeLock } from "../../scripts/make-store/write-lock.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { sweep } from "../../src/sessions/sweep/sweep.ts";
import { StoreError } from "../../src/store/engine/store-error.ts";
import { cancelRequest, readLease, renewal } from "../../src/store/session/leases.ts";
import { deadProcess, type GivenStore, givenOrphan, interfered, isTakeOver, once } from "../support/given-store.ts";

/** Sweeps while somebody acts once, right before the batch that would conclude. */
async function sweepWhile(given: GivenStore, intrude: () => unknown) {
  const act = once(intrude);
  const context = interfered(given.context, {
    beforeWrite: async (statements) => {
      if (isTakeOver(statements)) await act();
    },
  });
  const swept = (await given.sweepAll(context)).get(given.only.session_id);
  if (!swept) throw new Error("The sweep did not look at the session");
  return swept;
}

function leaseOf({ context, only }: GivenStore) {
  return readLease(context.store, only.session_id);
}

test.each([
  ["its own stream", "session", (session: string) => session],
  ["its execution's", "execution", (_: string, execution: string) => execution],
  ["a criterion's", "execution", (_: string, execution: string) => `${execution}_ac_4`],
  ["a coordinator's", "execution", (_: string, execution: string) => `${execution}:l0:coord`],
  ["its own stream below the executions", "execution", (session: string) => session],
])("a row in %s that comes between verdict and write makes the sweep change nothing", async (_name, aggregate, id) => {
  await using given = await givenOrphan("stale");
  const { session_id, execution_id } = given.only;
  const before = await given.rowCount();
  const swept = await sweepWhile(given, () =>
    given.appendRow({ type: "execution.tool.started", aggregate, id: id(session_id, String(execution_id)) }),
  );
  expect(swept).toMatchObject({ outcome: "moved_on", verdict: { sweep: "cancel" } });
  expect((await given.rowsAfter(before)).map((row) => row.event_type)).toEqual(["execution.tool.started"]);
  expect(await given.session(session_id)).toMatchObject({ status: "running" });
  expect((await leaseOf(given)).lease).toBeUndefined();
});

test("a job that is interrupted with its session stays open when the session moves on", async () => {
  await using given = await givenOrphan("stale");
  const { session_id, job_id } = given.only;
  await sweepWhile(given, () => given.appendRow({ type: "orchestrator.progress.updated", id: session_id }));
  expect((await given.rows("job", String(job_id))).at(-1)?.event_type).toBe("mcp.job.updated");
});

test("a job that ends between verdict and write is not interrupted after its end", async () => {
  await using given = await givenOrphan("stale");
  const { job_id } = given.only;
  const swept = await sweepWhile(given, () =>
    given.appendRow({ type: "mcp.job.completed", aggregate: "job", id: String(job_id) }),
  );
  expect(swept.outcome).toBe("cancelled");
  expect((await given.rows("job", String(job_id))).at(-1)?.event_type).toBe("mcp.job.completed");
});

test("a terminal that somebody else writes first wins, also on a v0.51 file", async () => {
  await using given = await givenOrphan("stale", { generation: "v51" });
  const { session_id } = given.only;
  const swept = await sweepWhile(given, () =>
    given.appendRow({ type: "orchestrator.session.completed", id: session_id, payload: { summary: {} } }),
  );
  expect(swept.outcome).toBe("moved_on");
  expect(await given.session(session_id)).toMatchObject({ status: "completed" });
  expect(await given.sql("SELECT * FROM session_terminal_guards")).toEqual([]);
});

test("a renewal between verdict and write makes the sweep change nothing", async () => {
  await using given = await givenOrphan("young");
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess(), { ttlSeconds: -5 });
  const before = await given.rowCount();
  const swept = await sweepWhile(given, async () => {
    const { lease } = await leaseOf(given);
    await given.context.store.database.write([renewal(session_id, lease?.epoch ?? 0, lease?.ownerId ?? "", 30)]);
  });
  expect(swept).toMatchObject({ outcome: "moved_on", verdict: { rule: "owner_died" } });
  expect(await given.rowCount()).toBe(before);
  const { lease, now } = await leaseOf(given);
  expect(lease).toMatchObject({ epoch: 1, purpose: "run" });
  expect(lease?.expiresAt).toBeGreaterThan(now);
});

test("a claim between verdict and write makes the sweep change nothing", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const before = await given.rowCount();
  const swept = await sweepWhile(given, () => given.lease(session_id, ownIdentity()));
  expect(swept.outcome).toBe("moved_on");
  expect(await given.rowCount()).toBe(before);
  expect((await leaseOf(given)).lease).toMatchObject({ epoch: 1, purpose: "run" });
});

test("an owner that came and let go again between verdict and write makes the sweep change nothing", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess(), { ttlSeconds: null });
  const before = await given.rowCount();
  const swept = await sweepWhile(given, () => given.lease(session_id, ownIdentity(), { ttlSeconds: null }));
  expect(swept.outcome).toBe("moved_on");
  expect(await given.rowCount()).toBe(before);
  expect((await leaseOf(given)).lease).toMatchObject({ epoch: 2, purpose: "run", expiresAt: null });
});

test("a cancel request between verdict and write is not paused over; the next sweep carries it out", async () => {
  await using given = await givenOrphan("young");
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess());
  const before = await given.rowCount();
  const swept = await sweepWhile(given, () =>
    given.context.store.database.write([cancelRequest(session_id, 1, "mika", "wrong seed")]),
  );
  expect(swept).toMatchObject({ outcome: "moved_on", verdict: { sweep: "pause" } });
  expect(await given.rowCount()).toBe(before);
  expect((await given.sweepAll()).get(session_id)?.outcome).toBe("cancelled");
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", status_by: "mika" });
});

test("of a person and a sweep that cancel at once, the person wins and the session has one end", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const swept = await sweepWhile(given, () =>
    cancelExecution(given.context, { id: session_id, reason: "enough", by: "mika" }),
  );
  expect(swept.outcome).toBe("moved_on");
  const ends = (await given.rows("session", session_id)).filter(
    (row) => row.event_type === "orchestrator.session.cancelled",
  );
  expect(ends.map((row) => row.payload.cancelled_by)).toEqual(["mika"]);
});

test("of two sweeps of one orphan, exactly one writes", async () => {
  await using given = await givenOrphan("stale");
  const inner: (string | undefined)[] = [];
  const outer = await sweepWhile(given, async () => {
    inner.push((await given.sweepAll()).get(given.only.session_id)?.outcome);
  });
  expect([...inner, outer.outcome]).toEqual(["cancelled", "moved_on"]);
  const rows = await given.rows("session", given.only.session_id);
  expect(rows.filter((row) => row.event_type === "orchestrator.session.cancelled")).toHaveLength(1);
});

/** Sweeps while Python takes its lock at this side of the commit. */
async function sweepWithLock(given: GivenStore, side: "beforeWrite" | "afterWrite", more?: () => unknown) {
  const { session_id } = given.only;
  const lock = once(() => writeLock(given.home, session_id, `${process.pid}:${Date.now() / 1000}`));
  const next = once(async () => await more?.());
  let takeOvers = 0;
  const context = interfered(given.context, {
    beforeWrite: async (statements) => {
      if (!isTakeOver(statements)) return;
      takeOvers++;
      if (side === "beforeWrite") await lock();
      if (takeOvers === 2) await next();
    },
    afterWrite: async (statements) => {
      if (side === "afterWrite" && isTakeOver(statements)) await lock();
    },
  });
  return (await given.sweepAll(context)).get(session_id);
}

test.each(["beforeWrite", "afterWrite"] as const)(
  "a Python lock that appears around the commit (%s) gets its session back at once",
  async (side) => {
    await using given = await givenOrphan("stale");
    const { session_id } = given.only;
    const before = await given.rowCount();
    expect((await sweepWithLock(given, side))?.outcome).toBe("reopened");
    const own = (await given.rowsAfter(before)).filter((row) => row.aggregate_id === session_id);
    const [cancelled, reopened, ...more] = own;
    expect(more).toEqual([]);
    expect(cancelled?.event_type).toBe("orchestrator.session.cancelled");
    expect(reopened?.event_type).toBe("orchestrator.session.reopened");
    expect(reopened?.payload).toEqual({
      reopens: cancelled?.id,
      by: "ouroboros",
      reason: "a Python lock appeared while it was being cleaned up",
      reopened_at: expect.any(String),
      epoch: 2,
    });
    expect(await given.session(session_id)).toMatchObject({ status: "paused" });

    await given.appendRow({
      type: "orchestrator.progress.updated",
      id: session_id,
      payload: { progress: { runtime_status: "running" } },
    });
    expect(await given.session(session_id)).toMatchObject({ status: "running" });
  },
);

test("a session whose new Python holder is writing already is reopened all the same", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const progress = { type: "orchestrator.progress.updated", id: session_id, payload: { runtime_status: "running" } };
  const swept = await sweepWithLock(given, "afterWrite", () => given.appendRow(progress));
  expect(swept?.outcome).toBe("reopened");
  const types = (await given.rows("session", session_id)).slice(-3).map((row) => row.event_type);
  expect(types).toEqual([
    "orchestrator.session.cancelled",
    "orchestrator.progress.updated",
    "orchestrator.session.reopened",
  ]);
});

test("a lock that appears over a person's cancellation does not bring the session back", async () => {
  await using given = await givenOrphan("young");
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess());
  await given.context.store.database.write([cancelRequest(session_id, 1, "mika", "wrong seed")]);
  expect((await sweepWithLock(given, "afterWrite"))?.outcome).toBe("cancelled");
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", status_by: "mika" });
});

test("a lock that appears over a pause leaves it a pause, which the run's next progress ends", async () => {
  await using given = await givenOrphan("young");
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess());
  expect((await sweepWithLock(given, "afterWrite"))?.outcome).toBe("paused");
  rmSync(join(given.home, "locks", session_id));
  expect(await given.session(session_id)).toMatchObject({ status: "paused", reason: "owner_died" });
});

test("a sweep is aborted between two verdicts and says where it stopped", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 6 } });
  const stop = new AbortController();
  let takeOvers = 0;
  const context = interfered(given.context, {
    afterWrite: async (statements) => {
      if (isTakeOver(statements) && ++takeOvers === 2) stop.abort();
    },
  });
  const bounds = {
    batchId: "batch_1",
    leases: "not_live" as const,
    maxSessions: 50,
    maxMs: 60_000,
    signal: stop.signal,
  };
  const first = await sweep(context, { ...bounds, after: "" });
  expect(first.swept.map((one) => one.outcome)).toEqual(["cancelled", "cancelled"]);
  const rest = await sweep(given.context, { ...bounds, signal: new AbortController().signal, after: first.next ?? "" });
  expect([rest.swept.length, rest.next]).toEqual([4, undefined]);
});

test("a sweep that fails in the middle tells what it wrote, and fails again only if the trouble stays", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 4 } });
  let takeOvers = 0;
  let broken = true;
  const context = interfered(given.context, {
    beforeWrite: async (statements) => {
      if (isTakeOver(statements) && ++takeOvers > 2 && broken) throw new StoreError("store_full", "the disk is full");
    },
  });
  const bounds = { batchId: "batch_1", leases: "not_live" as const, maxSessions: 50, maxMs: 60_000 };
  const { signal } = new AbortController();
  const first = await sweep(context, { ...bounds, signal, after: "" });
  expect(first.swept.map((one) => one.outcome)).toEqual(["cancelled", "cancelled"]);
  expect(first.next).toBe(first.swept[1]?.session_id ?? "");
  const next = { ...bounds, signal, after: first.next ?? "" };
  await expect(sweep(context, next)).rejects.toThrow("the disk is full");
  broken = false;
  expect((await sweep(context, next)).swept.map((one) => one.outcome)).toEqual(["cancelled", "cancelled"]);
});

test("a sweep whose time is over before it has read anything still gets one session further", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 2 } });
  const bounds = { batchId: "batch_1", leases: "not_live" as const, maxSessions: 50, maxMs: 0, after: "" };
  const { swept, next } = await sweep(given.context, { ...bounds, signal: new AbortController().signal });
  expect(swept).toHaveLength(1);
  expect(next).toBe(swept[0]?.session_id);
});

test("a bounded sweep stops at its number of sessions and goes on after them", async () => {
  await using given = await givenOrphan("stale", { orphans: { stale: 7, young: 2 } });
  const seen: string[] = [];
  let after: string | undefined = "";
  let rounds = 0;
  while (after !== undefined) {
    const bounds = { batchId: "batch_1", leases: "not_live" as const, maxSessions: 4, maxMs: 60_000, after };
    const result = await sweep(given.context, { ...bounds, signal: new AbortController().signal });
    seen.push(...result.swept.map((one) => one.session_id));
    after = result.next;
    rounds++;
  }
  expect(rounds).toBe(3);
  expect(seen).toEqual(given.truth.map((one) => one.session_id).toSorted());
});
