import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createInterface, type Interface } from "node:readline";
import { openLoopback, readText } from "../../tests/support/loopback-server.ts";

/** How the server behind the bridge is started. */
export interface StdioServer {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface Bridge extends AsyncDisposable {
  readonly url: string;
}

/** What is read of a message; everything else of it passes as it is. */
interface Message {
  readonly id?: unknown;
  readonly method?: string;
}

interface Running {
  readonly child: ChildProcess;
  readonly lines: Interface;
}

const GRACE_MS = 3_000;

/**
 * Puts a stdio server behind HTTP on loopback, for testers that speak nothing else. A session of the older protocols gets a
 * process of its own, and so does each request of the newest one, which knows no sessions: nothing has to be told apart.
 */
export async function openBridge(server: StdioServer): Promise<Bridge> {
  const sessions = new Map<string, Running>();
  const children = new Set<Running>();
  const door = await openLoopback(answer);
  return {
    url: `${door.url}/mcp`,
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await Promise.all([...children].map(end));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = request.headers["mcp-session-id"];
    const session = typeof id === "string" ? sessions.get(id) : undefined;
    if (id !== undefined && session === undefined) return turn(response, 404, "There is no such session");
    if (request.method === "DELETE" && session !== undefined) {
      sessions.delete(String(id));
      await end(session);
      return void response.writeHead(200).end();
    }
    if (request.method !== "POST") return turn(response, 405, "Only POST here");
    const text = await readText(request);
    const message = parse(text);
    if (message === undefined) return turn(response, 400, "Not JSON", -32700);
    if (session === undefined && message.method === "initialize") {
      const opened = randomUUID();
      const running = start();
      sessions.set(opened, running);
      response.setHeader("mcp-session-id", opened);
      return pass(running, text, message, response);
    }
    const running = session ?? start();
    await pass(running, text, message, response);
    if (session === undefined) await end(running);
  }

  function start(): Running {
    const { command, args, env, cwd } = server;
    const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "ignore"] });
    child.on("error", () => {}); // what was asked of it is answered with its end
    child.stdin?.on("error", () => {}); // a server that is gone answers nothing, and the tester sees that
    const running = { child, lines: createInterface({ input: child.stdout }) };
    children.add(running);
    child.on("exit", () => children.delete(running));
    return running;
  }
}

/** Hands one message to the server, and everything it says until it has answered back to the tester. */
function pass({ child, lines }: Running, text: string, message: Message, response: ServerResponse): Promise<void> {
  child.stdin?.write(`${text.replaceAll(/[\r\n]+/g, " ")}\n`);
  if (message.method === undefined || message.id === undefined) {
    response.writeHead(202).end();
    return Promise.resolve();
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  const hear = (line: string) => {
    if (response.writableEnded || response.destroyed) return; // what comes after the answer, or after the tester has left
    const reply = parse(line);
    const isAnswer = reply?.method === undefined && reply?.id === message.id;
    if (isAnswer && !response.headersSent) {
      response.writeHead(200, { "content-type": "application/json" }).end(line);
    } else {
      if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: message\ndata: ${line}\n\n`);
      if (isAnswer) response.end();
    }
  };
  const lost = () => {
    if (response.writableEnded || response.destroyed) return;
    if (response.headersSent) response.end();
    else turn(response, 502, "The server has ended");
  };
  lines.on("line", hear).on("close", lost);
  response.on("close", () => {
    lines.off("line", hear).off("close", lost);
    resolve();
  });
  return promise;
}

async function end({ child }: Running): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.stdin?.end();
  const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  await gone;
  clearTimeout(late);
}

function parse(text: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // not JSON is the answer
  }
}

function turn(response: ServerResponse, status: number, message: string, code = -32000): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } }));
}
