import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a request was answered with: a result or an error, never both. */
export interface RpcReply<Result = Record<string, unknown>> {
  readonly result?: Result;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

export interface RpcServer extends AsyncDisposable {
  readonly pid: number;
  /** Every stdout line so far, protocol or not. */
  readonly lines: readonly string[];
  /** The stdout lines that are no JSON-RPC message: empty for a server that keeps stdout pure. */
  impureLines(): string[];
  stderr(): string;
  readonly exited: Promise<Exit>;
  request<Result = Record<string, unknown>>(
    method: string,
    params?: object,
    options?: { timeout?: number },
  ): Promise<RpcReply<Result>>;
  notify(method: string, params?: object): void;
  /** Puts text on the server's stdin as it stands, line end included or not. */
  write(text: string): void;
  closeStdin(): void;
  kill(signal?: NodeJS.Signals): void;
}

export interface ServerCommand {
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment: nothing is inherited when it is given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Starts a stdio server and speaks newline-delimited JSON-RPC with it, no SDK between. */
export function startServer({ command, args = [], env, cwd }: ServerCommand): RpcServer {
  const child = spawn(command, args, { stdio: "pipe", ...(env && { env }), ...(cwd && { cwd }) });
  // Without a listener a failed spawn would be thrown from the event loop; the missing pid below says it better.
  child.on("error", () => {});
  // A server that is gone already makes a write fail; the pending request reports that, with the exit.
  child.stdin.on("error", () => {});
  const { pid } = child;
  if (pid === undefined) throw new Error(`Cannot start server "${command}": no such program, or not executable`);

  const lines: string[] = [];
  const waiting = new Map<number, (reply: RpcReply) => void>();
  let errors = "";
  let nextId = 1;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  onLine(child.stdout, (line) => {
    lines.push(line);
    const message = parseMessage(line);
    if (message === undefined || "method" in message || typeof message.id !== "number") return;
    waiting.get(message.id)?.(message as RpcReply);
  });

  const exited = exitOf(child);
  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  };

  return {
    pid,
    lines,
    exited,
    impureLines: () => lines.filter((line) => parseMessage(line) === undefined),
    stderr: () => errors,
    notify: (method, params) => send({ method, params }),
    write: (text) => void child.stdin.write(text),
    closeStdin: () => void child.stdin.end(),
    kill: (signal = "SIGTERM") => void child.kill(signal),
    async request<Result>(method: string, params?: object, { timeout = 10_000 } = {}) {
      const id = nextId++;
      const limit = new AbortController();
      const answered = new Promise<RpcReply>((resolve) => waiting.set(id, resolve));
      send({ id, method, params });
      try {
        const reply = await Promise.race([
          answered,
          exited.then((exit) => failed(method, `server ended with ${JSON.stringify(exit)}`)),
          delay(timeout, undefined, { signal: limit.signal }).then(() => failed(method, `no answer in ${timeout} ms`)),
        ]);
        return reply as RpcReply<Result>; // the caller names the shape that it is about to check
      } finally {
        waiting.delete(id);
        limit.abort();
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };

  function failed(method: string, reason: string): never {
    throw new Error(
      `Cannot get an answer to "${method}": ${reason}; stderr ends ${JSON.stringify(errors.slice(-500))}`,
    );
  }
}

/** Waits for the exit and then for the pipes, but not long: a process started by the server may hold them open. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  const closed = once(child, "close");
  const [code, signal] = (await once(child, "exit")) as [Exit["code"], Exit["signal"]];
  await Promise.race([closed, delay(500, undefined, { ref: false })]);
  return { code, signal };
}

function onLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) take(part);
  });
  stream.on("end", () => {
    if (rest !== "") take(rest);
  });
}

function parseMessage(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("jsonrpc" in value)) return undefined;
    return value as Record<string, unknown>; // an object was just proved
  } catch {
    return undefined; // not JSON is the answer, not an error
  }
}
