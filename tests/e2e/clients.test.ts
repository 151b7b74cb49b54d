import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import { claudeMcpList, claudePrint } from "./support/claude.ts";
import { hasClient } from "./support/clients.ts";
import { codexExec } from "./support/codex.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import { inspect } from "./support/inspector.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { type SdkMode, sdkTour } from "./support/sdk-client.ts";
import type { ServerEntry } from "./support/server-entry.ts";
import { completedSession, giveStore } from "./support/test-store.ts";

const OUROBOROS = join(import.meta.dirname, "../../dist/ouroboros");
/** A store of the caller's, used in place by the agents' tests, instead of a copy of the small one. */
const GIVEN_STORE = process.env.OUROBOROS_E2E_STORE;

const TOOLS = ["ouroboros_cancel_execution", "ouroboros_query_events", "ouroboros_session_status"];
const PROTOCOLS: [SdkMode, string][] = [
  ["v1", "2025-11-25"],
  ["v2-legacy", "2025-11-25"],
  ["v2-auto", "2026-07-28"],
  ["v2-pinned", "2026-07-28"],
];

let folder: string;
let smallStore: string;
let truth: readonly SessionTruth[];

beforeAll(async () => {
  if (!existsSync(OUROBOROS)) throw new Error(`Cannot test ${OUROBOROS}: build it first`);
  folder = await mkdtemp(join(tmpdir(), "ouroboros-store-"));
  smallStore = join(folder, "small.db");
  truth = makeStore({ out: smallStore, events: 2000, sessions: 12, orphans: { stale: 2, young: 1 } }).truth;
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the SDKs' own clients", () => {
  for (const [mode, protocolVersion] of PROTOCOLS) {
    const sdk = realPart(`SDK client ${mode}`, hasClient(mode === "v1" ? "sdk-v1" : "sdk-v2"));
    sdk(`the ${mode} client speaks ${protocolVersion} and uses every tool, resource and completion`, async () => {
      await using sandbox = await openSandbox();
      await giveStore(sandbox, smallStore);
      const done = sessionOf("completed");
      const young = sessionOf("young");
      const tour = await sdkTour(mode, sandbox, server(), {
        calls: [
          { name: "ouroboros_session_status", arguments: { session_id: done.session_id } },
          { name: "ouroboros_query_events", arguments: { session_id: done.session_id, limit: 500 } },
          { name: "ouroboros_cancel_execution", arguments: { execution_id: young.execution_id, reason: "no need" } },
          { name: "ouroboros_session_status", arguments: { session_id: young.session_id } },
        ],
        reads: ["ouroboros://startup", `ouroboros://session/${done.session_id}`],
        complete: { template: "ouroboros://session/{id}", argument: "id", value: done.session_id.slice(0, -2) },
      });

      expect(tour.protocolVersion).toBe(protocolVersion);
      expect(tour.server.name).toBe("ouroboros");
      expect(tour.tools).toEqual(expect.arrayContaining(TOOLS));
      expect(tour.resources).toContain("ouroboros://startup");
      expect(tour.templates).toContain("ouroboros://session/{id}");

      expect(tour.results.map(({ isError }) => isError ?? false)).toEqual([false, false, false, false]);
      const [status, events, , cancelled] = tour.results;
      expect(status?.structuredContent).toMatchObject({ session_id: done.session_id, status: "completed" });
      expect(JSON.stringify(events)).toContain("orchestrator.session.completed");
      expect(cancelled?.structuredContent).toMatchObject({ session_id: young.session_id, status: "cancelled" });

      const [startup, session] = tour.texts;
      expect(JSON.parse(startup ?? "")).toMatchObject({ phase: expect.any(String) });
      expect(JSON.parse(session ?? "")).toMatchObject({ session_id: done.session_id, status: "completed" });
      expect(tour.completions).toContain(done.session_id);
    });
  }
});

