import { Database } from "bun:sqlite";
import { afterAll, afterEach, expect, spyOn, test } from "bun:test";
import { spawn } from "node:child_process";
import { once as event } from "node:events";
import type { StoreOptions } from "../../scripts/make-store/arguments.ts";
import { newId } from "../../src/base/ids.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { readStartTicks } from "../../src/process/start-ticks.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { undoCleanup } from "../../src/sessions/sweep/undo-cleanup.ts";
import { append } from "../../src/store/append.ts";
import { query } from "../../src/store/engine/database.ts";
import { StoreError } from "../../src/store/engine/store-error.ts";
import { seenOf } from "../../src/store/session/conclude-session.ts";
import { readLease, takeOver } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { loadSession } from "../../src/store/session/sessions.ts";
import { DEFAULT_POLICY, deadProcess, interfered, isTakeOver, makeHome, openContext } from "../support/given-store.ts";
import { until, watchStartUp } from "../support/watched-start-up.ts";

const CANCELLED = "orchestrator.session.cancelled";
const WHOLE_START = ["opening", "catching_up", "pre_serve", "ready", "post_serve", "settled"] as const;

const restores: (() => void)[] = [];
// What a start-up says on stderr is for the people who run a server.
const log = spyOn(process.stderr, "write").mockReturnValue(true);
afterAll(() => log.mockRestore());
afterEach(() => {
  for (const restore of restores.splice(0)) restore();
});

function homeWith(orphans: NonNullable<StoreOptions["orphans"]>, more: Omit<StoreOptions, "out"> = {}) {
  return makeHome({ orphans, ...more });
}

async function cancelledBy(context: SessionContext): Promise<Record<string, string[]>> {
  const rows = await query(
    context.store.database,
    `SELECT aggregate_id AS id, payload ->> '$.cancelled_by' AS by FROM events WHERE event_type = '${CANCELLED}' ORDER BY rowid`,
  );
  const found: Record<string, string[]> = {};
  for (const row of rows) found[String(row.id)] = [...(found[String(row.id)] ?? []), String(row.by)];
  return found;
}

/** The context of a start-up that has opened its store. */
function contextOf({ startUp }: { startUp: { context: SessionContext | undefined } }): SessionContext {
  if (!startUp.context) throw new Error("The start-up has no store yet");
  return startUp.context;
}

test("the phases come in their order, each once, and every orphan is closed exactly once", async () => {
  await using home = await homeWith(
    { stale: 3, young: 1, paused: 1, no_start: 2, bad_row: 1 },
    { sessions: 2, events: 60 },
  );
  await using watched = watchStartUp({ open: () => openContext(home) });
  expect(watched.startUp.gate.phase).toBe("starting");
  watched.startUp.start();
  watched.startUp.start();
  await watched.reached("settled");
  expect(watched.phases).toEqual([...WHOLE_START]);

  const by = await cancelledBy(contextOf(watched));
  const expected = home.truth.filter((one) => one.expected === "cancelled").map((one) => one.session_id);
  const ours = Object.entries(by).filter(([, names]) => names.includes("auto_cleanup"));
  expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(expected.map((id) => [id, ["auto_cleanup"]])));
});

test("nothing is opened before the start-up is begun, nor after it was stopped", async () => {
  let opened = 0;
  const watched = watchStartUp({
    open: async () => {
      opened++;
      throw new Error("never");
    },
  });
  await watched.startUp.stop();
  watched.startUp.start();
  expect(await watched.startUp.gate.admit("reads")).toMatchObject({ code: "not_ready", facts: { phase: "stopped" } });
  expect(opened).toBe(0);
});

