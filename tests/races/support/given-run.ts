import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { newShortId } from "../../../src/base/ids.ts";
import type { StoredEvent } from "../../../src/domain/event.ts";
import { STEP_COMPLETED } from "../../../src/domain/run/steps.ts";
import type { Session } from "../../../src/domain/session/session.ts";
import type { AgentGroup } from "../../../src/process/agent/process-tree.ts";
import { listProcesses } from "../../../src/process/process-list.ts";
import { readProcessStat } from "../../../src/process/process-stat.ts";
import type { WorkerOrder, WorkerReport } from "../../../src/sessions/resume/worker-order.ts";
import { createSessionContext, type SessionContext } from "../../../src/sessions/session-context.ts";
import type { StoreTarget } from "../../../src/store/engine/store-target.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { type Lease, readLease } from "../../../src/store/session/leases.ts";
import { readOpenAgents } from "../../../src/store/session/run-records.ts";
import { loadSession } from "../../../src/store/session/sessions.ts";
import { environment, finished, type Ran } from "../../cli/support/ouroboros.ts";
import { marked, send, until } from "../../support/agent-processes.ts";
import { DEFAULT_POLICY } from "../../support/given-store.ts";
import { allEvents } from "../../support/store-contract/rows.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");
const RUN_VARIABLE = "OUROBOROS_TEST_RUN";
const LEASE_SECONDS = 3;

/** One process that a test started, with the lines it has said on its standard output. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly said: readonly string[];
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** A store, a project folder and one session in them, worked on by real processes. Disposing of it ends all of them. */
export interface GivenRun extends AsyncDisposable {
  readonly home: string;
  /** Where its agents leave their traces. */
  readonly folder: string;
  readonly sessionId: string;
  readonly executionId: string;
  /** The store as opened by the test's own process. */
  readonly context: SessionContext;
  /** Starts a worker that makes the session, or takes it over. */
  startWorker(
    kind: "begin" | "resume",
    env?: Readonly<Record<string, string>>,
    /** A program that runs the worker, with its arguments. */
    under?: readonly string[],
  ): Started;
  /** The worker's one line. */
  report(worker: Started): Promise<WorkerReport>;
  /** Runs a program of the tests with the scenario's environment. */
  start(program: readonly string[], env?: Readonly<Record<string, string>>): Started;
  cli(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  session(): Promise<Session>;
  lease(): Promise<{ readonly lease: Lease | undefined; readonly now: number }>;
  events(): Promise<StoredEvent[]>;
  /** How often the store says that each step was completed. */
  completions(): Promise<number[]>;
  /** The agent that works on it now, once its prompt was taken. */
  workingAgent(): Promise<AgentGroup>;
  /** Lines of a file in the agents' folder. */
  lines(name: string): string[];
  /** Lets the agents finish their steps. */
  letAgentsFinish(): void;
  /** Processes of this scenario that run, the CLI's and its workers' included. */
  running(): number[];
  agents(): number[];
  leaseIsOver(): Promise<void>;
}

/** A run that has not begun. `agent` is the command of its agents, without the folder that it gets as first argument. */
export async function givenRun(
  options: {
    readonly agent?: readonly string[];
    readonly mode?: string;
    readonly steps?: number;
    /** A libSQL server to keep the store on, instead of a file. */
    readonly url?: string;
  } = {},
): Promise<GivenRun> {
  const { agent = [join(import.meta.dirname, "../../fixtures/races/agent.sh")], mode = "gentle", steps = 2 } = options;
  const home = mkdtempSync(join(tmpdir(), "ouroboros-races-"));
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-races-work-"));
  const run = crypto.randomUUID();
  const command = ["/usr/bin/env", `${RUN_VARIABLE}=${run}`, `${RUN_VARIABLE}_AGENT=${run}`, ...agent, folder, mode];
  writeFileSync(join(home, "config.yaml"), JSON.stringify({ runtimes: { test: { command } } }));
  const path = join(home, "ouroboros.db");
  const target: StoreTarget =
    options.url === undefined
      ? { kind: "file", path, createFolder: false }
      : { kind: "remote", url: options.url, token: undefined };
  const store = await openStore(target, { readOnly: false, create: true });
  const context = createSessionContext(store, home, DEFAULT_POLICY, { chosen: "test", commands: { test: command } });
  const [sessionId, executionId] = [newShortId("orch"), newShortId("exec")];
  const seed = JSON.stringify({
    goal: "Race",
    acceptance_criteria: Array.from({ length: steps }, (_, index) => `Criterion ${index + 1}`),
    metadata: { seed_id: newShortId("seed") },
  });
  const children: ChildProcess[] = [];

  return {
    home,
    folder,
    sessionId,
    executionId,
    context,
    start,
    startWorker(kind, env = {}, under = []) {
      const worker = start([MAIN, "worker"], env, under);
      worker.child.stdin?.end(JSON.stringify(order(kind)));
      return worker;
    },
    async report(worker) {
      await until(() => worker.said.length > 0 || worker.child.exitCode !== null, "the worker says how it begins");
      return JSON.parse(worker.said[0] ?? '"nothing"');
    },
    cli(args, env = {}) {
      const child = spawn(process.execPath, ["--no-env-file", MAIN, ...args], { cwd: home, env: envOf(env) });
      children.push(child);
      child.stdin.end();
      return finished(child);
    },
    async session() {
      const loaded = await loadSession(store, sessionId);
      if (!loaded) throw new Error("There is no session");
      return loaded.session;
    },
    lease: () => readLease(store, sessionId),
    events: () => allEvents(store),
    async completions() {
      const done = (await allEvents(store)).filter(({ event_type }) => event_type === STEP_COMPLETED);
      return Array.from(
        { length: steps },
        (_, index) => done.filter(({ payload }) => payload.ac_index === index).length,
      );
    },
    async workingAgent() {
      let open: AgentGroup[] = [];
      await until(async () => {
        open = await readOpenAgents(store, executionId);
        return open.length === 1 && linesOf("begun").length > 0;
      }, "an agent works");
      const [group] = open;
      if (!group) throw new Error("There is no agent");
      return group;
    },
    lines: linesOf,
    letAgentsFinish: () => writeFileSync(join(folder, "go"), ""),
    running: () => marked(RUN_VARIABLE, run),
    agents: () => marked(`${RUN_VARIABLE}_AGENT`, run),
    leaseIsOver: () =>
      until(async () => {
        const { lease, now } = await readLease(store, sessionId);
        return (lease?.expiresAt ?? 0) < now;
      }, "the lease is over"),
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      // Agents end with their guards; what was frozen or has lost its guard does not.
      await until(() => {
        for (const pid of marked(RUN_VARIABLE, run)) send(pid, "SIGKILL");
        return marked(RUN_VARIABLE, run).length === 0;
      }, "everything the test started is gone");
      await store[Symbol.asyncDispose]();
      for (const one of [home, folder]) rmSync(one, { recursive: true, force: true, maxRetries: 5 });
    },
  };

