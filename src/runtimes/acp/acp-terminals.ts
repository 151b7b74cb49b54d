import { randomUUID } from "node:crypto";
import type {
  CreateTerminalRequest,
  CreateTerminalResponse,
  TerminalExitStatus,
  TerminalOutputResponse,
} from "@agentclientprotocol/sdk";
import { RequestError } from "@agentclientprotocol/sdk";
import { messageOf } from "../../base/errors.ts";
import { type GuardedAgent, startGuarded } from "../../process/agent/guarded-agent.ts";
import type { Task } from "../runtime.ts";
import { createTail, type Tail } from "./output-tail.ts";
import { insideFolder } from "./work-folder.ts";

interface Terminal {
  readonly agent: GuardedAgent;
  readonly tail: Tail;
  /** Once the command and all it started are gone and everything they said was taken. */
  readonly exited: Promise<TerminalExitStatus>;
  exit: TerminalExitStatus | null;
}

const MOST_TERMINALS = 32;
const MOST_OUTPUT = 2 ** 20;
const KILL_GRACE_MS = 2_000;
const NEEDS_SHELL = /[\s|&;<>()$`"'*?[\]#~%!]/;

/**
 * Runs the commands an agent asks for in the work folder. Each has a guard of its own, so that it is suspended, woken
 * and ended as the agent is, and is gone when the run is.
 */
export function createTerminals(options: {
  root: string;
  access: Task["access"];
  env: Readonly<Record<string, string>>;
  trustMs: number;
  onOutput: () => void;
}) {
  const { root, access } = options;
  const terminals = new Map<string, Terminal>();
  const starting = new Set<Promise<unknown>>();
  let trust = { ms: options.trustMs, at: performance.now() };
  let closed = false;
  return { create, output, waitForExit, kill, release, extendTrust, close };

  async function create(request: CreateTerminalRequest): Promise<CreateTerminalResponse> {
    if (access !== "write") throw refused("this task runs no commands");
    if (closed) throw refused("the run is over");
    if (terminals.size + starting.size >= MOST_TERMINALS) throw refused(`there are ${MOST_TERMINALS} already`);
    const cwd = insideFolder(root, request.cwd ?? root);
    if (cwd === null) throw refused(`${request.cwd} is outside the work folder`);
    const start = startTerminal(request, cwd);
    starting.add(start);
    try {
      const terminal = await start;
      const terminalId = `terminal_${randomUUID()}`;
      terminals.set(terminalId, terminal);
      return { terminalId };
    } finally {
      starting.delete(start);
    }
  }

  async function startTerminal(request: CreateTerminalRequest, cwd: string): Promise<Terminal> {
    const named = (request.env ?? []).map(({ name, value }) => [name, value] as const);
    const env = { ...options.env, ...Object.fromEntries(named) };
    const remainingMs = Math.max(0, trust.ms - (performance.now() - trust.at));
    const command = commandOf(request);
    const agent = await startGuarded({ command, cwd, env, trustMs: remainingMs }).catch((error: unknown) => {
      throw refused(messageOf(error));
    });
    agent.stdin.end();
    agent.trust(Math.max(0, trust.ms - (performance.now() - trust.at)));
    const longest = Math.min(request.outputByteLimit ?? MOST_OUTPUT, MOST_OUTPUT);
    const tail = createTail(longest);
    const terminal: Terminal = { agent, tail, exit: null, exited: follow() };
    return terminal;

    async function follow(): Promise<TerminalExitStatus> {
      for await (const chunk of agent.output) {
        tail.add(chunk);
        options.onOutput();
      }
      const { code, signal } = await agent.ended;
      // Where the shell could not put both into one.
      if (process.platform === "win32") tail.add(Buffer.from(agent.errorTail()));
      terminal.exit = { exitCode: code, signal };
      return terminal.exit;
    }
  }

  function output({ terminalId }: { terminalId: string }): TerminalOutputResponse {
    const { tail, exit } = find(terminalId);
    return { output: tail.text(), truncated: tail.truncated(), exitStatus: exit };
  }

  function waitForExit({ terminalId }: { terminalId: string }): Promise<TerminalExitStatus> {
    return find(terminalId).exited;
  }

  async function kill({ terminalId }: { terminalId: string }): Promise<Record<string, never>> {
    const terminal = find(terminalId);
    await terminal.agent.stop(KILL_GRACE_MS);
    await terminal.exited;
    return {};
  }

  async function release({ terminalId }: { terminalId: string }): Promise<Record<string, never>> {
    const { agent } = find(terminalId);
    terminals.delete(terminalId);
    // Still one of ours until it is gone: the end of the run waits for it.
    const gone = agent.stop(KILL_GRACE_MS);
    starting.add(gone);
    await gone.finally(() => starting.delete(gone));
    return {};
  }

  function extendTrust(ms: number): void {
    trust = { ms, at: performance.now() };
    for (const { agent } of terminals.values()) agent.trust(ms);
  }

  /** Ends whatever runs and lets nothing new begin. */
  async function close(graceMs: number): Promise<void> {
    closed = true;
    while (starting.size + terminals.size > 0) {
      const running = [...terminals.values()];
      terminals.clear();
      await Promise.allSettled([...starting, ...running.map(({ agent }) => agent.stop(graceMs))]);
    }
  }

  function find(terminalId: string): Terminal {
    const terminal = terminals.get(terminalId);
    if (terminal === undefined) throw RequestError.resourceNotFound(terminalId);
    return terminal;
  }
}

/** Both outputs as one. Some agents send a program and its arguments, some a line for the shell. */
function commandOf({ command, args = [] }: CreateTerminalRequest): string[] {
  const isLine = args.length === 0 && NEEDS_SHELL.test(command);
  if (process.platform === "win32") return isLine ? ["cmd.exe", "/d", "/s", "/c", command] : [command, ...args];
  if (isLine) return ["/bin/sh", "-c", `exec 2>&1\n${command}`];
  return ["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", command, ...args];
}

function refused(why: string): RequestError {
  return RequestError.invalidParams(undefined, `the command is refused: ${why}`);
}
