import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { type CliHome, openHome, type Ran } from "../cli/support/ouroboros.ts";
import { CTRL_C, ENTER, openTerminal } from "../cli/support/terminal.ts";

let machine: CliHome;
/** No agents of whoever runs the tests are found: only what a test puts here. */
let programs: string;

beforeEach(async () => {
  machine = await openHome();
  programs = await mkdtemp(join(tmpdir(), "ouroboros-programs-"));
});

afterEach(async () => {
  await machine[Symbol.asyncDispose]();
  await rm(programs, { recursive: true });
});

const env = () => ({ PATH: programs, OUROBOROS_HOME: "" });
const run = (...args: string[]): Promise<Ran> => machine.run(args, env());
const pathOf = (name: string) => join(machine.home, name);
const json = (ran: Ran) => JSON.parse(ran.stdout);

async function give(name: string, text: string): Promise<string> {
  await mkdir(join(pathOf(name), ".."), { recursive: true });
  await writeFile(pathOf(name), text);
  return pathOf(name);
}

describe("setup", () => {
  test("finds hosts by their folders and programs without starting any, and without --yes writes nothing", async () => {
    const file = await give(".gemini/settings.json", '{ "ui": {} }\n');
    const started = join(machine.home, "started");
    await writeFile(join(programs, "claude"), `#!/bin/sh\n: > ${started}\n`);
    await chmod(join(programs, "claude"), 0o755);
    const refused = await run("setup", "--json");
    expect(refused.code).toBe(2);
    expect(json(refused).error).toMatchObject({ code: "needs_terminal", next: expect.stringContaining("--yes") });
    const planned = json(await run("setup", "--dry-run", "--json"));
    expect(planned.hosts).toMatchObject([
      { host: "claude-code", path: pathOf(".claude.json"), status: "add" },
      { host: "gemini", path: file, status: "add" },
    ]);
    expect(await readFile(file, "utf8")).toBe('{ "ui": {} }\n');
    expect([await exists(started), await exists(pathOf(".claude.json"))]).toEqual([false, false]);
  });

  test("the entry it writes starts this server, in the same home, wherever the host is", async () => {
    const home = join(machine.home, "own home");
    const ran = await machine.run(["setup", "cursor", "--yes", "--json"], { PATH: programs, OUROBOROS_HOME: home });
    expect({ ran, hosts: json(ran).hosts }).toMatchObject({ hosts: [{ host: "cursor", status: "add", backup: null }] });
    const { command, args, env } = JSON.parse(await readFile(pathOf(".cursor/mcp.json"), "utf8")).mcpServers.ouroboros;
    expect(env).toEqual({ OUROBOROS_HOME: home });
    await using client = new Connected();
    const transport = new StdioClientTransport({
      command,
      args,
      env: { ...env, HOME: machine.home },
      cwd: tmpdir(),
      stderr: "ignore",
    });
    await client.connect(transport);
    expect(client.getServerVersion()).toMatchObject({ name: "ouroboros" });
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
  });

  test("says what changed and where the copy is; a second time there is nothing to do; uninstall gives the bytes back", async () => {
    const text = '{\r\n\t"mcpServers": {\r\n\t\t"a": { "command": "a" } // mine\r\n\t}\r\n}';
    const file = await give(".gemini/settings.json", text);
    const first = await run("setup", "gemini", "--yes");
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/added\n {2}the file as it was: .*settings\.json\.ouroboros-backup-/);
    const written = await readFile(file, "utf8");
    expect((await run("setup", "gemini", "--yes")).stdout).toContain("there already");
    expect(await readFile(file, "utf8")).toBe(written);
    const planned = await run("uninstall", "--dry-run");
    expect(planned.stdout).toContain("byte for byte as it was");
    expect(await readFile(file, "utf8")).toBe(written);
    expect(await run("uninstall", "--yes")).toMatchObject({ code: 0 });
    expect(await readFile(file, "utf8")).toBe(text);
    expect((await run("uninstall", "--yes")).stdout).toContain("No host here starts this server");
  });

  test("a host whose file cannot be read is refused with the place; the others are set up all the same", async () => {
    const broken = await give(".gemini/settings.json", '{\n  "mcpServers": {,\n}\n');
    await give(".codex/config.toml", 'model = "x"\n');
    expect(await run("setup", "gemini", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("line 2, column 18"),
    });
    const both = await run("setup", "--yes", "--json");
    expect(both.code).toBe(2);
    expect(json(both).hosts).toMatchObject([
      { host: "codex", status: "add" },
      { host: "gemini", status: "refused", error: { code: "config_unreadable" } },
    ]);
    expect(await readFile(broken, "utf8")).toBe('{\n  "mcpServers": {,\n}\n');
  });

  test("a file that cannot be written is a failure that says so and leaves nothing half done", async () => {
    const file = await give(".gemini/settings.json", "{}");
    // In the place where the notes about this file's folder would have to go.
    await give(".ouroboros/setup", "a file, not a folder");
    const failed = await run("setup", "gemini", "--yes", "--json");
    expect(failed.code).toBe(1);
    expect(json(failed).hosts).toMatchObject([{ status: "failed", error: { code: "receipt_unwritable" } }]);
    expect([await readFile(file, "utf8"), await readdir(pathOf(".gemini"))]).toEqual(["{}", ["settings.json"]]);
  });

  test("two processes at once write one entry, and uninstall gives the bytes back", async () => {
    const file = await give(".codex/config.toml", '# mine\nmodel = "x"\n');
    const both = await Promise.all([run("setup", "codex", "--yes"), run("setup", "codex", "--yes")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect((await readFile(file, "utf8")).match(/^\[mcp_servers\.ouroboros\]$/gm)).toHaveLength(1);
    expect(await run("uninstall", "--yes")).toMatchObject({ code: 0 });
    expect([await readFile(file, "utf8"), await readdir(pathOf(".codex"))]).toEqual([
      '# mine\nmodel = "x"\n',
      ["config.toml"],
    ]);
  });

  test("Claude Code, which looks tools up, is offered all of them, unless somebody had chosen", async () => {
    await run("setup", "claude-code", "--yes");
    const argsNow = async () => JSON.parse(await readFile(pathOf(".claude.json"), "utf8")).mcpServers.ouroboros.args;
    expect((await argsNow()).slice(-4)).toEqual(["mcp", "serve", "--toolsets", "all"]);
    const older = { type: "stdio", command: "/old/ouroboros", args: ["mcp", "serve", "--toolsets", "sessions"] };
    await give(".claude.json", JSON.stringify({ mcpServers: { ouroboros: older } }));
    expect(await run("setup", "claude-code", "--yes")).toMatchObject({ code: 0 });
    expect((await argsNow()).slice(-4)).toEqual(["mcp", "serve", "--toolsets", "sessions"]);
  });

  test("doctor tells of each host what it starts, and names entries that lead nowhere or to Python", async () => {
    await run("setup", "codex", "--yes");
    await give(".gemini/settings.json", JSON.stringify({ mcpServers: { ouroboros: { command: "/gone/ouroboros" } } }));
    const python = { command: "uvx", args: ["ouroboros-ai", "mcp", "serve"] };
    await give(".cursor/mcp.json", JSON.stringify({ mcpServers: { ouroboros: python } }));
    await mkdir(pathOf(".claude"));
    const { hosts, problems } = json(await run("doctor", "--json"));
    const entries = hosts.map(({ host, entry }: { host: string; entry: string }) => `${host} ${entry}`);
    expect(entries.sort()).toEqual(["claude-code none", "codex this", "cursor python", "gemini ours"]);
    expect(problems).toContainEqual(
      expect.objectContaining({ code: "entry_gone", message: expect.stringContaining("Gemini CLI starts /gone/") }),
    );
    expect(problems).toContainEqual(
      expect.objectContaining({ code: "python_entry", next: expect.stringContaining("setup cursor --from-python") }),
    );
  });

  test("a store that is named is the one the server is told to use", async () => {
    const { launch } = json(await run("setup", "codex", "--db", "team.db", "--print", "--json"));
    expect(launch.args.slice(-4)).toEqual(["mcp", "serve", "--db", pathOf("team.db")]);
  });

  test("--print shows what to paste, each host's in its own form, and touches nothing", async () => {
    const ran = await run("setup", "codex", "goose", "vscode", "--print");
    expect(ran.stdout).toContain("[mcp_servers.ouroboros]");
    expect(ran.stdout).toContain("extensions:\n  ouroboros:\n");
    expect(ran.stdout).toContain('"servers": {\n    "ouroboros": {\n      "type": "stdio"');
    expect(await exists(pathOf(".codex"))).toBe(false);
  });

  test("an unknown host, and a machine without any, are refused with the names that are known", async () => {
    expect(await run("setup", "emacs")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("claude-code, claude-desktop, codex"),
    });
    expect(await run("setup")).toMatchObject({ code: 2, stderr: expect.stringContaining("--print") });
  });

  test("in a terminal the exact change is shown without secrets, and each file is asked about", async () => {
    const python = { command: "uvx", args: ["ouroboros-ai", "mcp", "serve"], env: { OPENAI_API_KEY: "sk-hidden" } };
    const file = await give(".claude.json", JSON.stringify({ token: "near", mcpServers: { ouroboros: python } }));
    const other = await give(".gemini/settings.json", "{}");
    await using terminal = openTerminal(machine, ["setup", "claude-code", "gemini"], { env: { OUROBOROS_HOME: "" } });
    await terminal.see("the entry would replace the Python program's");
    await terminal.see('- {"command":"uvx"');
    await terminal.see('+ {"type":"stdio"');
    await terminal.see("Write this to");
    terminal.type(ENTER);
    await terminal.see(other);
    await terminal.see("Write this to");
    terminal.type("n");
    await terminal.see("left as it is");
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown()).not.toMatch(/sk-hidden|near/);
    expect(JSON.parse(await readFile(file, "utf8")).mcpServers.ouroboros).toMatchObject({
      type: "stdio",
      env: python.env,
    });
    expect(await readFile(other, "utf8")).toBe("{}");
  }, 60_000);

  test("whoever leaves at the question has changed nothing", async () => {
    const file = await give(".gemini/settings.json", "{}");
    await using terminal = openTerminal(machine, ["setup", "gemini"], { env: { OUROBOROS_HOME: "" } });
    await terminal.see("Write this to");
    terminal.type(CTRL_C);
    expect(await terminal.ended()).toBe(130);
    expect(await readFile(file, "utf8")).toBe("{}");
  }, 60_000);
});

