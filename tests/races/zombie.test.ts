// A worker that was frozen past the end of its lease wakes up as a zombie: it believes that it owns its session.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { newId } from "../../src/base/ids.ts";
import { AUTO_CLEANUP, SESSION_CANCELLED, SESSION_CLAIMED } from "../../src/domain/session/session.ts";
import { ownIdentity } from "../../src/process/identity.ts";
import { reopenSession } from "../../src/sessions/sweep/sweep-session.ts";
import { append } from "../../src/store/append.ts";
import { concludeSession, seenOf } from "../../src/store/session/conclude-session.ts";
import { nextEpoch } from "../../src/store/session/leases.ts";
import { readFacts } from "../../src/store/session/session-facts.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { given } from "../support/store-contract/rows.ts";
import { type GivenRun, givenRun, isFrozen, type Started } from "./support/given-run.ts";
import { buildClockLibrary, HOUR_MS, whyNoShiftedClocks } from "./support/shifted-clock.ts";
import { dumpTables } from "./support/table-dump.ts";

setDefaultTimeout(120_000);
const UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc"];
/** A claim from another namespace needs one, and a clock that is ahead. */
const canUnshare =
  whyNoShiftedClocks() === undefined && spawnSync(UNSHARE[0] ?? "", [...UNSHARE.slice(1), "true"]).status === 0;

/** Starts a worker that stops itself at a place in its own program. */
function startFreezing(run: GivenRun, place: string, kind: "begin" | "resume" = "begin", leaseSeconds = 3): Started {
  return run.startWorker(kind, {
    OUROBOROS_FAILPOINT: place,
    OUROBOROS_FAILPOINT_SIGNAL: "SIGSTOP",
    _OUROBOROS_LEASE_SECONDS: String(leaseSeconds),
  });
}

async function isFrozenThere({ pid }: Started): Promise<void> {
  await until(() => isFrozen(pid) || !isRunning(pid), "the worker has stopped itself");
  expect(isFrozen(pid)).toBe(true);
}

/** What another owner writes when it claims; the old one is left alone, as if nobody here could reach it. */
async function claimedByAnother({ context, sessionId }: GivenRun): Promise<void> {
  await reopenSession(context, sessionId, "resumed"); // where it had ended, and that can be taken back
  const facts = await readFacts(context.store, sessionId);
  if (!facts) throw new Error("There is no session");
  const taker = {
    ownerId: newId(),
    purpose: "run" as const,
    identity: ownIdentity(),
    ttlSeconds: 60,
    overCancelRequest: false,
  };
  const payload = { by: "another", epoch: nextEpoch(seenOf(facts)) };
  const event = {
    id: newId(),
    aggregate_type: "session",
    aggregate_id: sessionId,
    event_type: SESSION_CLAIMED,
    payload,
    at: context.store.stamp(facts.newestAt),
  };
  const written = await concludeSession(context.store, facts, taker, { event, execution: undefined, jobs: [] });
  expect(written).toBe("written");
}

