import { expect } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AgentGroup } from "../../src/process/agent/process-tree.ts";
import { readProcessStat } from "../../src/process/process-stat.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/agents");
const RUN_VARIABLE = "OUROBOROS_TEST_RUN";
const DEADLINE_MS = 30_000;

/** One of the scripts in tests/fixtures/agents, as a command. */
export function agentScript(name: string, ...args: string[]): string[] {
  return [join(FIXTURES, name), ...args];
}

/** The processes of one test, recognised by a variable in their environment, and what they left in a folder. */
export function agentTest() {
  const run = crypto.randomUUID();
  const folder = mkdtempSync(join(tmpdir(), "ouroboros-agents-"));
  const env = { PATH: process.env.PATH ?? "", [RUN_VARIABLE]: run };
  // Guards, and whatever else the code under test starts, get it from here.
  process.env[RUN_VARIABLE] = run;
  const children: ChildProcess[] = [];
  return { folder, env, startWorker, startChild, beats, isStill, leftOver, end };

  function startWorker(options: { command: string[]; trustMs?: number; everyMs?: number; failpoint?: string }) {
    const { command, trustMs = 60_000, everyMs = 60_000, failpoint } = options;
    const orders = join(folder, "orders.json");
    writeFileSync(orders, JSON.stringify({ command, cwd: folder, env, trustMs, everyMs }));
    const child = startChild([process.execPath, join(FIXTURES, "worker.ts"), orders], {
      ...(failpoint === undefined ? {} : { OUROBOROS_FAILPOINT: failpoint }),
    });
    const said: { group?: AgentGroup; output?: string; end?: unknown; error?: string }[] = [];
    if (child.stdout) createInterface(child.stdout).on("line", (line) => said.push(JSON.parse(line)));
    return { child, said, group };

    async function group(): Promise<AgentGroup> {
      await until(() => said.some((line) => line.group), "the worker names its agent's group");
      return said.find((line) => line.group)?.group as AgentGroup;
    }
  }

  function startChild(command: readonly string[], more: Record<string, string> = {}): ChildProcess {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
      cwd: folder,
      detached: true,
      env: { ...process.env, ...env, ...more },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  }

  /** How often a member of the family has written since it began. */
  function beats(member: string): number {
    return statSync(join(folder, member), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Whether each process of the agent is stopped by the system's word, or waits for a stopped child to exec (vfork). */
  function isStill(group: AgentGroup): boolean {
    const states = marked("OUROBOROS_AGENT_MARKER", group.marker).map((pid) => readProcessStat(pid)?.state);
    return states.includes("T") && states.every((state) => state === "T" || state === "D");
  }

  function leftOver(): number[] {
    return marked(RUN_VARIABLE, run);
  }

  /** To be called after each test: nothing it started may run any more, now or in a moment. */
  async function end(): Promise<void> {
    for (const child of children) child.kill("SIGKILL");
    try {
      await until(() => leftOver().length === 0, "everything the test started is gone");
    } finally {
      for (const pid of leftOver()) process.kill(pid, "SIGKILL");
      delete process.env[RUN_VARIABLE];
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Polls a condition until it holds; fails with its name when it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) expect().fail(`not in time: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Running processes, this one excepted, with this variable in their environment. */
export function marked(variable: string, value: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isMarked(pid, `${variable}=${value}`));
}

/** Whether the process runs, a zombie not counting. */
export function isRunning(pid: number): boolean {
  return !/^[ZX]?$/.test(readProcessStat(pid)?.state ?? "");
}

/** Sends a signal to a process that may have ended. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile.
  }
}

/** Kills these at once, and returns when they are gone: a process that is still dying counts as alive with everybody. */
export function kill(...pids: readonly number[]): void {
  for (const pid of pids) send(pid, "SIGKILL");
  const deadline = performance.now() + DEADLINE_MS;
  while (pids.some(isRunning)) {
    if (performance.now() > deadline) throw new Error(`Cannot kill ${pids.filter(isRunning).join(", ")}`);
    Bun.sleepSync(1);
  }
}

function isMarked(pid: number, entry: string): boolean {
  try {
    return isRunning(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
  } catch {
    return false;
  }
}