test("a start keeps its receipt in the store, complete and as it was shown", async () => {
  await using home = await homeWith({ stale: 2, young: 1 });
  const before = Date.now();
  const watched = watchStartUp({ open: () => openContext(home) });
  watched.startUp.start();
  await watched.reached("settled");
  await watched.startUp.stop();
  const { receipt } = watched.startUp;
  expect(receipt).toMatchObject({
    role: "sweeper",
    batch_id: expect.stringMatching(/^batch_[0-9a-f]{12}$/),
    examined: 3,
    cancelled: 2,
    paused: 0,
    skipped: 1,
    deferred: 0,
    quarantined: 0,
    since: { cancelled: 0, paused: 0 },
    trouble: null,
  });
  const { scheduled_at, ready_at, settled_at, ms } = receipt;
  const times = [scheduled_at, ready_at, settled_at].map((time) => Date.parse(String(time)));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeWithin(before, Date.now() + 1);
  const spans = [ms.open, ms.catch_up, ms.ready, ms.settled].map(Number);
  expect(spans).toEqual(spans.toSorted((a, b) => a - b));
  expect(spans.every((span) => span > 0)).toBe(true);

  using store = new Database(home.path, { readonly: true });
  const rows = store.query<Record<string, string | number>, []>("SELECT * FROM ouro_receipt").all();
  expect(rows).toHaveLength(1);
  const [row] = rows;
  expect(JSON.parse(String(row?.body))).toEqual({ ...receipt, phase: "settled" });
  expect(row).toMatchObject({ pid: process.pid, machine: ownIdentity().machine });
  expect(String(row?.started_at).replace(" ", "T").slice(0, 23)).toBe(scheduled_at.slice(0, 23));
  expect(String(row?.started_at) <= String(row?.settled_at)).toBe(true);
});

test("a store that cannot be opened is tried again until it can, without a restart", async () => {
  await using home = await homeWith({ stale: 1 });
  let tries = 0;
  await using watched = watchStartUp({
    open: async () => {
      tries++;
      if (tries <= 2) throw new StoreError("store_busy", `Cannot use the store: try ${tries}`);
      return await openContext(home);
    },
  });
  const { startUp } = watched;
  const early = startUp.gate.admit("reads");
  startUp.start();
  expect(await early).toMatchObject({ code: "store_unavailable", facts: { cause: "store_busy" } });
  expect(startUp.receipt).toMatchObject({ phase: "degraded:store", trouble: { code: "store_busy" }, settled_at: null });
  expect(await startUp.gate.admit("acts")).toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("Cannot use the store: try"),
    facts: { phase: "degraded:store" },
  });
  await watched.reached("settled");
  expect(tries).toBe(3);
  expect(watched.phases).toEqual([
    "opening",
    "degraded:store",
    "degraded:store",
    "pre_serve",
    "ready",
    "post_serve",
    "settled",
  ]);
  expect(startUp.receipt).toMatchObject({ phase: "settled", trouble: null, cancelled: 1 });
  expect(await startUp.gate.admit("acts")).toBeUndefined();
});

test("a server that is stopped while its store cannot be opened stops at once", async () => {
  const watched = watchStartUp({
    open: async () => {
      throw new StoreError("store_full", "Cannot use the store: the disk is full");
    },
  });
  watched.startUp.start();
  await watched.reached("degraded:store");
  const began = performance.now();
  await watched.startUp.stop();
  expect(performance.now() - began).toBeLessThan(200);
  expect(watched.phases.at(-1)).toBe("stopped");
});

test("a bug while the store is opened admits nobody to a store that is not there", async () => {
  await using watched = watchStartUp({
    open: async () => {
      throw new TypeError("undefined is not a function");
    },
  });
  watched.startUp.start();
  await watched.reached("degraded:store");
  expect(await watched.startUp.gate.admit("acts")).toMatchObject({
    code: "store_unavailable",
    facts: { cause: "internal" },
  });
});

/** A context whose clean-up batches fail for as long as `isBroken` says so. */
async function breakable(home: Parameters<typeof openContext>[0], isBroken: () => boolean): Promise<SessionContext> {
  return interfered(await openContext(home), {
    beforeWrite: async (statements) => {
      if (isTakeOver(statements) && isBroken()) throw new StoreError("store_full", "Cannot write: the disk is full");
    },
  });
}

test("a clean-up that fails admits everybody, says why, and is made good in a later round", async () => {
  await using home = await homeWith({ stale: 3 });
  let broken = true;
  await using watched = watchStartUp({ open: () => breakable(home, () => broken), everyMs: 20 });
  const { startUp } = watched;
  startUp.start();
  await watched.reached("degraded:sweep");
  expect(await startUp.gate.admit("acts")).toBeUndefined();
  expect(await startUp.gate.admit("reads")).toBeUndefined();
  await until(
    () => startUp.receipt.settled_at,
    (settled) => settled !== null,
  );
  expect(startUp.receipt).toMatchObject({ phase: "degraded:sweep", cancelled: 0, trouble: { code: "store_full" } });
  expect(await cancelledBy(contextOf(watched))).toEqual({});

  broken = false;
  await watched.reached("settled");
  expect(startUp.receipt).toMatchObject({ phase: "settled", trouble: null, since: { cancelled: 3 } });
  expect(Object.values(await cancelledBy(contextOf(watched)))).toEqual(Array(3).fill(["auto_cleanup"]));
});