describe.if(process.platform === "linux")("a frozen worker", () => {
  test.concurrent("past its lease is ended with its agents by whoever resumes, and each step is done once", async () => {
    await using run = await givenRun({ mode: "stubborn", steps: 3 });
    const worker = run.startWorker("begin");
    expect(await run.report(worker)).toMatchObject({ outcome: "claimed", epoch: 1 });
    const agent = await run.workingAgent();
    process.kill(worker.pid, "SIGSTOP");
    await run.leaseIsOver();
    await until(() => run.agents().every(isFrozen), "its guard has suspended the agents it may not trust any more");
    const old = [worker.pid, agent.guard_pid, ...run.agents()];
    const resumed = await run.cli(["resume", run.sessionId, "--json"]);
    expect(resumed).toMatchObject({ code: 0, signal: null });
    expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: "resumed", epoch: 2 });
    await until(() => !old.some(isRunning), "the old owner, its guard and its agents are gone");
    expect((await worker.ended).signal).toBe("SIGKILL");
    run.letAgentsFinish();
    await until(async () => (await run.session()).status !== "running", "the run ends");
    expect(await run.session()).toMatchObject({ status: "completed", epoch: 2 });
    expect(await run.completions()).toEqual([1, 1, 1]);
    expect(run.lines("finished")).toEqual(["1", "2", "3"]);
    await until(() => run.running().length === 0, "nothing of either owner is left");
  });

  test.concurrent.skipIf(!canUnshare)(
    "that nobody can reach is fenced by a claim from another pid namespace",
    async () => {
      using clocks = buildClockLibrary();
      await using run = await givenRun({ mode: "stubborn", steps: 3 });
      const worker = run.startWorker("begin");
      await run.report(worker);
      await run.workingAgent();
      process.kill(worker.pid, "SIGSTOP");
      await run.leaseIsOver();
      const old = run.agents();
      await until(() => old.length > 0 && old.every(isFrozen), "its guard has suspended its agents");
      // Who cannot look at an owner waits for another half a minute after its lease; by his clock that is over.
      const ahead = clocks.clock();
      ahead.shift(HOUR_MS);
      const other = run.startWorker("resume", ahead.env, UNSHARE);
      expect(await run.report(other)).toMatchObject({ outcome: "claimed", epoch: 2 });
      await until(() => run.lines("begun").length === 2, "the new owner's agent works in the folder of the old one's");
      expect([worker.pid, ...old].every(isFrozen)).toBe(true);
      process.kill(worker.pid, "SIGCONT");
      expect(await worker.ended).toEqual({ code: 0, signal: null });
      await until(() => !old.some(isRunning), "its agents are gone");
      run.letAgentsFinish();
      expect((await other.ended).code).toBe(0);
      expect(await run.session()).toMatchObject({ status: "completed", epoch: 2 });
      expect(await run.completions()).toEqual([1, 1, 1]);
      expect(run.lines("begun")).toEqual(["1", "1", "2", "3"]);
      expect(run.lines("finished")).toEqual(["1", "2", "3"]);
      const events = await run.events();
      const claim = events.findIndex(({ event_type }) => event_type === SESSION_CLAIMED);
      expect(claim).toBeGreaterThan(0);
      expect(events.slice(claim).filter(({ payload }) => payload.epoch === 1)).toEqual([]);
    },
  );

  test.concurrent.each([
    ["append:before#1", "before it shows its plan"],
    ["append:after#1", "after it has shown its plan"],
    ["append:before#3", "before it begins a step"],
    ["guarded-agent:spawn:before", "before it starts an agent"],
    ["append:before#4", "before it records its agent"],
    ["prompt:before", "before it tells its agent what to do"],
    ["prompt:after", "after it has told its agent what to do"],
    ["renew:before#1", "before it renews its lease"],
    ["renew:after#1", "after it has renewed its lease"],
  ])("that wakes up as a zombie at %s (%s) changes no row, ends by itself and leaves no agent", async (place) => {
    await using run = await givenRun({ mode: "stubborn" });
    const worker = startFreezing(run, place);
    await isFrozenThere(worker);
    await run.leaseIsOver();
    await changesNothing(run, worker);
    expect(run.lines("finished")).toEqual([]);
  });

  test.concurrent.each([
    ["append:before#5", "before it records that its agent has ended"],
    ["append:before#8", "before it records what its agent has done"],
    ["append:after#8", "after it has recorded what its agent has done"],
    ["end-run:before", "before it ends the run"],
  ])(
    "whose agent is done and that wakes up as a zombie at %s (%s) changes no row and ends by itself",
    async (place) => {
      await using run = await givenRun({ steps: 1 });
      run.letAgentsFinish();
      const worker = startFreezing(run, place);
      await isFrozenThere(worker);
      await run.leaseIsOver();
      await changesNothing(run, worker);
      expect(run.lines("finished")).toEqual(["1"]);
    },
  );

  test.concurrent("that wakes up as a zombie before it gives a sign of life changes no row", async () => {
    await using run = await givenRun({ mode: "stubborn" });
    const worker = startFreezing(run, "sign-of-life:before", "begin", 0.5);
    await isFrozenThere(worker);
    await run.leaseIsOver();
    await changesNothing(run, worker);
  });

  test.concurrent("that wakes up as a zombie before it takes a clean-up's cancellation back changes no row", async () => {
    await using run = await givenRun({ mode: "stubborn" });
    const worker = startFreezing(run, "reopen-owned:before");
    await run.report(worker);
    await run.workingAgent();
    await endedByUpstream(run, AUTO_CLEANUP);
    await isFrozenThere(worker);
    await run.leaseIsOver();
    await changesNothing(run, worker);
  });

  test.concurrent.each([
    ["end-run:reopen:before", "takes a clean-up's cancellation back in order to end it itself", AUTO_CLEANUP],
    ["end-run:release:before", "lets go of a session that has ended elsewhere", "somebody"],
  ])("that wakes up as a zombie at %s, before it %s, changes no row", async (place, _, by) => {
    await using run = await givenRun({ steps: 1 });
    const worker = startFreezing(run, place, "begin", 30); // longer than the step, so that only the end looks
    await run.report(worker);
    await run.workingAgent();
    await endedByUpstream(run, by);
    run.letAgentsFinish();
    await isFrozenThere(worker);
    await changesNothing(run, worker);
  });

  test.concurrent.each(["is paused", "a clean-up has cancelled"])(
    "that has lost the race for a session that %s while it stood before its claim changes no row, and attaches",
    async (state) => {
      await using run = await givenRun({ mode: "stubborn" });
      const first = run.startWorker("begin");
      await run.report(first);
      await run.workingAgent();
      process.kill(first.pid, "SIGTERM");
      await first.ended;
      if (state !== "is paused") await endedByUpstream(run, AUTO_CLEANUP);
      const worker = startFreezing(run, "claim:before", "resume");
      await isFrozenThere(worker);
      await changesNothing(run, worker);
      expect(await run.report(worker)).toMatchObject({ outcome: "attached" });
    },
  );
});

/** What the Python program writes when it cancels, knowing nothing of leases. */
async function endedByUpstream({ context, sessionId }: GivenRun, by: string): Promise<void> {
  const cancelled = given({
    aggregate_id: sessionId,
    event_type: SESSION_CANCELLED,
    payload: { reason: "Auto-cancelled on startup", cancelled_by: by },
    at: context.store.stamp(),
  });
  await append(context.store, { kind: "any" }, [cancelled]);
}

async function changesNothing(run: GivenRun, worker: Started): Promise<void> {
  await claimedByAnother(run);
  const before = await dumpTables(run.context.store);
  const beats = run.lines("beats").length;
  process.kill(worker.pid, "SIGCONT");
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  await until(() => run.running().length === 0, "its guard and its agents are gone");
  expect(await dumpTables(run.context.store)).toEqual(before);
  // The new owner's agents work in the same folder: the old ones must not do anything there, not even on their way out.
  expect(run.lines("beats")).toHaveLength(beats);
}
