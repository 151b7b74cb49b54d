// A person's cancellation, whatever state the run is in: it is carried out, in their name, and nothing is left running.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import type { AgentGroup } from "../../src/process/agent/process-tree.ts";
import { cancelExecution } from "../../src/sessions/cancel-execution.ts";
import { readOrigin } from "../../src/store/session/run-records.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { freeze, type GivenRun, givenRun, type Started } from "./support/given-run.ts";

setDefaultTimeout(120_000);
/** What a person is promised is ten seconds; a loaded machine gets twice that here, and the bench holds the promise. */
const DEADLINE_MS = 20_000;
const FAMILY = join(import.meta.dirname, "../fixtures/agents/family.sh");
const HANG = join(import.meta.dirname, "../fixtures/races/hang-on-signal.ts");
const MEMBERS = ["leader", "child", "setsid", "daemon"];

interface Working {
  readonly run: GivenRun;
  readonly worker: Started;
  readonly agent: AgentGroup;
}

/** Each state: how a live run gets into it. */
const STATES: readonly (readonly [string, (working: Working) => unknown])[] = [
  ["live", () => {}],
  ["run by a frozen worker", ({ worker }) => freeze(() => [worker.pid])],
  [
    "left by a killed worker, its guard alive",
    async ({ worker }) => {
      process.kill(worker.pid, "SIGKILL");
      await worker.ended;
    },
  ],
  [
    "left by a killed worker, its guard killed, too",
    async ({ worker, agent }) => {
      await freeze(() => [agent.guard_pid]); // it would end the agents when it misses its worker
      process.kill(worker.pid, "SIGKILL");
      process.kill(agent.guard_pid, "SIGKILL");
      await until(() => !isRunning(worker.pid) && !isRunning(agent.guard_pid), "both are gone");
    },
  ],
  ["run by a worker that hangs", ({ worker }) => process.kill(worker.pid, "SIGUSR2")],
  ["run under a frozen guard", ({ agent }) => freeze(() => [agent.guard_pid])],
  ["run with frozen agents", ({ run }) => freeze(() => run.agents())],
  [
    "paused, by a signal to its worker",
    async ({ run, worker }) => {
      process.kill(worker.pid, "SIGTERM");
      await worker.ended;
      expect(await run.session()).toMatchObject({ status: "paused" });
    },
  ],
  [
    "stuck: its worker frozen and its lease over",
    async ({ run, worker }) => {
      await freeze(() => [worker.pid]);
      await run.leaseIsOver();
    },
  ],
  [
    "stuck, and its guard frozen",
    async ({ run, worker, agent }) => {
      await freeze(() => [worker.pid, agent.guard_pid]);
      await run.leaseIsOver();
    },
  ],
];

const ways = process.env.SOAK === "1" ? (["command line", "use case"] as const) : (["command line"] as const);
const cases = ways.flatMap((way) => STATES.map(([name, enter]) => [name, way, enter] as const));

describe.if(process.platform === "linux")("a person's cancellation", () => {
  test.concurrent.each(cases)(
    "of a run that is %s (%s) ends the whole tree in their name",
    async (name, way, enter) => {
      await using run = await givenRun({ agent: [FAMILY], mode: "stubborn" });
      const working = await begin(run);
      await enter(working);
      const began = performance.now();
      await (way === "use case" ? byUseCase(run) : byCommand(run));
      const answered = performance.now() - began;
      await until(() => run.running().length === 0, "the whole tree is gone");
      const gone = performance.now() - began;
      report(`cancelled "${name}" (${way}): answered after ${answered.toFixed()} ms, gone after ${gone.toFixed()} ms`);
      expect(gone).toBeLessThan(DEADLINE_MS);
      expect(await run.session()).toMatchObject({ status: "cancelled", status_by: "user", reason: "enough of it" });
      await isOneEnd(run);
      await isFinal(run);
    },
  );

  test.concurrent("by the use case hears of it while its owner is waited for, and is told once it is true", async () => {
    await using run = await givenRun({ agent: [FAMILY], mode: "stubborn" });
    const { worker } = await begin(run);
    await freeze(() => [worker.pid]);
    const told: string[] = [];
    await byUseCase(run, (message) => told.push(message));
    expect(run.running()).toEqual([]);
    expect(told).toEqual(["Asked its owner to stop", "Its owner does not answer: ending it"]);
    await isFinal(run);
  });
});

