import { setTimeout as delay } from "node:timers/promises";
import type { Receipt } from "../../src/startup/receipt.ts";
import { type RpcServer, startServer } from "../../tests/e2e/support/json-rpc-client.ts";
import { BARE_SERVER, BENCH_HOME, OUROBOROS } from "./place.ts";

const CLIENT = { name: "bench", version: "1" };

/** The two ways a host may begin, with the parameters it sends. */
export const OPENINGS = {
  initialize: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: CLIENT },
  "server/discover": {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": CLIENT,
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
} as const;
export type Opening = keyof typeof OPENINGS;

const ENV = { HOME: BENCH_HOME, PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin" };

/** Starts the compiled ouroboros on a store. */
export function startOuroboros(store: string): RpcServer {
  return startServer({ command: OUROBOROS, args: ["mcp", "serve", "--db", store], env: ENV, cwd: BENCH_HOME });
}

/** Starts the compiled bare server. */
export function startBare(): RpcServer {
  return startServer({ command: BARE_SERVER, env: ENV, cwd: BENCH_HOME });
}

/** Opens the conversation and insists on an answer that is no error. */
export async function open(server: RpcServer, opening: Opening): Promise<void> {
  const reply = await server.request(opening, OPENINGS[opening], { timeout: 60_000 });
  if (reply.error) throw new Error(`Cannot begin with ${opening}: ${reply.error.message}`);
}

/** Ends a server as a host does, by closing its stdin, and returns how long that took it. */
export async function end(server: RpcServer): Promise<number> {
  const began = performance.now();
  server.closeStdin();
  const limit = new AbortController();
  const late = delay(20_000, "late" as const, { signal: limit.signal }).catch(() => "late" as const);
  const exit = await Promise.race([server.exited, late]);
  limit.abort();
  if (exit !== "late" && exit.code === 0) return performance.now() - began;
  server.kill("SIGKILL");
  throw new Error(`A server did not end well after its stdin was closed: ${JSON.stringify(exit)}\n${server.stderr()}`);
}

/**
 * Waits until the server says on stderr that it has settled, then reads the receipt: the server is not asked
 * before, so that no question of ours is in the figures.
 */
export async function settledReceipt(server: RpcServer): Promise<Receipt> {
  const deadline = performance.now() + 30_000;
  while (!server.stderr().includes("start-up settled")) {
    if (performance.now() > deadline) throw new Error(`A server did not settle: ${server.stderr()}`);
    await delay(2);
  }
  return await readReceipt(server);
}

/** The receipt as it is now. */
export async function readReceipt(server: RpcServer): Promise<Receipt> {
  const params = { uri: "ouroboros://startup" };
  const { result, error } = await server.request<{ contents: { text: string }[] }>("resources/read", params);
  const text = result?.contents[0]?.text;
  if (text === undefined) throw new Error(`Cannot read the start-up receipt: ${error?.message}`);
  return JSON.parse(text);
}
