import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { makeStore } from "../../scripts/make-store.ts";
import {
  BINARY,
  callTool,
  errorOf,
  handshake,
  resultOf,
  startOuroboros,
  untilPhase,
} from "./support/ouroboros-server.ts";
import { openSandbox } from "./support/sandbox.ts";
import { openTemporaryFolder } from "./support/temporary-folder.ts";

const LIMIT = { timeout: 30_000 };

test("the binary alone in an empty folder says its version", LIMIT, async () => {
  await using sandbox = await openSandbox();
  const alone = join(sandbox.project, "ouroboros");
  await copyFile(BINARY, alone);
  const { code, stdout, stderr } = await sandbox.run(alone, ["--version"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trim()).toContain(packageJson.version);
});

test("the binary alone serves, writes, and finds its state again after a restart", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  const home = join(folder.path, "home");
  const alone = join(folder.path, "alone");
  await Promise.all([mkdir(home), mkdir(alone)]);
  const binary = join(alone, "ouroboros");
  await copyFile(BINARY, binary);
  const { truth } = makeStore({
    out: join(home, ".ouroboros/ouroboros.db"),
    events: 200,
    sessions: 2,
    orphans: { young: 1 },
  });
  const young = truth.find(({ kind }) => kind === "young");

  await using first = startOuroboros({ home, binary, cwd: alone });
  expect(await handshake(first)).toBe("2025-11-25");
  const { tools } = resultOf(await first.request<{ tools: { name: string }[] }>("tools/list"));
  expect(tools.map(({ name }) => name)).toContain("ouroboros_session_status");
  const cancelled = await callTool(first, "ouroboros_cancel_execution", { execution_id: young?.session_id });
  expect(cancelled.structuredContent).toMatchObject({ session_id: young?.session_id, new_status: "cancelled" });
  first.closeStdin();
  expect(await first.exited).toEqual({ code: 0, signal: null });

  await using second = startOuroboros({ home, binary, cwd: alone });
  await handshake(second);
  const status = await callTool(second, "ouroboros_session_status", { session_id: young?.session_id });
  expect(status.structuredContent).toMatchObject({ status: "cancelled", status_by: "mcp_tool" });
  expect(await readdir(alone)).toEqual(["ouroboros"]);
});

test("the folder it starts in has no say: neither its .env nor its bunfig.toml", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  const home = join(folder.path, "home");
  const project = join(folder.path, "project");
  await Promise.all([mkdir(home), mkdir(project)]);
  const trap = join(folder.path, "preloaded");
  await writeFile(
    join(project, ".env"),
    `OUROBOROS_DATABASE_URL=${folder.path}/trap.db\nOUROBOROS_HOME=${folder.path}/trap\n`,
  );
  await writeFile(join(project, ".env.local"), `OUROBOROS_DATABASE_URL=${folder.path}/trap.db\n`);
  await writeFile(join(project, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
  await writeFile(
    join(project, "preload.ts"),
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(trap)}, "");`,
  );

  await using server = startOuroboros({ home, cwd: project });
  await handshake(server);
  expect(await untilPhase(server, ["settled"])).toBe("settled");
  expect((await readdir(folder.path)).sort()).toEqual(["home", "project"]);
  expect(await readdir(join(home, ".ouroboros"))).toContain("ouroboros.db");
});

test("a nested server says so on stderr, exits 0 and touches nothing", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  await using server = startOuroboros({ home: folder.path, env: { _OUROBOROS_NESTED: "1" } });
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(server.stderr()).toContain("_OUROBOROS_NESTED");
  expect(server.lines).toEqual([]);
  expect(await readdir(folder.path)).toEqual([]);
});

test("--read-only offers no tool that acts and leaves the store as it is, orphans included", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  const store = join(folder.path, "store.db");
  const { truth } = makeStore({ out: store, events: 200, sessions: 2, orphans: { stale: 2 } });
  const before = contentOf(store);
  const stale = truth.find(({ kind }) => kind === "stale");

  await using server = startOuroboros({ home: folder.path, args: ["--read-only", "--db", store] });
  await handshake(server);
  const { tools } = resultOf(
    await server.request<{ tools: { name: string; annotations: { readOnlyHint: boolean } }[] }>("tools/list"),
  );
  expect(tools.length).toBeGreaterThan(0);
  expect(tools.filter(({ annotations }) => !annotations.readOnlyHint)).toEqual([]);
  const refused = await callTool(server, "ouroboros_cancel_execution", { execution_id: stale?.session_id });
  expect([refused.isError, JSON.stringify(refused)]).toEqual([true, expect.stringContaining("this server only reads")]);
  const unknown = await server.request("tools/call", { name: "ouroboros_nothing", arguments: {} });
  expect(unknown.error?.message).toContain("Unknown tool");
  const status = await callTool(server, "ouroboros_session_status", { session_id: stale?.session_id });
  expect(status.structuredContent).toMatchObject({ status: "running", liveness: "stale" });
  await untilPhase(server, ["settled"]);
  server.closeStdin();
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(contentOf(store)).toEqual(before);
});

test(
  "--toolsets sessions offers that group, and a group nobody knows is refused on the command line",
  LIMIT,
  async () => {
    await using sandbox = await openSandbox();
    await using server = startOuroboros({ home: sandbox.home, args: ["--toolsets", "sessions"] });
    await handshake(server);
    const { tools } = resultOf(await server.request<{ tools: { name: string }[] }>("tools/list"));
    expect(tools.map(({ name }) => name)).toContain("ouroboros_session_status");
    const { code, stdout } = await sandbox.run(BINARY, ["mcp", "serve", "--toolsets", "nonsense"]);
    expect(code).not.toBe(0);
    expect(stdout).toBe("");
  },
);

test("a session nobody knows is an answer with isError, not a protocol error", LIMIT, async () => {
  await using folder = await openTemporaryFolder();
  await using server = startOuroboros({ home: folder.path });
  await handshake(server);
  const answer = await callTool(server, "ouroboros_session_status", { session_id: "orch_nobody" });
  expect(errorOf(answer)).toMatchObject({ code: "not_found", id: "orch_nobody" });
  expect(answer.content[0]?.text).toContain("orch_nobody");
});

/** Schema and rows as they stand; closed again before a server opens the file. */
function contentOf(store: string): unknown {
  using database = new Database(store);
  return [
    database.query("SELECT type, name, sql FROM sqlite_master ORDER BY name").all(),
    database.query("SELECT rowid, * FROM events ORDER BY rowid").all(),
  ];
}
