import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Receipt } from "../../src/startup/receipt.ts";
import { DEMO, DEMO_ENV } from "./demo-place.ts";

/** When things happened, in milliseconds since the server was spawned, as its client saw them. */
export interface Watched {
  readonly firstAnswer: number;
  readonly toolsList: number;
  readonly ready: number;
  readonly settled: number;
  readonly tools: readonly string[];
  readonly receipt: Receipt;
}

const PATIENCE_MS = 60_000;

/** Starts the server as a host does, and connects the MCP SDK's own client to it. */
export async function connectToServer(): Promise<Client> {
  const client = new Client({ name: "ouroboros-demo", version: "1" });
  const parameters = { command: DEMO.program, args: ["mcp", "serve"], env: DEMO_ENV, cwd: DEMO.home };
  await client.connect(new StdioClientTransport({ ...parameters, stderr: "ignore" }));
  return client;
}

/** Lists the tools and follows the start-up resource until the clean-up has settled. */
export async function watchStart(began: number, client: Client, say: (line: string) => void): Promise<Watched> {
  const since = () => performance.now() - began;
  const firstAnswer = since();
  const { tools } = await client.listTools();
  const toolsList = since();
  let ready: number | undefined;
  for (let phase = ""; ; await delay(2)) {
    const receipt = await readReceipt(client);
    if (receipt.phase !== phase) say(`${since().toFixed(0).padStart(6)} ms  ouroboros://startup says ${receipt.phase}`);
    phase = receipt.phase;
    if (receipt.ready_at !== null) ready ??= since();
    if (receipt.settled_at !== null) {
      const names = tools.map(({ name }) => name);
      return { firstAnswer, toolsList, ready: ready ?? since(), settled: since(), tools: names, receipt };
    }
    if (since() > PATIENCE_MS) throw new Error(`The server has not settled: ${JSON.stringify(receipt)}`);
  }
}

async function readReceipt(client: Client): Promise<Receipt> {
  const { contents } = await client.readResource({ uri: "ouroboros://startup" });
  const [content] = contents;
  if (!content || !("text" in content)) throw new Error("The start-up receipt came back without a text");
  return JSON.parse(content.text);
}

/** What the demo needs of a status answer. */
export interface StatusFacts {
  readonly status: string;
  readonly liveness: string;
  readonly why: string;
  /** Why it ended or was paused, where that is on record. */
  readonly reason: string | null;
}

/** The status of a session as the tool answers it: its text for people, and the facts behind it. */
export async function askStatus(client: Client, sessionId: string): Promise<{ text: string; facts: StatusFacts }> {
  const answer = await client.callTool({ name: "ouroboros_session_status", arguments: { session_id: sessionId } });
  const [content] = answer.content;
  if (content?.type !== "text" || !answer.structuredContent)
    throw new Error(`The status of ${sessionId} came back empty`);
  // The client has checked it against the tool's output schema.
  return { text: content.text, facts: answer.structuredContent as unknown as StatusFacts };
}
