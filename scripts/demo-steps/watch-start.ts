import { setTimeout as delay } from "node:timers/promises";
import { type RpcServer, startServer } from "../../tests/e2e/support/json-rpc-client.ts";
import { readReceipt, type StartReceipt } from "../bench/servers.ts";
import { DEMO, DEMO_ENV } from "./demo-place.ts";

/** When things happened, in milliseconds since the server was spawned, as its client saw them. */
export interface Watched {
  readonly firstAnswer: number;
  readonly toolsList: number;
  readonly ready: number;
  readonly settled: number;
  readonly tools: readonly string[];
  readonly receipt: StartReceipt;
}

const PATIENCE_MS = 60_000;

/** Starts the server as a host does. */
export function startDemoServer(): RpcServer {
  return startServer({ command: DEMO.program, args: ["mcp", "serve"], env: DEMO_ENV, cwd: DEMO.home });
}

/** Shakes hands, lists the tools and follows the start-up resource until the clean-up has settled. */
export async function watchStart(server: RpcServer, began: number, say: (line: string) => void): Promise<Watched> {
  const since = () => performance.now() - began;
  const clientInfo = { name: "ouroboros-demo", version: "1" };
  await ask(server, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  const firstAnswer = since();
  server.notify("notifications/initialized");
  const { tools } = await ask<{ tools: { name: string }[] }>(server, "tools/list");
  const toolsList = since();
  let ready: number | undefined;
  for (let phase = ""; ; await delay(2)) {
    const receipt = await readReceipt(server);
    if (receipt.phase !== phase) say(`${since().toFixed(0).padStart(6)} ms  ouroboros://startup says ${receipt.phase}`);
    phase = receipt.phase;
    if (receipt.ready_at !== null) ready ??= since();
    if (receipt.settled_at !== null) {
      const names = tools.map(({ name }) => name);
      return { firstAnswer, toolsList, ready: ready ?? since(), settled: since(), tools: names, receipt };
    }
    if (since() > PATIENCE_MS) throw new Error(`The server has not settled: ${server.stderr()}`);
  }
}

/** What the demo needs of a status answer. */
export interface StatusFacts {
  readonly status: string;
  readonly liveness: string;
  readonly why: string;
  /** Why it ended or was paused, where that is on record. */
  readonly reason: string | null;
}

interface StatusAnswer {
  readonly content: readonly { readonly text?: string }[];
  readonly structuredContent?: StatusFacts;
}

/** The status of a session as the tool answers it: its text for people, and the facts behind it. */
export async function askStatus(server: RpcServer, sessionId: string): Promise<{ text: string; facts: StatusFacts }> {
  const params = { name: "ouroboros_session_status", arguments: { session_id: sessionId } };
  const { content, structuredContent: facts } = await ask<StatusAnswer>(server, "tools/call", params);
  const text = content[0]?.text;
  if (text === undefined || facts === undefined) throw new Error(`The status of ${sessionId} came back empty`);
  return { text, facts };
}

async function ask<Result>(server: RpcServer, method: string, params?: object): Promise<Result> {
  const { result, error } = await server.request<Result>(method, params);
  if (result === undefined) throw new Error(`${method} was refused: ${error?.message}`);
  return result;
}
