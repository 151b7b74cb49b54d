import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { messageOf, OuroborosError } from "../../base/errors.ts";
import { failpoint } from "../../base/failpoint.ts";
import { ownIdentity } from "../identity.ts";
import { neutralFolder } from "../neutral-folder.ts";
import { selfCommand } from "../self-command.ts";
import { standBackAsSession } from "../stand-back.ts";
import { readStartTicks } from "../start-ticks.ts";
import { drain, keepTail } from "./agent-output.ts";
import { agentTree, endTree } from "./agent-tree.ts";
import { type GuardOrder, GuardReport, parseLine, readLines } from "./guard-protocol.ts";
import type { AgentGroup } from "./process-tree.ts";

export interface AgentEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** How many processes it left behind when it ended by itself; they were ended, too. */
  readonly leftBehind: number;
}

export interface GuardedAgent {
  readonly group: AgentGroup;
  /** Gives the agent its prompt and closes its stdin. Nothing was asked of it before. */
  send(prompt: string): void;
  /** For agents that must find it open until they have answered; errors on it are no news. */
  readonly stdin: Writable;
  /** Its output as it comes; to be read to its end or left early, what is not taken is let go. */
  readonly output: AsyncIterable<Uint8Array>;
  /** The end of what it wrote to stderr. */
  readonly errorTail: () => string;
  /** Resolves when nothing more can come on stderr; never rejects. */
  readonly errorsEnded: Promise<void>;
  /** Extends the time it may go on without hearing from us. */
  trust(ms: number): void;
  /** Resolves when the agent and everything it started are gone; never rejects. */
  readonly ended: Promise<AgentEnd>;
  /** Ends it and everything it started. */
  stop(graceMs?: number): Promise<AgentEnd>;
  /** Closes our ends of its pipes, whoever still holds the others. */
  letGo(): void;
}

const GRACE_MS = 5_000;
const GRACE_WITHOUT_GUARD_MS = 2_000;
const KILL_DEADLINE_MS = 10_000;
/** How much longer than the grace a guard may take before it is taken for frozen. */
const GUARD_MARGIN_MS = 3_000;
const GUARD_PATIENCE_MS = 60_000;
const ERROR_TAIL_BYTES = 64 * 2 ** 10;

/** Starts an agent under a guard: suspended while our lease is not trusted, ended when this process is gone. */
export async function startGuarded(options: {
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  trustMs: number;
}): Promise<GuardedAgent> {
  const marker = randomUUID();
  const { guard, orders, reports, agent } = startGuard();
  const started = Promise.withResolvers<Extract<GuardReport, { report: "started" | "failed" }>>();
  const end = Promise.withResolvers<AgentEnd>();
  let reported: AgentEnd | undefined;
  let asked = false;
  let leader: { pid: number; startTicks: string | null } | undefined;

  readLines(reports, take, () => {});
  guard.on("error", (error) => void guardGone(`could not be started: ${error.message}`));
  guard.on("exit", (code, signal) => void guardGone(`ended (${signal ?? `code ${code}`})`));
  const errorTail = keepTail(agent.stderr, ERROR_TAIL_BYTES);
  const errorsEnded = closed(agent.stderr);
  agent.stdin.on("error", () => {}); // It ended without reading: its end says more.
  orders.on("error", () => {}); // The guard is gone: its exit says so.

  const patience = setTimeout(() => guard.kill("SIGKILL"), GUARD_PATIENCE_MS);
  const { command, cwd } = options;
  const env = { ...options.env, _OUROBOROS_NESTED: "1", _OUROBOROS_DEPTH: String(depthOf(options.env) + 1) };
  tell({ order: "start", command: [...command], cwd, env, marker, trust_ms: options.trustMs, at: Date.now() });
  const answer = await started.promise;
  clearTimeout(patience);
  if (answer.report === "failed") throw notStarted(options, answer.code, answer.message);

  const { machine, boot, pid_namespace } = ownIdentity();
  const { pid, start_ticks } = answer;
  const guardPid = guard.pid ?? 0;
  return {
    group: {
      machine,
      boot,
      pid_namespace,
      pid,
      start_ticks,
      marker,
      guard_pid: guardPid,
      guard_start_ticks: readStartTicks(guardPid),
    },
    send: (prompt) => void agent.stdin.end(prompt),
    stdin: agent.stdin,
    output: drain(agent.stdout),
    errorTail,
    errorsEnded,
    trust: (ms) => tell({ order: "trust", trust_ms: ms, at: Date.now() }),
    ended: end.promise,
    stop: (graceMs = GRACE_MS) => {
      failpoint("guarded-agent:stop:before");
      tell({ order: "stop", grace_ms: graceMs });
      failpoint("guarded-agent:stop:after");
      asked = true;
      const frozen = setTimeout(() => guard.kill("SIGKILL"), graceMs + GUARD_MARGIN_MS);
      return end.promise.finally(() => clearTimeout(frozen));
    },
    letGo: () => {
      for (const stream of [agent.stdin, agent.stdout, agent.stderr]) stream.destroy();
    },
  };

  function take(line: string): void {
    const report = parseLine(GuardReport, line);
    if (report === null) return;
    if (report.report === "ended") {
      reported = { code: report.code, signal: report.signal, leftBehind: report.left_behind };
      return;
    }
    if (report.report === "started") leader = { pid: report.pid, startTicks: report.start_ticks };
    started.resolve(report);
  }

  function tell(order: GuardOrder): void {
    if (orders.writable) orders.write(`${JSON.stringify(order)}\n`);
  }

  /** The guard ends after everything it guards; where it did not get so far, its work is finished here. */
  async function guardGone(how: string): Promise<void> {
    // What it said last may still be on its way.
    await closed(reports);
    if (reported === undefined) await finishItsWork();
    started.resolve({ report: "failed", code: "guard", message: `its guard ${how}` });
    end.resolve(reported ?? { code: null, signal: null, leftBehind: 0 });
  }

  async function finishItsWork(): Promise<void> {
    const tree = agentTree({ pid: leader?.pid ?? null, startTicks: leader?.startTicks ?? null, marker });
    failpoint("guarded-agent:end:before");
    const graceMs = asked ? 0 : GRACE_WITHOUT_GUARD_MS;
    while ((await endTree(tree, { graceMs, deadlineMs: KILL_DEADLINE_MS })) === "left");
    failpoint("guarded-agent:end:after");
  }
}

