import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeStore } from "../../scripts/make-store.ts";
import { libsqlServerAvailable, startLibsqlServer } from "../support/libsql-server.ts";
import { type HeldBackServer, startHeldBackServer } from "./support/held-back-server.ts";
import type { RpcServer } from "./support/json-rpc-client.ts";
import {
  callTool,
  errorOf,
  handshake,
  readReceipt,
  resultOf,
  startOuroboros,
  untilPhase,
} from "./support/ouroboros-server.ts";
import { openTemporaryFolder } from "./support/temporary-folder.ts";

const LIMIT = { timeout: 45_000 };
/** Far above what an answer takes on a busy machine, far below any time-out of the store. */
const AT_ONCE = { timeout: 3_000 };
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

test.concurrent(
  "while the store does not answer everything static does, a reading call waits and is then refused",
  LIMIT,
  async () => {
    await using held = await startHeldBackServer();
    await using folder = await openTemporaryFolder();
    await using server = startHeldBack(folder.path, held);
    await handshake(server);
    await held.asked;

    for (const method of ["tools/list", "resources/list", "resources/templates/list", "ping"]) {
      expect((await server.request(method, {}, AT_ONCE)).error).toBeUndefined();
    }
    expect(await readReceipt(server)).toMatchObject({ phase: "opening", ready_at: null, settled_at: null });
    const id = {
      ref: { type: "ref/resource", uri: "ouroboros://session/{id}" },
      argument: { name: "id", value: "orch" },
    };
    expect(resultOf(await server.request("completion/complete", id, AT_ONCE))).toMatchObject({
      completion: { values: [] },
    });

    const from = performance.now();
    const [acts, reads] = await Promise.all([
      callTool(server, "ouroboros_cancel_execution", { execution_id: "any" }, 15_000).then((answer) => ({
        error: errorOf(answer),
        after: performance.now() - from,
      })),
      callTool(server, "ouroboros_query_events", {}, 15_000).then((answer) => ({
        error: errorOf(answer),
        after: performance.now() - from,
      })),
      // In the meantime.
      delay(50).then(() => server.request("ping", {}, AT_ONCE)),
    ]);
    const refusal = { code: "not_ready", phase: "opening", retry_after_ms: expect.any(Number) };
    expect(acts.error).toMatchObject(refusal);
    expect(acts.after).toBeGreaterThan(1_900);
    expect(reads.error).toMatchObject(refusal);
    expect(reads.after).toBeGreaterThan(9_900);
    expect(server.impureLines()).toEqual([]);
  },
);

test.concurrent("server/discover is answered while the store does not", LIMIT, async () => {
  await using held = await startHeldBackServer();
  await using folder = await openTemporaryFolder();
  await using server = startHeldBack(folder.path, held);
  for (const method of ["server/discover", "tools/list", "resources/list"]) {
    expect((await server.request(method, { _meta: META }, AT_ONCE)).error).toBeUndefined();
  }
  await held.asked;
  const startup = { uri: "ouroboros://startup", _meta: META };
  expect(JSON.stringify(resultOf(await server.request("resources/read", startup, AT_ONCE)))).toContain("opening");
});

test.concurrent(
  "a call that is cancelled while it waits is never answered and keeps nobody waiting",
  LIMIT,
  async () => {
    await using held = await startHeldBackServer();
    await using folder = await openTemporaryFolder();
    await using server = startHeldBack(folder.path, held);
    await handshake(server);
    await held.asked;
    const call = { name: "ouroboros_query_events", arguments: {} };
    server.write(`${JSON.stringify({ jsonrpc: "2.0", id: "waits", method: "tools/call", params: call })}\n`);
    expect((await server.request("ping", {}, AT_ONCE)).result).toEqual({});
    server.notify("notifications/cancelled", { requestId: "waits", reason: "enough" });
    expect((await server.request("ping", {}, AT_ONCE)).result).toEqual({});
    const from = performance.now();
    server.closeStdin();
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(server.lines.filter((line) => line.includes('"waits"'))).toEqual([]);
  },
);

test.concurrent(
  "SIGTERM ends the server within 2 s while it waits for a store that does not answer",
  LIMIT,
  async () => {
    await using held = await startHeldBackServer();
    await using folder = await openTemporaryFolder();
    await using server = startHeldBack(folder.path, held);
    await handshake(server);
    await held.asked;
    const from = performance.now();
    server.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(2_000);
  },
);

test.concurrent.skipIf(!libsqlServerAvailable())(
  "a call that waits is served as soon as the store answers",
  LIMIT,
  async () => {
    await using sqld = await startLibsqlServer();
    await using held = await startHeldBackServer();
    await using folder = await openTemporaryFolder();
    await using server = startHeldBack(folder.path, held);
    await handshake(server);
    await held.asked;
    held.release(sqld.url);
    expect(await untilPhase(server, ["settled"])).toBe("settled");
    expect((await callTool(server, "ouroboros_query_events")).structuredContent).toMatchObject({ events: [] });
  },
);

