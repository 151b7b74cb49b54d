import { expect, test } from "bun:test";
import { writeLock } from "../../scripts/make-store/write-lock.ts";
import { newId } from "../../src/base/ids.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { undoCleanup } from "../../src/sessions/sweep/undo-cleanup.ts";
import { seenOf } from "../../src/store/session/conclude-session.ts";
import { readLease, release, takeOver } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { deadPid, deadProcess, type GivenStore, givenOrphan, HOUR_MICROS } from "../support/given-store.ts";

const own = ownIdentity();

async function sweepOnly(given: GivenStore) {
  const swept = (await given.sweepAll()).get(given.only.session_id);
  if (!swept) throw new Error("The sweep did not look at the session");
  return swept;
}

async function leaseOf(given: GivenStore) {
  return (await readLease(given.context.store, given.only.session_id)).lease;
}

/** Asks for the end of the run in a person's name, as the tool does while the owner lives. */
async function requestCancel(given: GivenStore): Promise<void> {
  await given.context.store.database.write([
    {
      sql: "UPDATE ouro_lease SET cancel_requested_at = unixepoch('subsec'), cancel_requested_by = 'mika', cancel_reason = 'wrong seed' WHERE session_id = ?",
      args: [given.only.session_id],
    },
  ]);
}

async function expectUnwritten(given: GivenStore, expected: { outcome: string; liveness: string; rule: string }) {
  const before = await given.rowCount();
  const lease = await leaseOf(given);
  const { outcome, verdict } = await sweepOnly(given);
  expect({ outcome, liveness: verdict?.liveness, rule: verdict?.rule }).toEqual({ ...expected } as never);
  expect(await given.rowCount()).toBe(before);
  expect(await leaseOf(given)).toEqual(lease);
}

test.each([
  ["has ended", deadProcess(), "pid not there"],
  ["ran before another boot", { ...own, boot: "11111111-0000-0000-0000-000000000000" }, "another boot"],
  ["had the pid of another process now", { ...own, start_ticks: "1" }, "pid reused"],
])(
  "a run whose owner %s is paused at once and can be resumed, although its lease is live",
  async (_name, owner, why) => {
    await using given = await givenOrphan("young");
    const { session_id, execution_id } = given.only;
    await given.lease(session_id, owner, { ttlSeconds: 3600 });
    const before = await given.rowCount();

    const { outcome, verdict } = await sweepOnly(given);

    expect([outcome, verdict?.liveness, verdict?.rule]).toEqual(["paused", "stale", "owner_died"]);
    const [session, execution, ...more] = await given.rowsAfter(before);
    expect(more).toEqual([]);
    expect(session).toMatchObject({
      aggregate_type: "session",
      aggregate_id: session_id,
      event_type: "orchestrator.session.paused",
    });
    expect(session?.payload).toEqual({
      reason: "owner_died",
      resume_hint: `ouroboros resume ${session_id}`,
      paused_at: expect.any(String),
      batch_id: expect.stringMatching(/^batch_[0-9a-f]{12}$/),
      evidence: expect.objectContaining({
        rule: "owner_died",
        why: `its owner is dead: ${why}`,
        lease: { epoch: 1, expires_at: expect.any(Number), owner: "dead", why },
      }),
      epoch: 2,
    });
    expect(execution).toMatchObject({ aggregate_id: execution_id, event_type: "execution.terminal" });
    expect(execution?.payload).toMatchObject({ session_id, status: "paused" });
    expect(await given.session(session_id)).toMatchObject({ status: "paused", reason: "owner_died", epoch: 2 });
    expect(await leaseOf(given)).toMatchObject({
      epoch: 2,
      purpose: "sweep",
      expiresAt: null,
      cancelRequestedBy: null,
    });

    const facts = await readFacts(given.context.store, session_id);
    if (!facts) throw new Error("The session is gone");
    const claimer = {
      ownerId: newId(),
      purpose: "run",
      identity: own,
      ttlSeconds: 30,
      overCancelRequest: false,
    } as const;
    const [claimed] = await given.context.store.database.write([takeOver(seenOf(facts), claimer)]);
    expect(claimed?.rowsAffected).toBe(1);
  },
);

test("a paused run of a dead owner gets no terminal guard row on a v0.51 file", async () => {
  await using given = await givenOrphan("young", { generation: "v51" });
  await given.lease(given.only.session_id, deadProcess());
  expect((await sweepOnly(given)).outcome).toBe("paused");
  expect(await given.sql("SELECT * FROM session_terminal_guards")).toEqual([]);
});

test("a live lease protects a run, however silent it is", async () => {
  await using given = await givenOrphan("stale");
  await given.lease(given.only.session_id, own);
  await expectUnwritten(given, { outcome: "spared", liveness: "live", rule: "lease_live" });
});

test("an expired lease whose process still exists is stuck: reported, never written", async () => {
  await using given = await givenOrphan("stale");
  await given.lease(given.only.session_id, own, { ttlSeconds: -10 });
  await expectUnwritten(given, { outcome: "reported", liveness: "stuck", rule: "owner_stuck" });
});

test.each([
  ["of another machine", { ...deadProcess(), machine: "another" }],
  ["of an unknown machine", { ...deadProcess(), machine: null }],
  ["of another pid namespace", { ...deadProcess(), pid_namespace: "pid:[1]" }],
  ["of an unknown boot", { ...deadProcess(), boot: null }],
])("an expired lease %s is unknown: reported, never written", async (_name, owner) => {
  await using given = await givenOrphan("stale");
  await given.lease(given.only.session_id, owner, { ttlSeconds: -86_400 });
  await expectUnwritten(given, { outcome: "reported", liveness: "unknown", rule: "owner_unknown" });
});

