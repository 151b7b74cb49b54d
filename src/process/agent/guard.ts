import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, statSync, writeSync } from "node:fs";
import { delay } from "../../base/delay.ts";
import { messageOf } from "../../base/errors.ts";
import { failpoint } from "../../base/failpoint.ts";
import { logLine } from "../../base/log.ts";
import { MARKER_VARIABLE } from "../process-list.ts";
import { standBack } from "../stand-back.ts";
import { readStartTicks } from "../start-ticks.ts";
import { type AgentTree, agentTree, endTree } from "./agent-tree.ts";
import { GuardOrder, type GuardReport, parseLine, readLines } from "./guard-protocol.ts";
import { createTrust } from "./trust.ts";

type StartOrder = Extract<GuardOrder, { order: "start" }>;

/** The descriptors the guard is handed for the agent; 0 and 1 are its own channel to the worker, 2 its own complaints. */
const AGENT_DESCRIPTORS = { stdin: 3, stdout: 4, stderr: 5 } as const;

const GRACE_WITHOUT_WORKER_MS = 2_000;
const KILL_DEADLINE_MS = 60_000;
/** Bounded, as a parent that waits for a suspended child's exec (vfork) is held without ever being called stopped. */
const STOPPING_ROUNDS = 50;
const STOPPING_PAUSE_MS = 10;
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * The process between a worker and one agent. It starts the agent, suspends it while the worker's lease is not
 * trusted, and ends it with everything it started when told to, or when the worker is gone. It ends after them.
 */
export async function runGuard(argv: readonly string[]): Promise<number> {
  if (argv.length > 0 || process.stdin.isTTY) {
    logLine("guard: started by a worker for each agent it runs, of no use by hand");
    return 2;
  }
  const ended = Promise.withResolvers<number>();
  const trust = createTrust(suspend, resume);
  let running: AgentTree | undefined;
  let ending: ReturnType<typeof endTree> | undefined;
  let suspended = false;
  let over = false;

  for (const signal of SIGNALS) process.on(signal, () => stop(GRACE_WITHOUT_WORKER_MS));
  readLines(process.stdin, take, () => stop(GRACE_WITHOUT_WORKER_MS));
  const code = await ended.promise;
  trust.close();
  return code;

  function take(line: string): void {
    const order = parseLine(GuardOrder, line);
    if (order === null) {
      logLine("guard: an order that is none; ending the agent");
      stop(GRACE_WITHOUT_WORKER_MS);
    } else if (order.order === "stop") stop(order.grace_ms);
    else if (order.order === "trust") trust.extend(order.trust_ms, order.at);
    else if (running === undefined && !over) start(order);
  }

  function start(order: StartOrder): void {
    let agent: ChildProcess;
    try {
      agent = spawnAgent(order);
    } catch (error) {
      fail(error);
      return;
    }
    const { pid } = agent;
    agent.on("error", (error) => {
      if (pid === undefined) fail(error);
    });
    if (pid === undefined) return;
    standBack(pid, "agent");
    const startTicks = readStartTicks(pid);
    const tree = agentTree({ pid, startTicks, marker: order.marker }, { ownChild: true });
    agent.on("exit", (code, signal) => void cleanUp(tree, code, signal));
    running = tree;
    trust.extend(order.trust_ms, order.at);
    report({ report: "started", pid, start_ticks: startTicks });
  }

  function fail(error: unknown): void {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    report({ report: "failed", code, message: messageOf(error) });
    finish(0);
  }

  function stop(graceMs: number): void {
    if (running === undefined) {
      finish(0);
      return;
    }
    void end(running, graceMs).then((outcome) => {
      // Otherwise the agent's exit, which this has brought about, ends the guard.
      if (outcome === "left") finish(1);
    });
  }

  async function cleanUp(tree: AgentTree, code: number | null, signal: string | null): Promise<void> {
    const leftBehind = ending === undefined ? tree.find().running.length : 0;
    if ((await end(tree, GRACE_WITHOUT_WORKER_MS)) === "left") {
      finish(1);
      return;
    }
    failpoint("guard:report:before");
    report({ report: "ended", code, signal, left_behind: leftBehind });
    failpoint("guard:report:after");
    finish(0);
  }

  function end(tree: AgentTree, graceMs: number): ReturnType<typeof endTree> {
    trust.close();
    // Whoever may not be trusted any more may have been replaced: what was suspended is not woken to end in its own way.
    ending ??= endTree(tree, { graceMs: suspended ? 0 : graceMs, deadlineMs: KILL_DEADLINE_MS });
    suspended = false;
    return ending;
  }

  function finish(code: number): void {
    over = true;
    ended.resolve(code);
  }

  function suspend(): void {
    if (running === undefined || suspended) return;
    suspended = true;
    void holdStill(running);
  }

  /** Until it is seen to stand still: who is in the middle of a fork stops only after it. */
  async function holdStill(tree: AgentTree): Promise<void> {
    failpoint("guard:suspend:before");
    for (let round = 0, still = 0; suspended && round < STOPPING_ROUNDS && still < 2; round++) {
      tree.signal("SIGSTOP");
      still = tree.find().moving === 0 ? still + 1 : 0;
      await delay(STOPPING_PAUSE_MS);
    }
    failpoint("guard:suspend:after");
  }

  function resume(): void {
    if (running === undefined || !suspended) return;
    suspended = false;
    failpoint("guard:resume:before");
    running.signal("SIGCONT");
    failpoint("guard:resume:after");
  }
}

function report(report: GuardReport): void {
  try {
    writeSync(process.stdout.fd, `${JSON.stringify(report)}\n`);
  } catch {
    // The worker is gone: its end of the other direction has said so.
  }
}

function spawnAgent(order: StartOrder): ChildProcess {
  const [program = "", ...args] = order.command;
  const { stdin, stdout, stderr } = AGENT_DESCRIPTORS;
  // The system's own answer to a missing folder would name the program.
  if (!isFolder(order.cwd)) throw Object.assign(new Error(`${order.cwd} is not a folder`), { code: "cwd" });
  failpoint("guard:spawn:before");
  const agent = spawn(program, args, {
    cwd: order.cwd,
    env: { ...order.env, [MARKER_VARIABLE]: order.marker },
    detached: process.platform !== "win32",
    stdio: [stdin, stdout, stderr],
    windowsHide: true,
  });
  failpoint("guard:spawn:after");
  // Ours would keep the worker from seeing the agent close them.
  for (const descriptor of [stdin, stdout, stderr]) closeSync(descriptor);
  return agent;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