  function order(kind: "begin" | "resume"): WorkerOrder {
    const host = { host_session_id: null, project_dir: null };
    const common = { session_id: sessionId, job_id: newShortId("job"), by: "test", seed, runtime: "test", cwd: folder };
    return kind === "begin"
      ? { kind, execution_id: executionId, ...common, host }
      : { kind, force: false, ...common, host };
  }

  function envOf(env: Readonly<Record<string, string>>): Record<string, string> {
    const where = options.url === undefined ? {} : { OUROBOROS_DATABASE_URL: options.url };
    return environment(home, {
      ...where,
      _OUROBOROS_LEASE_SECONDS: String(LEASE_SECONDS),
      [RUN_VARIABLE]: run,
      ...env,
    });
  }

  function start(
    program: readonly string[],
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ): Started {
    const [first = "", ...args] = [...under, process.execPath, "--no-env-file", ...program];
    const child = spawn(first, args, {
      cwd: home,
      env: envOf(env),
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    const said: string[] = [];
    createInterface(child.stdout).on("line", (line) => said.push(line));
    const ended = new Promise<Awaited<Started["ended"]>>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    return { child, pid: child.pid ?? 0, said, ended };
  }

  function linesOf(name: string): string[] {
    const file = join(folder, name);
    if (!statSync(file, { throwIfNoEntry: false })) return [];
    return readFileSync(file, "utf8").trimEnd().split("\n");
  }
}

/** Whether the system has stopped a process, or holds it until a stopped child of it has become another program (vfork). */
export function isFrozen(pid: number): boolean {
  const state = readProcessStat(pid)?.state;
  if (state !== "D") return state === "T";
  return (listProcesses("") ?? []).some((one) => one.parent === pid && one.state === "T");
}

/** Stops processes, those that they start meanwhile included, and waits until the system says so of all of them. */
export function freeze(find: () => readonly number[]): Promise<void> {
  return until(() => {
    const moving = find().filter((pid) => !isFrozen(pid));
    for (const pid of moving) send(pid, "SIGSTOP");
    return moving.length === 0;
  }, "everybody is frozen");
}