test("a live lease of another machine is live, whatever runs under its pid here", async () => {
  await using given = await givenOrphan("stale");
  await given.lease(given.only.session_id, { ...deadProcess(), machine: "another" });
  await expectUnwritten(given, { outcome: "spared", liveness: "live", rule: "lease_live" });
});

test.each(["pause", "cancel", "report"] as const)(
  "policy `%s` writes nothing over a stuck or unknown owner",
  async (action) => {
    await using given = await givenOrphan("stale", {}, { thresholdMicros: HOUR_MICROS, action });
    await given.lease(given.only.session_id, own, { ttlSeconds: -10 });
    await expectUnwritten(given, { outcome: "reported", liveness: "stuck", rule: "owner_stuck" });
    await given.lease(given.only.session_id, { ...own, machine: "another" }, { ttlSeconds: -10 });
    await expectUnwritten(given, { outcome: "reported", liveness: "unknown", rule: "owner_unknown" });
  },
);

test.each(["default", "pause", "cancel"] as const)(
  "a dead owner's standing cancel request is carried out in that person's name and is final (policy `%s`)",
  async (action) => {
    await using given = await givenOrphan("young", {}, { thresholdMicros: HOUR_MICROS, action });
    const { session_id } = given.only;
    await given.lease(session_id, deadProcess());
    await requestCancel(given);
    const before = await given.rowCount();
    expect((await sweepOnly(given)).outcome).toBe("cancelled");
    const [session, execution, ...more] = await given.rowsAfter(before);
    expect(more).toEqual([]);
    expect(session?.event_type).toBe("orchestrator.session.cancelled");
    expect(session?.payload).toEqual({
      reason: "wrong seed",
      cancelled_by: "mika",
      cancelled_at: expect.any(String),
      batch_id: expect.any(String),
      evidence: expect.objectContaining({ rule: "owner_died" }),
      epoch: 2,
    });
    expect(execution?.payload).toMatchObject({ session_id, status: "cancelled" });

    const undone = await undoCleanup(given.context, String(session?.payload.batch_id));
    expect(undone).toMatchObject({ restored: [], left: [{ session_id, status: "cancelled" }] });
    expect(await given.session(session_id)).toMatchObject({ status: "cancelled", status_by: "mika" });
  },
);

test("a cancel request outlives an owner that let go of its lease", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.lease(session_id, own);
  const asked = new AbortController();
  const stopWaiting = { signal: asked.signal, onProgress: () => asked.abort() };
  const request = { id: session_id, reason: "wrong seed", by: "mika", ...stopWaiting };
  expect(await cancelExecution(given.context, request)).toMatchObject({ new_status: "cancel_requested" });
  const lease = await leaseOf(given);
  await given.context.store.database.write([release(session_id, lease?.epoch ?? 0, lease?.ownerId ?? "")]);
  expect((await sweepOnly(given)).outcome).toBe("cancelled");
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", status_by: "mika" });
});

test("policy `report` leaves even a dead owner's run as it is", async () => {
  await using given = await givenOrphan("young", {}, { thresholdMicros: HOUR_MICROS, action: "report" });
  await given.lease(given.only.session_id, deadProcess());
  await expectUnwritten(given, { outcome: "reported", liveness: "stale", rule: "owner_died" });
});

test("policy `cancel` cancels a dead owner's run as a clean-up, so that it can be undone", async () => {
  await using given = await givenOrphan("young", {}, { thresholdMicros: HOUR_MICROS, action: "cancel" });
  const { session_id } = given.only;
  await given.lease(session_id, deadProcess());
  expect((await sweepOnly(given)).outcome).toBe("cancelled");
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", status_by: "auto_cleanup" });
  expect(await undoCleanup(given.context)).toMatchObject({ restored: [session_id], left: [] });
});

test("a run of ours that was let go of and fell silent is paused, never cancelled", async () => {
  await using given = await givenOrphan("stale");
  await given.lease(given.only.session_id, deadProcess(), { ttlSeconds: null });
  const { outcome, verdict } = await sweepOnly(given);
  expect([outcome, verdict?.rule]).toEqual(["paused", "silent"]);
  expect(await given.session(given.only.session_id)).toMatchObject({ status: "paused", reason: "silent" });
});

test("a run of ours that was let go of a moment ago is young", async () => {
  await using given = await givenOrphan("young");
  await given.lease(given.only.session_id, deadProcess(), { ttlSeconds: null });
  await expectUnwritten(given, { outcome: "spared", liveness: "live", rule: "active" });
});

test("the mark of an earlier clean-up counts as no lease: the session is judged as Python's", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  await given.lease(session_id, own, { purpose: "sweep", ttlSeconds: 3600 });
  expect(await sweepOnly(given)).toMatchObject({ outcome: "cancelled", verdict: { rule: "silent" } });
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", epoch: 2 });
});

test("the epoch of a verdict is above the highest its events name, even when the lease row was lost", async () => {
  await using given = await givenOrphan("stale");
  const { session_id } = given.only;
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  await given.appendRow({ type: "orchestrator.session.claimed", id: session_id, payload: { epoch: 41 }, at });
  await sweepOnly(given);
  expect(await given.session(session_id)).toMatchObject({ status: "cancelled", epoch: 42 });
});

test("a Python lock with a dead holder does not keep a dead owner's run", async () => {
  await using given = await givenOrphan("young");
  await given.lease(given.only.session_id, deadProcess());
  writeLock(given.home, given.only.session_id, String(deadPid()));
  expect((await sweepOnly(given)).outcome).toBe("paused");
});