describe("setup --from-python", () => {
  test("replaces the Python program's entries alone, and says what stays, what changes and what both together can do", async () => {
    const args = ["--from", "ouroboros-ai", "ouroboros", "mcp", "serve"];
    const codex = await give(
      ".codex/config.toml",
      `[mcp_servers.ouroboros]\ncommand = "uvx"\nargs = ${JSON.stringify(args)}\n`,
    );
    const gemini = await give(".gemini/settings.json", "{}");
    await give(".ouroboros/config.yaml", "orphans:\n  action: report\nmade_up: 1\n");
    await give(".ouroboros/seeds/seed_1.yaml", "goal: x\n");
    await give(".codex/rules/ouroboros.md", "use uvx\n");
    const kept = await readFile(pathOf(".ouroboros/config.yaml"), "utf8");
    const planned = await run("setup", "--from-python", "--dry-run");
    expect(planned.code).toBe(0);
    for (const words of [
      "What stays:",
      "1 seed in",
      "not used here: made_up",
      "Not guaranteed:",
      ".codex/rules/ouroboros.md",
    ])
      expect(planned.stdout).toContain(words);
    const done = json(await run("setup", "--from-python", "--yes", "--json"));
    expect(done.hosts).toMatchObject([{ host: "codex", status: "replace", found: "python" }]);
    expect(await readFile(codex, "utf8")).not.toContain("uvx");
    expect([await readFile(gemini, "utf8"), await readFile(pathOf(".ouroboros/config.yaml"), "utf8")]).toEqual([
      "{}",
      kept,
    ]);
    expect((await run("setup", "--from-python", "--yes")).stdout).toContain("No host here starts the Python program");
    expect(await run("uninstall", "--yes")).toMatchObject({ code: 0 });
    expect(await readFile(codex, "utf8")).toContain(`args = ${JSON.stringify(args)}`);
  });
});

class Connected extends Client implements AsyncDisposable {
  constructor() {
    super({ name: "test", version: "1" });
  }
  async [Symbol.asyncDispose]() {
    await this.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await readFile(path).catch((error) => error.code !== "ENOENT")) !== false;
}
