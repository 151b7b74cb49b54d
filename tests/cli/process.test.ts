import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { BINARY, type CliHome, copyHome, environment, finished, openHome } from "./support/ouroboros.ts";
import { staticImports } from "./support/static-imports.ts";

let seen: CliHome;

beforeAll(async () => {
  seen = await openHome({ events: 2000, sessions: 10, orphans: { young: 1 }, payload: "real" });
});
afterAll(() => seen[Symbol.asyncDispose]());

test("events --follow prints what another process commits, in commit order, and ends with 130 at Ctrl-C", async () => {
  await using home = await copyHome(seen);
  const id = home.sessionOf("young");
  const child = home.start(["events", "--follow", "--json", "--session", id, "--limit", "1"]);
  const ran = finished(child);
  // The one event of the past that was asked for says that it is following now.
  await once(child.stdout, "data");
  home.appendTo("orch_other", "event-of-another");
  for (const name of ["event-1", "event-2", "event-3"]) home.appendTo(id, name);
  await untilPrinted(child, "event-3");
  child.kill("SIGINT");
  const { code, stdout } = await ran;
  expect(code).toBe(130);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.slice(1).map((event) => event.id)).toEqual(["event-1", "event-2", "event-3"]);
});

test("events --follow of a reader that goes away ends quietly", async () => {
  await using home = await copyHome(seen);
  const child = home.start(["events", "--follow", "--limit", "1"]);
  await once(child.stdout, "data");
  const gone = new Promise<[number | null, string]>((resolve) => {
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += String(text);
    });
    child.once("exit", (code) => resolve([code, stderr]));
  });
  child.stdout.destroy();
  home.appendTo(home.sessionOf("young"), "event-into-the-void");
  home.appendTo(home.sessionOf("young"), "event-after-it");
  expect(await gone).toEqual([0, ""]);
});

test("an answer larger than the pipe arrives whole, though the process ends right after", async () => {
  const { code, stdout } = await seen.run(["events", "--json", "--limit", "2000"]);
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(1_000_000);
  expect(JSON.parse(stdout).events).toHaveLength(2000);
});

test("a reader that takes one line ends a large answer quietly", async () => {
  const child = seen.start(["events", "--json", "--limit", "2000"]);
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += String(text);
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "exit");
  expect([code, stderr]).toEqual([0, ""]);
});

test("--version and --help load the kit and a few small files, neither the store nor the schemas", () => {
  const cli = join(import.meta.dirname, "../../src/cli/cli.ts");
  const loaded = [...staticImports(cli)];
  expect(loaded).toContain("@stricli/core");
  expect(
    loaded.filter((path) => /valibot|libsql|modelcontextprotocol|\/src\/(store|mcp|sessions)\//.test(path)),
  ).toEqual([]);
  expect([...staticImports(join(dirname(cli), "commands/sessions.ts"))].join()).toContain(
    "/src/store/session/sessions.ts",
  );
});

test("the built binary prints its version and lists sessions", async () => {
  const run = (args: string[]) => {
    const child = spawn(BINARY, args, { env: environment(seen.home) });
    child.stdin.end();
    return finished(child);
  };
  expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
  const listed = await run(["sessions", "--json", "--limit", "1000"]);
  expect(JSON.parse(listed.stdout).sessions).toHaveLength(seen.truth.length);
});

async function untilPrinted(child: { stdout: NodeJS.ReadableStream }, text: string): Promise<void> {
  let rest = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      rest += String(chunk);
      if (rest.includes(text)) resolve();
    });
  });
}
