import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeStore } from "../../scripts/make-store.ts";
import { MAX_LINE_BYTES } from "../../src/mcp/stdio-transport.ts";
import type { RpcServer } from "./support/json-rpc-client.ts";
import { callTool, errorOf, handshake, resultOf, startOuroboros, untilPhase } from "./support/ouroboros-server.ts";
import { openTemporaryFolder, type TemporaryFolder } from "./support/temporary-folder.ts";

const LIMIT = { timeout: 30_000 };
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

/** One server for all of it: whatever a test did, the next one finds it serving. */
let folder: TemporaryFolder;
let server: RpcServer;
let session: string;

beforeAll(async () => {
  folder = await openTemporaryFolder();
  const made = makeStore({ out: join(folder.path, ".ouroboros/ouroboros.db"), events: 300, sessions: 3 });
  session = made.truth[0]?.session_id ?? "";
  server = startOuroboros({ home: folder.path });
  await handshake(server);
  await untilPhase(server, ["settled"]);
});

afterAll(async () => {
  server.closeStdin();
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(server.impureLines()).toEqual([]);
  await folder[Symbol.asyncDispose]();
});

describe("arguments", () => {
  test("a tool nobody offers is a protocol error that names the ones there are", async () => {
    const { error } = await server.request("tools/call", { name: "nope", arguments: {} });
    expect(error).toMatchObject({ code: INVALID_PARAMS, message: expect.stringContaining("ouroboros_session_status") });
  });

  test.each([
    ["a missing one", "ouroboros_session_status", {}, "session_id"],
    ["one of the wrong type", "ouroboros_session_status", { session_id: 5 }, "session_id"],
    ["an empty one", "ouroboros_session_status", { session_id: "" }, "session_id"],
    ["a number in words", "ouroboros_query_events", { limit: "5" }, "limit"],
    ["one out of bounds", "ouroboros_query_events", { limit: 501 }, "limit"],
    ["a null where one is needed", "ouroboros_session_status", { session_id: null }, "session_id"],
  ])("%s is a refusal that names it", async (_, name, args, named) => {
    const error = errorOf(await callTool(server, name, args));
    expect(error).toMatchObject({ code: "bad_arguments", faults: [expect.stringContaining(named)] });
  });

  test("null counts as left out, for arguments that are known and unknown, and for all of them", async () => {
    const args = { session_id: null, event_type: null, limit: 1, offset: null, invented: null };
    const { structuredContent } = await callTool(server, "ouroboros_query_events", args);
    expect(structuredContent).toMatchObject({ limit: 1, offset: 0, total_events: 1 });
    const reply = await server.request("tools/call", { name: "ouroboros_query_events" });
    expect(resultOf(reply)).toMatchObject({ structuredContent: { limit: 50 } });
  });

  test("arguments that are no object are refused, and the next call works", async () => {
    const { error } = await server.request("tools/call", { name: "ouroboros_query_events", arguments: [1] });
    expect(error?.code).toBe(INVALID_PARAMS);
    expect((await callTool(server, "ouroboros_query_events", { limit: 1 })).isError).toBeFalsy();
  });

  test.each([
    "ouroboros://nope",
    "ouroboros://session/%E0%A4",
    "ouroboros://session/orch_nobody",
    "file:///etc/passwd",
    "no uri",
  ])("resources/read refuses %s as not found", async (uri) => {
    const { error } = await server.request("resources/read", { uri });
    expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: "not_found" } });
  });

  test("a progress token is taken, in any shape the protocol allows", async () => {
    for (const progressToken of ["token", 7]) {
      const params = { name: "ouroboros_query_events", arguments: { limit: 1 }, _meta: { progressToken } };
      expect(resultOf(await server.request("tools/call", params))).toMatchObject({ structuredContent: { limit: 1 } });
    }
  });
});