test("what a clean-up wrote before it failed stands in the receipt", async () => {
  await using home = await homeWith({ stale: 5 });
  let takeOvers = 0;
  await using watched = watchStartUp({ open: () => breakable(home, () => ++takeOvers > 3), everyMs: 3_600_000 });
  watched.startUp.start();
  await watched.reached("degraded:sweep");
  expect(watched.startUp.receipt).toMatchObject({ phase: "degraded:sweep", cancelled: 3, deferred: 2 });
  expect(Object.keys(await cancelledBy(contextOf(watched)))).toHaveLength(3);
});

test("a first look that fails leaves all of it to the second, which the same start takes", async () => {
  await using home = await homeWith({ stale: 3 });
  let failures = 1;
  await using watched = watchStartUp({ open: () => breakable(home, () => failures-- > 0), everyMs: 3_600_000 });
  watched.startUp.start();
  await watched.reached("settled");
  expect(watched.phases).toEqual(["opening", "catching_up", "pre_serve", "degraded:sweep", "post_serve", "settled"]);
  expect(watched.startUp.receipt).toMatchObject({ cancelled: 3, trouble: null });
});

test("an election that fails admits everybody, and the seat is taken in a later round", async () => {
  await using home = await homeWith({ stale: 1 });
  let broken = true;
  const open = async () =>
    interfered(await openContext(home), {
      beforeWrite: async ([first]) => {
        const isElection =
          first?.sql.startsWith("INSERT INTO ouro_lease") && JSON.stringify(first).includes("@sweeper");
        if (broken && isElection) throw new StoreError("store_busy", "Cannot write: locked");
      },
    });
  await using watched = watchStartUp({ open, everyMs: 20 });
  watched.startUp.start();
  await watched.reached("degraded:sweep");
  expect(await watched.startUp.gate.admit("acts")).toBeUndefined();
  expect(watched.startUp.receipt.role).toBeNull();
  broken = false;
  await watched.reached("settled");
  expect(watched.startUp.receipt).toMatchObject({ role: "sweeper", since: { cancelled: 1 } });
});

test("with more orphans than a gate can wait for it opens early, and the rest is swept after", async () => {
  await using home = await homeWith({ stale: 70 });
  await using watched = watchStartUp({ open: () => openContext(home) });
  const { receipt } = watched.startUp;
  let atReady = { ...receipt };
  watched.onPhase("ready", () => {
    atReady = { ...receipt };
  });
  watched.startUp.start();
  await watched.reached("settled");
  expect(atReady.cancelled).toBeWithin(1, 51);
  expect(atReady.deferred).toBe(70 - atReady.cancelled);
  expect(receipt).toMatchObject({ examined: 70, cancelled: 70, deferred: atReady.deferred });
  const by = await cancelledBy(contextOf(watched));
  expect([Object.keys(by).length, new Set(Object.values(by).flat())]).toEqual([70, new Set(["auto_cleanup"])]);
  expect(Object.values(by).flat()).toHaveLength(70);
});

test("a deferred session that somebody cancels is judged, not swept: it ends once, in that person's name", async () => {
  await using home = await homeWith({ stale: 60 });
  const last =
    home.truth
      .map((one) => one.session_id)
      .toSorted()
      .at(-1) ?? "";
  let cancelled: Promise<unknown> | undefined;
  let raw: SessionContext | undefined;
  const open = async () => {
    raw = await openContext(home);
    return interfered(raw, {
      beforeWrite: async (statements) => {
        if (isTakeOver(statements)) await cancelled;
      },
    });
  };
  await using watched = watchStartUp({ open });
  watched.onPhase("ready", () => {
    if (raw) cancelled = cancelExecution(raw, { id: last, reason: "not needed", by: "mika" });
  });
  watched.startUp.start();
  await watched.reached("settled");
  expect(await cancelled).toMatchObject({ session_id: last, previous_status: "running", new_status: "cancelled" });
  const by = await cancelledBy(contextOf(watched));
  expect(by[last]).toEqual(["mika"]);
  expect(Object.values(by).flat()).toHaveLength(60);
  expect(watched.startUp.receipt.cancelled).toBe(59);
});

