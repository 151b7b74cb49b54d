// Clocks that are set and machines that sleep: a run that is alive is never paused, cancelled or done twice because of them.
//
// On a file, the store's clock is the clock of whichever process executes a statement. What is guaranteed where those
// clocks differ: no sweep ends a run whose process is alive, and of two owners only the later one can write. What is not:
// somebody who asks to resume a run while his own clock is ahead of its owner's sees its lease as over, and takes it over.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { isRunning, send, until } from "../support/agent-processes.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { freeze, type GivenRun, givenRun, isFrozen, type Started } from "./support/given-run.ts";
import { buildClockLibrary, type ClockLibrary, HOUR_MS, whyNoShiftedClocks } from "./support/shifted-clock.ts";

setDefaultTimeout(120_000);
const SERVER = join(import.meta.dirname, "../fixtures/clock/sweeping-server.ts");
const TELL_TIME = join(import.meta.dirname, "../fixtures/clock/tell-time.ts");
const NEAR_MS = 60_000;
const why = whyNoShiftedClocks();

describe.skipIf(why !== undefined)(
  `clocks that differ and jump${why === undefined ? "" : ` (skipped: ${why})`}`,
  () => {
    let clocks: ClockLibrary;
    beforeAll(() => {
      clocks = buildClockLibrary();
    });
    afterAll(() => clocks[Symbol.dispose]());

    test.concurrent("are those of the runtime and of the store, and leave timers alone", async () => {
      await using run = await givenRun();
      const clock = clocks.clock();
      const teller = run.start([TELL_TIME, join(run.home, "clock.db")], clock.env);
      for (const [n, ms] of [0, HOUR_MS, -HOUR_MS, 0].entries()) {
        clock.shift(ms);
        teller.child.stdin?.write("what time is it?\n");
        await until(() => teller.said.length > n, "it says what time it is");
        const { runtime, store, waited } = JSON.parse(teller.said[n] ?? "{}");
        expect(Math.abs(runtime - Date.now() - ms)).toBeLessThan(NEAR_MS);
        expect(Math.abs(store - Date.now() - ms)).toBeLessThan(NEAR_MS);
        expect(waited).toBeLessThan(NEAR_MS);
      }
    });

    test.concurrent.each([
      ["the worker's", HOUR_MS],
      ["the worker's", -HOUR_MS],
      ["the server's", HOUR_MS],
      ["the server's", -HOUR_MS],
      ["everybody's", HOUR_MS],
      ["everybody's", -HOUR_MS],
    ])("a live run completes, once, while %s clock jumps by %d ms", async (whose, ms) => {
      await using run = await givenRun();
      const clock = clocks.clock();
      const worker = run.startWorker("begin", whose === "the server's" ? {} : clock.env);
      expect(await run.report(worker)).toMatchObject({ outcome: "claimed", epoch: 1 });
      await run.workingAgent();
      const serverClock = whose === "the worker's" ? {} : clock.env;
      const judge = run.start([SERVER, "judge"], serverClock);
      const server = run.start([SERVER, "server"], serverClock);
      await until(() => server.said.length > 0 && judge.said.length > 0, "the servers are there");
      const { lease: before } = await run.lease();
      clock.shift(ms);
      await until(async () => (await run.lease()).lease?.expiresAt !== before?.expiresAt, "the owner has renewed");
      await judgedAgain(judge, 10);
      run.letAgentsFinish();
      await hasCompletedOnce(run, worker);
      // Where a clock of those who judge is ahead of the owner's, its lease looks over to them, and they say so and no more.
      const isSeenAsStuck = (whose === "the worker's" && ms < 0) || (whose === "the server's" && ms > 0);
      if (isSeenAsStuck) expect(rulesOf(judge)).toContain("owner_stuck");
      expect(outcomesOf(judge).filter((outcome) => outcome !== "spared" && outcome !== "reported")).toEqual([]);
    });

    test.concurrent.each([
      [4_000, "too short for anybody to notice"],
      [HOUR_MS, "of an hour"],
    ])("nobody is ended by a sleep of the machine of %d ms (%s), whoever wakes up first", async (ms) => {
      await using run = await givenRun({ steps: 2 });
      const clock = clocks.clock();
      const worker = run.startWorker("begin", clock.env);
      await run.report(worker);
      const agent = await run.workingAgent();
      const judge = run.start([SERVER, "judge"], clock.env);
      const server = run.start([SERVER, "server"], clock.env);
      await until(() => server.said.length > 0 && judge.said.length > 0, "the servers are there");
      await freeze(() => [server.pid, judge.pid, agent.guard_pid, worker.pid, ...run.agents()]);
      await run.leaseIsOver();
      clock.shift(ms);
      for (const pid of [server.pid, judge.pid]) process.kill(pid, "SIGCONT");
      await judgedAgain(judge, 10);
      expect(rulesOf(judge).at(-1)).toBe("owner_stuck");
      for (const pid of run.agents()) send(pid, "SIGCONT");
      process.kill(agent.guard_pid, "SIGCONT");
      await until(
        () => run.agents().length > 0 && run.agents().every(isFrozen),
        "the guard suspends the agents before its worker has spoken",
      );
      process.kill(worker.pid, "SIGCONT");
      await until(
        () => run.agents().length > 0 && !run.agents().some(isFrozen),
        "the owner has renewed, and its agents go on",
      );
      await until(() => rulesOf(judge).at(-1) === "lease_live", "the run is seen as alive again");
      run.letAgentsFinish();
      await hasCompletedOnce(run, worker);
      expect(outcomesOf(judge).filter((outcome) => outcome !== "spared" && outcome !== "reported")).toEqual([]);
    });

    test.concurrent("who resumes a live run by a clock an hour ahead takes it over; never do two work on it", async () => {
      await using run = await givenRun({ mode: "stubborn" });
      const clock = clocks.clock();
      const worker = run.startWorker("begin");
      await run.report(worker);
      const agent = await run.workingAgent();
      const attached = await run.cli(["resume", run.sessionId, "--json"], clock.env);
      expect(JSON.parse(attached.stdout)).toMatchObject({ outcome: "attached" });
      clock.shift(HOUR_MS);
      const old = [worker.pid, ...run.agents()];
      const resumed = await run.cli(["resume", run.sessionId, "--json"], clock.env);
      expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: "resumed", epoch: 2 });
      expect(old.filter(isRunning)).toEqual([]);
      await until(() => !isRunning(agent.guard_pid), "its guard, who has nothing left to do, ends, too");
      run.letAgentsFinish();
      await until(async () => (await run.session()).status !== "running", "the run ends");
      expect(await run.session()).toMatchObject({ status: "completed", epoch: 2 });
      expect(await run.completions()).toEqual([1, 1]);
      expect(run.lines("finished")).toEqual(["1", "2"]);
      await until(() => run.running().length === 0, "nothing of either owner is left");
    });

    test.concurrent.skipIf(!libsqlServerAvailable())(
      "on a libSQL server nobody's clock matters but the server's: a live run is seen as live by all",
      async () => {
        await using server = await startLibsqlServer();
        await using run = await givenRun({ url: server.url });
        const [behind, ahead] = [clocks.clock(), clocks.clock()];
        behind.shift(-HOUR_MS);
        ahead.shift(HOUR_MS);
        const worker = run.startWorker("begin", behind.env);
        await run.report(worker);
        await run.workingAgent();
        const judge = run.start([SERVER, "judge"], ahead.env);
        await judgedAgain(judge, 10);
        expect(new Set(rulesOf(judge))).toEqual(new Set(["lease_live"]));
        const resumed = await run.cli(["resume", run.sessionId, "--json"], ahead.env);
        expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: "attached" });
        run.letAgentsFinish();
        await hasCompletedOnce(run, worker);
      },
    );
  },
);

