import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type RpcReply, type RpcServer, startServer } from "./json-rpc-client.ts";

/** The compiled binary under test. */
export const BINARY = join(import.meta.dirname, "../../../dist/ouroboros");

/** What a tool call was answered with. */
export interface CallAnswer {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly _meta?: { readonly "ouroboros/error"?: CallError };
}

export interface CallError {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly [fact: string]: unknown;
}

export interface StartOptions {
  readonly home: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly binary?: string;
}

/** Starts `mcp serve` with nothing in its environment but a home and what is given. */
export function startOuroboros({ home, args = [], env = {}, cwd = home, binary = BINARY }: StartOptions): RpcServer {
  if (!existsSync(binary)) throw new Error(`Cannot test ${binary}: build it first ("bun run build")`);
  return startServer({ command: binary, args: ["mcp", "serve", ...args], env: { HOME: home, ...env }, cwd });
}

/** The handshake of the 2024–2025 era; the version the server settled on. */
export async function handshake(server: RpcServer, protocolVersion = "2025-11-25"): Promise<string> {
  const clientInfo = { name: "test", version: "1" };
  const reply = await server.request<{ protocolVersion: string }>("initialize", {
    protocolVersion,
    capabilities: {},
    clientInfo,
  });
  server.notify("notifications/initialized");
  return resultOf(reply).protocolVersion;
}

/** Calls a tool; a protocol error fails the test, an answer with `isError` does not. */
export async function callTool(
  server: RpcServer,
  name: string,
  args: unknown = {},
  timeout?: number,
): Promise<CallAnswer> {
  const options = timeout === undefined ? {} : { timeout };
  return resultOf(await server.request<CallAnswer>("tools/call", { name, arguments: args }, options));
}

/** The error that a refused call carries for programs. */
export function errorOf(answer: CallAnswer): CallError {
  const error = answer._meta?.["ouroboros/error"];
  if (!answer.isError || !error) throw new Error(`Expected a refused call, got ${JSON.stringify(answer)}`);
  return error;
}

/** The start-up receipt as the server shows it now. */
export async function readReceipt(server: RpcServer): Promise<{ phase: string; [key: string]: unknown }> {
  const reply = await server.request<{ contents: { text: string }[] }>("resources/read", {
    uri: "ouroboros://startup",
  });
  return JSON.parse(resultOf(reply).contents[0]?.text ?? "");
}

/** Waits until the start-up has come to one of the phases. */
export async function untilPhase(server: RpcServer, phases: readonly string[], limit = 20_000): Promise<string> {
  const deadline = performance.now() + limit;
  for (;;) {
    const { phase } = await readReceipt(server);
    if (phases.includes(phase)) return phase;
    if (performance.now() > deadline) throw new Error(`Still ${phase} after ${limit} ms; stderr: ${server.stderr()}`);
    await delay(20);
  }
}

/** The result of a reply that must not be an error. */
export function resultOf<Result>(reply: RpcReply<Result>): Result {
  if (reply.result === undefined) throw new Error(`Expected a result, got ${JSON.stringify(reply)}`);
  return reply.result;
}