test("a read-only server never sweeps, and leaves nothing of its own behind", async () => {
  await using home = await homeWith({ stale: 2 });
  const watched = watchStartUp({ open: () => openContext(home, DEFAULT_POLICY, true), everyMs: 1 });
  watched.startUp.start();
  await watched.reached("settled");
  expect(await watched.startUp.gate.admit("reads")).toBeUndefined();
  expect(await loadSession(contextOf(watched).store, home.truth[0]?.session_id ?? "")).toMatchObject({
    session: { status: "running" },
  });
  await watched.startUp.stop();
  expect(watched.startUp.receipt).toMatchObject({ role: "reader", examined: 0, cancelled: 0 });
  using store = new Database(home.path, { readonly: true });
  const count = (sql: string) => Object.values(store.query<Record<string, number>, []>(sql).get() ?? {})[0];
  expect(count("SELECT count(*) FROM sqlite_master WHERE name LIKE 'ouro%'")).toBe(0);
  expect(count(`SELECT count(*) FROM events WHERE event_type = '${CANCELLED}'`)).toBe(0);
});

/** Gives a session an owner for an hour. */
async function own(context: SessionContext, id: string, identity = ownIdentity()): Promise<void> {
  const facts = await readFacts(context.store, id);
  if (!facts) throw new Error(`There is no session ${id}`);
  const taker = { ownerId: newId(), purpose: "run" as const, identity, ttlSeconds: 3600, overCancelRequest: false };
  await context.store.database.write([takeOver(seenOf(facts), taker)]);
}

test("an owner that dies while the server lives is noticed in a later round, long before its lease ends", async () => {
  await using home = await homeWith({ stale: 1 });
  const id = home.truth[0]?.session_id ?? "";
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
  const pid = child.pid ?? 0;
  const open = async () => {
    const context = await openContext(home);
    await own(context, id, { ...ownIdentity(), pid, start_ticks: readStartTicks(pid) });
    return context;
  };
  await using watched = watchStartUp({ open, everyMs: 20 });
  const { startUp } = watched;
  startUp.start();
  await watched.reached("settled");
  expect(startUp.receipt).toMatchObject({ cancelled: 0, paused: 0 });
  const exited = event(child, "exit");
  child.kill("SIGKILL");
  await exited;
  await until(
    () => startUp.receipt.since.paused,
    (paused) => paused === 1,
  );
  const loaded = await loadSession(contextOf(watched).store, id);
  expect(loaded?.session).toMatchObject({ status: "paused", reason: "owner_died" });
});

test("an owner that died before the start is paused by the start itself, although its lease looks live", async () => {
  await using home = await homeWith({ young: 1 });
  const id = home.truth[0]?.session_id ?? "";
  const open = async () => {
    const context = await openContext(home);
    await own(context, id, deadProcess());
    return context;
  };
  await using watched = watchStartUp({ open, everyMs: 3_600_000 });
  watched.startUp.start();
  await watched.reached("settled");
  expect(watched.startUp.receipt).toMatchObject({ paused: 1, cancelled: 0 });
});

test("a later round finds what others have left since, under a batch of its own", async () => {
  await using home = await homeWith({ stale: 1 });
  await using watched = watchStartUp({ open: () => openContext(home), everyMs: 20 });
  const { startUp } = watched;
  startUp.start();
  await watched.reached("settled");
  const context = contextOf(watched);
  const started = { aggregate_type: "session", aggregate_id: "orch_late", event_type: "orchestrator.session.started" };
  const at = (Date.now() - 2 * 3_600_000) * 1000;
  await append(context.store, { kind: "any" }, [
    { ...started, id: newId(), payload: { execution_id: "exec_late", seed_id: "seed_1" }, at },
  ]);
  await until(
    () => startUp.receipt.since.cancelled,
    (cancelled) => cancelled === 1,
  );
  expect(startUp.receipt.cancelled).toBe(1);
  expect(await undoCleanup(context)).toMatchObject({ restored: ["orch_late"], left: [] });
  expect(await undoCleanup(context, startUp.receipt.batch_id)).toMatchObject({
    restored: [home.truth[0]?.session_id],
  });
});