/** Waits until so many more rounds have been judged. */
async function judgedAgain(judge: Started, rounds: number): Promise<void> {
  const before = roundsOf(judge);
  await until(() => roundsOf(judge) >= before + rounds, "the session has been judged again");
}

function roundsOf({ said }: Started): number {
  return said.filter((line) => "round" in JSON.parse(line)).length;
}

function rulesOf({ said }: Started): string[] {
  return said.map((line) => JSON.parse(line).rule).filter((rule) => rule !== undefined);
}

function outcomesOf({ said }: Started): string[] {
  return said.map((line) => JSON.parse(line).outcome).filter((outcome) => outcome !== undefined);
}

async function hasCompletedOnce(run: GivenRun, worker: Started): Promise<void> {
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(await run.session()).toMatchObject({ status: "completed", epoch: 1 });
  expect(await run.completions()).toEqual([1, 1]);
  for (const name of ["begun", "finished"]) expect(run.lines(name)).toEqual(["1", "2"]);
  const own = (await run.events()).filter(({ aggregate_type }) => aggregate_type === "session");
  expect(own.map(({ event_type }) => event_type)).toEqual([
    "orchestrator.session.started",
    "orchestrator.session.completed",
  ]);
  expect((await run.lease()).lease).toMatchObject({ epoch: 1, expiresAt: null });
}
