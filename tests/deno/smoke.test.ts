import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../e2e/support/json-rpc-client.ts";
import { callTool, handshake, resultOf } from "../e2e/support/ouroboros-server.ts";
import { openSandbox } from "../e2e/support/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const DENO = join(ROOT, "node_modules/deno/deno");
const LIMIT = { timeout: 60_000 };

/** A runtime that runs the source as it stands, and how it is told to, without a network and without writing here. */
interface Runtime {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const RUNTIMES: readonly Runtime[] = [
  {
    name: "Deno",
    command: DENO,
    args: ["run", "-A", "--no-config", "--no-lock", "--node-modules-dir=manual", "--cached-only"],
  },
  // Older releases of Node cannot run TypeScript as it stands: nothing is promised for them.
  ...(runsTypeScript() ? [{ name: "Node", command: "node", args: ["--disable-warning=ExperimentalWarning"] }] : []),
];

for (const { name, command, args } of RUNTIMES) {
  // On Linux x64 Deno is a dependency of this project: there its absence is a failure.
  const canRun = name !== "Deno" || existsSync(DENO) || `${process.platform}-${process.arch}` === "linux-x64";
  describe.skipIf(!canRun)(`the source under ${name}`, () => {
    test("serves: handshake, list, a call, and a clean end", LIMIT, async () => {
      await using sandbox = await openSandbox();
      const main = join(ROOT, "src/main.ts");
      await using server = startServer({
        command,
        args: [...args, main, "mcp", "serve"],
        env: { ...sandbox.env },
        cwd: sandbox.project,
      });
      expect(await handshake(server)).toBe("2025-11-25");
      const { tools } = resultOf(await server.request<{ tools: { name: string }[] }>("tools/list"));
      expect(tools.map((tool) => tool.name)).toContain("ouroboros_session_status");
      const answer = await callTool(server, "ouroboros_query_events");
      expect(answer.structuredContent).toMatchObject({ events: [] });
      server.closeStdin();
      expect(await server.exited).toEqual({ code: 0, signal: null });
      expect(server.impureLines()).toEqual([]);
    });

    test("appends: the event is read back there, and by another SQLite after it has ended", LIMIT, async () => {
      await using sandbox = await openSandbox();
      const store = join(sandbox.home, "data/store.db");
      const id = crypto.randomUUID();
      const script = join(ROOT, "tests/fixtures/deno/append-event.ts");
      const { code, stdout, stderr } = await sandbox.run(command, [...args, script, store, id]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const payload = { text: "Ünïcode 🚀", big: Number.MAX_SAFE_INTEGER };
      const { written, events } = JSON.parse(stdout);
      expect(written).toBe("written");
      expect(events).toMatchObject([{ id, payload }]);
      using database = new Database(store);
      const row = database.query<{ payload: string }, [string]>("SELECT payload FROM events WHERE id = ?").get(id);
      expect(JSON.parse(row?.payload ?? "")).toEqual(payload);
    });
  });
}

function runsTypeScript(): boolean {
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8" });
  const [major = 0, minor = 0] = (stdout ?? "").replace(/^v/, "").split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}