describe.if(process.platform === "linux")("a signal", () => {
  const signals = process.env.SOAK === "1" ? (["SIGTERM", "SIGINT", "SIGHUP"] as const) : (["SIGTERM"] as const);
  test.concurrent.each(signals)(
    "%s to the worker pauses its run in order: its tree is gone, and it goes on where it was",
    async (signal) => {
      await using run = await givenRun({ mode: "gentle" });
      const worker = run.startWorker("begin");
      await run.report(worker);
      await run.workingAgent();
      process.kill(worker.pid, signal);
      expect(await worker.ended).toEqual({ code: 0, signal: null });
      expect(run.running()).toEqual([]);
      expect(await run.session()).toMatchObject({ status: "paused", reason: "stopped" });
      expect((await run.lease()).lease).toMatchObject({ epoch: 1, expiresAt: null });
      run.letAgentsFinish();
      const resumed = await run.cli(["resume", run.sessionId, "--json"]);
      expect(JSON.parse(resumed.stdout)).toMatchObject({ outcome: "resumed", epoch: 2, steps_done: 0 });
      await until(async () => (await run.session()).status === "completed", "the run completes");
      expect(await run.completions()).toEqual([1, 1]);
      expect(run.lines("finished")).toEqual(["1", "2"]);
      await until(() => run.running().length === 0, "nothing of it is left");
    },
  );
});

async function begin(run: GivenRun): Promise<Working> {
  const worker = run.startWorker("begin", { BUN_OPTIONS: `--preload=${HANG}` });
  expect(await run.report(worker)).toMatchObject({ outcome: "claimed", epoch: 1 });
  await until(
    () => MEMBERS.every((member) => run.lines(member).length > 0),
    "every member of the agent's family works",
  );
  const { lease } = await run.lease();
  expect(lease?.owner?.pid).toBe(worker.pid);
  const group = (await run.events()).find(({ event_type }) => event_type === "execution.agent.started")?.payload.group;
  return { run, worker, agent: group as unknown as AgentGroup };
}

async function byCommand(run: GivenRun): Promise<void> {
  const ran = await run.cli(["cancel", run.sessionId, "--reason", "enough of it", "--json"]);
  expect(ran.stderr).not.toContain("rror");
  expect(JSON.parse(ran.stdout)).toMatchObject({ new_status: "cancelled", cancelled_by: "user" });
  expect(ran.code).toBe(0);
}

async function byUseCase(run: GivenRun, onProgress?: (message: string) => void): Promise<void> {
  const request = { id: run.sessionId, reason: "enough of it", by: "user", ...(onProgress ? { onProgress } : {}) };
  expect(await cancelExecution(run.context, request)).toMatchObject({ new_status: "cancelled", cancelled_by: "user" });
}

/** The session's, its execution's and its jobs' ends agree, and there is one of each. */
async function isOneEnd(run: GivenRun): Promise<void> {
  const events = await run.events();
  expect(events.filter(({ event_type }) => event_type === "orchestrator.session.cancelled")).toHaveLength(1);
  const terminals = events.filter(({ event_type }) => event_type === "execution.terminal");
  expect(terminals.map(({ payload }) => payload.status).filter((status) => status !== "paused")).toEqual(["cancelled"]);
  const jobs = events.filter(({ aggregate_type }) => aggregate_type === "job").map(({ event_type }) => event_type);
  expect(jobs).toHaveLength(2);
  expect(jobs.at(-1)).toMatch(/^mcp\.job\.(cancelled|interrupted)$/);
}

/** No resume brings it back, and no second cancellation does anything. */
async function isFinal(run: GivenRun): Promise<void> {
  const count = (await run.events()).length;
  const again = await cancelExecution(run.context, { id: run.sessionId, reason: "again", by: "somebody" });
  expect(isRefusal(again) && again.code).toBe("already_ended");
  const worker = run.startWorker("resume");
  expect(await run.report(worker)).toMatchObject({ outcome: "refused" });
  await worker.ended;
  expect((await run.events()).length).toBe(count);
  expect(await readOrigin(run.context.store, run.sessionId)).toMatchObject({ by: "test" });
}

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