describe("lines", () => {
  test.each([
    ["malformed JSON", "{bad", PARSE_ERROR, null],
    ["JSON cut short", '{"jsonrpc":"2.0","id":5,"method":"pi', PARSE_ERROR, null],
    ["text that is no JSON at all", "hello ÿ", PARSE_ERROR, null],
    [
      "a batch, which this protocol no longer has",
      '[{"jsonrpc":"2.0","id":91,"method":"ping"}]',
      INVALID_REQUEST,
      null,
    ],
    ["a bare value", "3", INVALID_REQUEST, null],
    ["an object that is not JSON-RPC", '{"a":1}', INVALID_REQUEST, null],
    ["a request without its version, under its id", '{"id":"mine","method":"ping"}', INVALID_REQUEST, "mine"],
    ["an id of null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', INVALID_REQUEST, null],
  ])("%s is answered with an error, and the next request works", async (_, line, code, id) => {
    const from = server.lines.length;
    server.write(`${line}\n`);
    await expectToAnswer();
    const answers = server.lines.slice(from).map((text) => JSON.parse(text));
    expect(answers[0]).toMatchObject({ jsonrpc: "2.0", id, error: { code } });
    expect(answers).toHaveLength(2);
  });

  test("empty lines and answers nobody asked for are passed over", async () => {
    const from = server.lines.length;
    server.write('\n\r\n   \n{"jsonrpc":"2.0","id":777,"result":{}}\n');
    await expectToAnswer();
    expect(server.lines.slice(from)).toHaveLength(1);
  });

  test("a line may end with CRLF and come in as many pieces as it likes", async () => {
    for (const byte of '{"jsonrpc":"2.0","id":"pieces ü","method":"ping"}\r\n') {
      server.write(byte);
      await delay(0);
    }
    await untilLine('"id":"pieces ü"');
  });

  test("a line above the limit is answered under its id and never kept in memory", LIMIT, async () => {
    const before = peakKilobytes();
    server.write('{"jsonrpc":"2.0","id":"too long","method":"tools/call","params":{"x":"');
    const mebibyte = "x".repeat(1024 * 1024);
    for (let sent = 0; sent < 16 * MAX_LINE_BYTES; sent += mebibyte.length) server.write(mebibyte);
    server.write('"}}\n');
    await expectToAnswer();
    await untilLine('"too long"');
    const answer = JSON.parse(server.lines.find((text) => text.includes('"too long"')) ?? "");
    expect(answer).toMatchObject({
      id: "too long",
      error: { code: INVALID_REQUEST, message: expect.stringContaining("4194304") },
    });
    // 64 MiB went in. What the runtime's own buffers take comes and goes.
    if (before !== undefined) expect((peakKilobytes() ?? 0) - before).toBeLessThan(40 * 1024);
  });

  test("a line just below the limit is a request like any other", LIMIT, async () => {
    const reason = "x".repeat(MAX_LINE_BYTES - 1024);
    const args = { execution_id: "nobody", reason };
    expect(errorOf(await callTool(server, "ouroboros_cancel_execution", args))).toMatchObject({
      code: "bad_arguments",
    });
  });
});

describe("traffic", () => {
  test("two hundred pipelined requests are each answered once", LIMIT, async () => {
    const from = server.lines.length;
    const kinds = [
      { method: "ping" },
      { method: "tools/list" },
      { method: "resources/read", params: { uri: "ouroboros://startup" } },
      { method: "tools/call", params: { name: "ouroboros_session_status", arguments: { session_id: session } } },
      { method: "tools/call", params: { name: "ouroboros_query_events", arguments: { limit: 3 } } },
    ];
    const ids = Array.from({ length: 200 }, (_, at) => `pipelined-${at}`);
    const lines = ids.map((id, at) => `${JSON.stringify({ jsonrpc: "2.0", id, ...kinds[at % kinds.length] })}\n`);
    server.write(lines.join(""));
    await until(() => server.lines.length - from >= ids.length);
    await expectToAnswer();
    const answers = server.lines.slice(from).map((text) => JSON.parse(text));
    expect(answers.filter(({ error, result }) => error !== undefined || result?.isError)).toEqual([]);
    const answered = answers.map(({ id }) => id).filter((id) => String(id).startsWith("pipelined-"));
    expect(answered.sort()).toEqual([...ids].sort());
  });

  test("an unknown method is answered at once, an unknown notification not at all", async () => {
    const from = server.lines.length;
    server.notify("notifications/nobody");
    expect((await server.request("no/such", {}, { timeout: 1_000 })).error?.code).toBe(METHOD_NOT_FOUND);
    expect((await server.request("resources/subscribe", {}, { timeout: 1_000 })).error?.code).toBe(METHOD_NOT_FOUND);
    expect(server.lines.length - from).toBe(2);
  });
});

describe("eras", () => {
  test.each(["2025-11-25", "2025-06-18", "2024-11-05"])(
    "initialize %s is met with the same version",
    LIMIT,
    async (version) => {
      await using home = await openTemporaryFolder();
      await using own = startOuroboros({ home: home.path });
      expect(await handshake(own, version)).toBe(version);
      const { tools } = resultOf(await own.request<{ tools: unknown[] }>("tools/list"));
      expect(tools.length).toBeGreaterThan(0);
      expect((await own.request("ping")).result).toEqual({});
    },
  );

  test("a version nobody knows is met with the newest of its era", LIMIT, async () => {
    await using home = await openTemporaryFolder();
    await using own = startOuroboros({ home: home.path });
    expect(await handshake(own, "1999-01-01")).toBe("2025-11-25");
  });

  test("server/discover opens the era in which each request carries its envelope", LIMIT, async () => {
    await using home = await openTemporaryFolder();
    await using own = startOuroboros({ home: home.path });
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    expect(resultOf(await own.request("server/discover", { _meta }))).toMatchObject({
      supportedVersions: ["2026-07-28"],
      instructions: expect.stringContaining("Ouroboros"),
    });
    const { tools } = resultOf(await own.request<{ tools: unknown[] }>("tools/list", { _meta }));
    expect(tools.length).toBeGreaterThan(0);
    const call = { name: "ouroboros_query_events", arguments: {}, _meta: { ..._meta, progressToken: 1 } };
    expect(resultOf(await own.request("tools/call", call))).toMatchObject({ structuredContent: { events: [] } });
    expect((await own.request("tools/list", {})).error?.code).toBe(INVALID_PARAMS);
    expect((await own.request("no/such", { _meta })).error?.code).toBe(METHOD_NOT_FOUND);
    expect(own.impureLines()).toEqual([]);
  });

  test("server/discover without its envelope is an error at once, and the handshake still works", LIMIT, async () => {
    await using home = await openTemporaryFolder();
    await using own = startOuroboros({ home: home.path });
    expect((await own.request("server/discover", {}, { timeout: 2_000 })).error).toBeDefined();
    expect(await handshake(own)).toBe("2025-11-25");
  });
});

async function expectToAnswer(): Promise<void> {
  expect((await server.request("ping")).result).toEqual({});
}

function untilLine(part: string): Promise<void> {
  return until(() => server.lines.some((line) => line.includes(part)));
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited too long; stderr: ${server.stderr()}`);
    await delay(5);
  }
}

/** The most memory the server ever had; only Linux tells. */
function peakKilobytes(): number | undefined {
  if (process.platform !== "linux") return undefined;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]);
}