/** The guard leads a session of its own: what ends this process's group leaves it to clean up. */
function startGuard(): {
  guard: ChildProcess;
  orders: Writable;
  reports: Readable;
  agent: { stdin: Writable; stdout: Readable; stderr: Readable };
} {
  if ("deno" in process.versions)
    throw new OuroborosError(
      "agent_not_started",
      "Deno cannot hand its own pipes on to another process, so no agent can be guarded.",
      "Use the ouroboros executable, or start it with Bun or Node.",
    );
  const guard = spawnGuard();
  // Node's types end before the sixth.
  const [orders, reports, , stdin, stdout, stderr] = guard.stdio as readonly unknown[];
  return {
    guard,
    orders: orders as Writable,
    reports: reports as Readable,
    agent: { stdin: stdin as Writable, stdout: stdout as Readable, stderr: stderr as Readable },
  };
}

function spawnGuard(): ChildProcess {
  const { program, args } = selfCommand(["guard"]);
  try {
    failpoint("guarded-agent:spawn:before");
    const guard = spawn(program, args, {
      cwd: neutralFolder(),
      env: guardEnvironment(),
      detached: true,
      stdio: ["pipe", "pipe", "inherit", "pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    failpoint("guarded-agent:spawn:after");
    if (guard.pid !== undefined) standBackAsSession(guard.pid);
    return guard;
  } catch (error) {
    throw new OuroborosError(
      "agent_not_started",
      `The guard of an agent could not be started: ${messageOf(error)}`,
      "Close some programs, then try again.",
      error,
    );
  }
}

/** Whatever a worker holds for its agents is none of their guard's business. */
function guardEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => GUARDS.test(name)));
}

/** What a program needs to be loaded and run, and our own variables but for the store's. */
const GUARDS =
  /^((PATH|LD_\w+|DYLD_\w+|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SystemRoot|COMSPEC|APPDATA|LOCALAPPDATA|USERPROFILE)$|_?OUROBOROS_(?!DATABASE))/i;

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed || stream.readableEnded || stream.errored) return resolve();
    for (const event of ["end", "close", "error"]) stream.once(event, () => resolve());
  });
}

function depthOf(env: Readonly<Record<string, string>>): number {
  const depth = Number(env._OUROBOROS_DEPTH ?? process.env._OUROBOROS_DEPTH ?? 0);
  return Number.isInteger(depth) && depth >= 0 ? depth : 0;
}

function notStarted(options: { command: readonly string[]; cwd: string }, code: string, why: string): OuroborosError {
  const [program = ""] = options.command;
  return new OuroborosError("agent_not_started", `The agent ${program} could not be started: ${why}`, nextStep());

  function nextStep(): string {
    if (code === "cwd") return `Make sure that ${options.cwd} is a folder that may be entered.`;
    if (code === "ENOENT") return `Install ${program}, or give its full path in the configuration.`;
    if (code === "EACCES") return `Make ${program} executable for this user.`;
    return "Run `ouroboros doctor`, then try again.";
  }
}