test("after a sleep of the machine nobody is swept for one lease time, then again", async () => {
  await using home = await homeWith({ young: 1 });
  const id = home.truth[0]?.session_id ?? "";
  const shift = { wall: 0, monotonic: 0 };
  const real = { wall: Date.now.bind(Date), monotonic: performance.now.bind(performance) };
  let looks = 0;
  // Each round looks at the clock, and nothing else goes on here.
  const roundsPass = (from = looks) =>
    until(
      () => looks,
      (seen) => seen > from + 30,
    );
  const wall = spyOn(Date, "now").mockImplementation(() => {
    looks++;
    return real.wall() + shift.wall;
  });
  const monotonic = spyOn(performance, "now").mockImplementation(() => real.monotonic() + shift.monotonic);
  restores.push(() => wall.mockRestore());
  restores.push(() => monotonic.mockRestore());

  await using watched = watchStartUp({ open: () => openContext(home), everyMs: 5 });
  watched.startUp.start();
  await watched.reached("settled");
  const context = contextOf(watched);
  await roundsPass();
  shift.wall += 3_600_000; // the lid was closed: an hour by the wall, no time at all by the other clock
  await roundsPass();
  await own(context, id, deadProcess());
  await roundsPass();
  expect(watched.startUp.receipt.since.paused).toBe(0);

  shift.wall += 31_000;
  shift.monotonic += 31_000;
  await until(
    () => watched.startUp.receipt.since.paused,
    (paused) => paused === 1,
  );
});

test("of two servers one sweeps; the other's gate opens all the same, and it takes the seat once that is free", async () => {
  await using home = await homeWith({ stale: 4 });
  const first = watchStartUp({ open: () => openContext(home), everyMs: 20 });
  first.startUp.start();
  await first.reached("settled");
  await using second = watchStartUp({ open: () => openContext(home), everyMs: 20 });
  second.startUp.start();
  await second.reached("settled");
  expect(second.startUp.receipt).toMatchObject({ role: "bystander", examined: 0, cancelled: 0 });
  expect(second.phases).toEqual(["opening", "catching_up", "pre_serve", "ready", "settled"]);
  expect(await second.startUp.gate.admit("acts")).toBeUndefined();
  expect(first.startUp.receipt).toMatchObject({ role: "sweeper", examined: 4, cancelled: 4 });
  await first.startUp.stop();
  await until(
    () => second.startUp.receipt.role,
    (role) => role === "sweeper",
  );
});

test("a dead sweeper's seat is taken at once", async () => {
  await using home = await homeWith({ stale: 1 });
  const open = async () => {
    const context = await openContext(home);
    const seat = { sessionId: "@sweeper", executionId: null, lease: undefined, epoch: 0, newestRowid: 0 };
    const dead = { ownerId: newId(), identity: deadProcess(), purpose: "run" as const, overCancelRequest: false };
    await context.store.database.write([takeOver(seat, { ...dead, ttlSeconds: 3600 })]);
    return context;
  };
  await using watched = watchStartUp({ open });
  watched.startUp.start();
  await watched.reached("settled");
  expect(watched.startUp.receipt).toMatchObject({ role: "sweeper", cancelled: 1 });
});

test("a sweeper that lost its seat is a bystander from the next round on", async () => {
  await using home = await homeWith({ young: 1 });
  await using watched = watchStartUp({ open: () => openContext(home), everyMs: 20 });
  watched.startUp.start();
  await watched.reached("settled");
  const { database } = contextOf(watched).store;
  await database.write([
    { sql: "UPDATE ouro_lease SET epoch = epoch + 1, owner_id = 'another' WHERE session_id = '@sweeper'" },
  ]);
  await until(
    () => watched.startUp.receipt.role,
    (role) => role === "bystander",
  );
  const { lease } = await readLease(contextOf(watched).store, "@sweeper");
  expect(lease?.ownerId).toBe("another");
});

test("a server stopped in the middle of its sweep leaves whole verdicts, and the next one does the rest", async () => {
  await using home = await homeWith({ stale: 12 });
  let takeOvers = 0;
  let stopped: Promise<void> | undefined;
  const watched = watchStartUp({
    open: async () =>
      interfered(await openContext(home), {
        afterWrite: async (statements) => {
          if (isTakeOver(statements) && ++takeOvers === 5) stopped = watched.startUp.stop();
        },
      }),
  });
  watched.startUp.start();
  await watched.reached("stopped");
  await stopped;
  expect(watched.startUp.receipt.cancelled).toBe(5);

  await using next = watchStartUp({ open: () => openContext(home) });
  next.startUp.start();
  await next.reached("settled");
  expect(next.startUp.receipt).toMatchObject({ role: "sweeper", examined: 7, cancelled: 7 });
  const by = await cancelledBy(contextOf(next));
  expect(Object.values(by)).toEqual(Array(12).fill(["auto_cleanup"]));
});