test.concurrent(
  "while another program writes, the open waits, says who is in the way, and recovers",
  LIMIT,
  async () => {
    await using folder = await openTemporaryFolder();
    const store = join(folder.path, "store.db");
    makeStore({ out: store, events: 200, sessions: 2 });
    await using lock = await holdLock(store);
    await using server = startOuroboros({ home: folder.path, args: ["--db", store] });
    await handshake(server);
    expect((await server.request("tools/list", {}, AT_ONCE)).error).toBeUndefined();
    expect(await untilPhase(server, ["degraded:store"])).toBe("degraded:store");
    const error = errorOf(await callTool(server, "ouroboros_query_events"));
    expect(error).toMatchObject({ code: "store_unavailable", cause: "store_busy" });
    expect(error.message).toContain(store);
    await lock.release();
    expect(await untilPhase(server, ["settled"])).toBe("settled");
    expect((await callTool(server, "ouroboros_query_events", { limit: 1 })).structuredContent).toMatchObject({
      has_more: true,
    });
    expect(await readReceipt(server)).toMatchObject({ trouble: null });
  },
);

for (const { what, cause, says, spoil, repair } of [
  {
    what: "a directory",
    cause: "store_is_a_directory",
    says: "ouroboros.db",
    spoil: (store: string) => mkdir(store),
    repair: (store: string) => rm(store, { recursive: true }),
  },
  {
    what: "not a database",
    cause: "store_not_a_database",
    says: "left as it is",
    spoil: (store: string) =>
      writeFile(store, "Dear diary, this is not a database but it is long enough to be read as one.\n".repeat(40)),
    repair: (store: string) => rm(store),
  },
  {
    what: "in a folder that is not there",
    cause: "store_no_folder",
    says: "Create the folder",
    spoil: (store: string) => rm(join(store, ".."), { recursive: true }),
    repair: (store: string) => mkdir(join(store, "..")),
  },
  {
    what: "another program's",
    cause: "store_not_ours",
    says: "left as it is",
    spoil: async (store: string) => {
      using database = new Database(store);
      database.run("CREATE TABLE events (what TEXT)");
    },
    repair: (store: string) => rm(store),
  },
]) {
  test(`a store that is ${what}: every tool says why and what to do, and repairing it is enough`, LIMIT, async () => {
    await using folder = await openTemporaryFolder();
    await mkdir(join(folder.path, "data"));
    const store = join(folder.path, "data/store.db");
    await spoil(store);
    await using server = startOuroboros({ home: folder.path, env: { OUROBOROS_DATABASE_URL: `file:${store}` } });
    await handshake(server);
    const refused = [
      errorOf(await callTool(server, "ouroboros_session_status", { session_id: "any" })),
      errorOf(await callTool(server, "ouroboros_query_events")),
      errorOf(await callTool(server, "ouroboros_cancel_execution", { execution_id: "any" })),
    ];
    for (const error of refused) {
      expect(error).toMatchObject({ code: "store_unavailable", cause, phase: "degraded:store" });
      expect(error.message).toContain(store);
      expect(error.next).toContain(says);
    }
    expect(await readReceipt(server)).toMatchObject({ phase: "degraded:store", trouble: { code: cause } });
    const read = await server.request("resources/read", { uri: "ouroboros://session/any" });
    expect(read.error?.data).toMatchObject({ code: "store_unavailable", cause });

    await repair(store);
    expect(await untilPhase(server, ["settled"])).toBe("settled");
    expect((await callTool(server, "ouroboros_query_events")).structuredContent).toMatchObject({ events: [] });
    expect(server.impureLines()).toEqual([]);
  });
}

test(
  "a store a newer ouroboros has changed is read, never swept, and whoever would write is told to update",
  LIMIT,
  async () => {
    await using folder = await openTemporaryFolder();
    const store = join(folder.path, "store.db");
    const { truth } = makeStore({ out: store, events: 200, sessions: 2, orphans: { stale: 1 } });
    const stale = truth.find(({ kind }) => kind === "stale")?.session_id ?? "";
    {
      using database = new Database(store);
      database.run("CREATE TABLE ouro_meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)");
      database.run("INSERT INTO ouro_meta VALUES ('schema_version', '99'), ('min_reader', '99'), ('watermark', '0:')");
    }
    await using server = startOuroboros({ home: folder.path, args: ["--db", store] });
    await handshake(server);
    expect(await untilPhase(server, ["settled"])).toBe("settled");
    expect(await readReceipt(server)).toMatchObject({ role: "reader", cancelled: 0 });
    const status = await callTool(server, "ouroboros_session_status", { session_id: stale });
    expect(status.structuredContent).toMatchObject({ status: "running", liveness: "stale" });
    const error = errorOf(await callTool(server, "ouroboros_cancel_execution", { execution_id: stale }));
    expect(error).toMatchObject({ code: "store_read_only", message: expect.stringContaining("newer ouroboros") });
  },
);

test("an environment that makes no sense is a refusal that names it, not a crash", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  await using server = startOuroboros({ home: folder.path, env: { OUROBOROS_DATABASE_URL: "ftp://somewhere/else" } });
  await handshake(server);
  const error = errorOf(await callTool(server, "ouroboros_query_events"));
  expect(error).toMatchObject({ code: "store_unavailable", cause: "bad_store_name" });
  expect(error.message).toContain("ftp:");
});

function startHeldBack(home: string, { url }: HeldBackServer): RpcServer {
  return startOuroboros({ home, env: { OUROBOROS_DATABASE_URL: url } });
}

/** Another process with the store's write lock in its hand. */
async function holdLock(store: string): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const program = join(import.meta.dirname, "../fixtures/hosts/lock-holder.ts");
  const child = spawn(process.execPath, ["run", program, store], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  return {
    async release() {
      child.stdin.end();
      await exited;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