describe("the MCP Inspector", () => {
  const inspector = realPart("the Inspector", hasClient("inspector"));

  inspector("its command line lists the tools", async () => {
    await using sandbox = await openSandbox();
    await giveStore(sandbox, smallStore);
    const { tools } = (await inspect(sandbox, server(), "tools/list")) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(TOOLS));
  });

  inspector("its command line calls session_status", async () => {
    await using sandbox = await openSandbox();
    await giveStore(sandbox, smallStore);
    const { session_id } = sessionOf("completed");
    const call = ["--tool-name", "ouroboros_session_status", "--tool-arg", `session_id=${session_id}`];
    const result = await inspect(sandbox, server(), "tools/call", ...call);
    expect(result).toMatchObject({ structuredContent: { session_id, status: "completed" } });
  });
});

describe("Claude Code", () => {
  for (const release of ["claude", "claude-197"] as const) {
    realPart(release, hasClient(release))(`${release}: mcp list says Connected`, async () => {
      await using sandbox = await openSandbox();
      const listed = await claudeMcpList(release, sandbox, await serverOnAgentStore(sandbox));
      expect(listed).toMatch(/^ouroboros: .* ✔ Connected$/m);
    });
  }

  realPart("claude", hasClient("claude"))("claude -p calls session_status and reads the status", async () => {
    await using sandbox = await openSandbox();
    const entry = await serverOnAgentStore(sandbox);
    const session_id = agentSession();
    await using model = await openModelApi([
      { tool: "mcp__ouroboros__ouroboros_session_status", input: { session_id } },
      { text: "told" },
    ]);
    const { code, stderr, events } = await claudePrint(sandbox, entry, model.url);

    expect(code, stderr).toBe(0);
    const init = events.find(({ subtype }) => subtype === "init");
    expect(init).toMatchObject({ mcp_servers: [{ name: "ouroboros", status: "connected" }] });
    expectCompleted(model.requests.at(-1)?.toolResults, session_id);
    const result = events.findLast(({ type }) => type === "result");
    expect(result).toMatchObject({ is_error: false, result: "told", permission_denials: [] });
  });
});

describe("Codex", () => {
  realPart("codex", hasClient("codex"))("codex exec requires the server and calls session_status unasked", async () => {
    await using sandbox = await openSandbox();
    const entry = await serverOnAgentStore(sandbox);
    const session_id = agentSession();
    await using model = await openModelApi([
      { namespace: "mcp__ouroboros", tool: "ouroboros_session_status", input: { session_id } },
      { text: "told" },
    ]);
    const { code, stderr, events } = await codexExec(sandbox, entry, model.url);

    expect(code, stderr).toBe(0);
    const offered = TOOLS.map((name) => `mcp__ouroboros.${name}`);
    expect(model.requests[0]?.offered).toEqual(expect.arrayContaining(offered));
    expectCompleted(model.requests.at(-1)?.toolResults, session_id);
    const completed = events.filter(({ type }) => type === "item.completed").map(({ item }) => item);
    expect(completed).toContainEqual(expect.objectContaining({ type: "mcp_tool_call", status: "completed" }));
    expect(events.at(-1)?.type).toBe("turn.completed");
  });
});

function server(env: Record<string, string> = {}): ServerEntry {
  return { name: "ouroboros", command: OUROBOROS, args: ["mcp", "serve"], env };
}

async function serverOnAgentStore(sandbox: Sandbox): Promise<ServerEntry> {
  if (GIVEN_STORE !== undefined) return server({ OUROBOROS_DATABASE_URL: `file:${GIVEN_STORE}` });
  await giveStore(sandbox, smallStore);
  return server();
}

function agentSession(): string {
  return completedSession(GIVEN_STORE ?? smallStore);
}

function sessionOf(kind: string): SessionTruth {
  const found = truth.find((session) => session.kind === kind);
  if (found === undefined) throw new Error(`Cannot find a session of kind "${kind}" in the small store`);
  return found;
}

/** In words or in JSON, as each agent hands a tool's answer on to its model. */
function expectCompleted(toolResults: readonly string[] | undefined, session_id: string): void {
  expect(toolResults).toHaveLength(1);
  expect(toolResults?.[0]).toContain(session_id);
  expect(toolResults?.[0]).toMatch(/\bstatus\\*"?: *\\*"?completed\b/i);
}
