import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeStore } from "../../scripts/make-store.ts";
import { offeredTools } from "../../src/mcp/catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { interrupted, writeRows } from "../support/interrupted-session.ts";
import { eventsOf } from "./support/agent-events.ts";
import { type ClaudeRelease, QUIET } from "./support/claude.ts";
import { clientProgram, hasClient } from "./support/clients.ts";
import { openModelApi } from "./support/fake-model-api.ts";
import { BINARY } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const PLUGIN = join(ROOT, "plugin");
const LAUNCHER = join(PLUGIN, "launch/ouroboros");
const PREFIX = "mcp__plugin_ouroboros_ouroboros__";
const SKILLS = readdirSync(join(PLUGIN, "skills"));
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

describe("what the plugin says of itself", () => {
  test("its version is the program's, in both manifests", () => {
    const { version } = json(join(ROOT, "package.json"));
    expect(json(join(PLUGIN, ".claude-plugin/plugin.json"))).toMatchObject({ name: "ouroboros", version });
    const { plugins } = json(join(ROOT, ".claude-plugin/marketplace.json"));
    expect(plugins).toMatchObject([{ name: "ouroboros", source: "./plugin", version }]);
  });

  test.each(SKILLS)("skill %s is named as its folder, and each tool it names is there, by its whole name", (skill) => {
    const text = readFileSync(join(PLUGIN, "skills", skill, "SKILL.md"), "utf8");
    expect(text).toStartWith(`---\nname: ${skill}\ndescription: Use `);
    const named = [...text.matchAll(/\bmcp__\w+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(0);
    const offered = offeredTools({ toolsets: TOOLSETS, readOnly: false }).map(({ name }) => PREFIX + name);
    expect(named.filter((name) => !offered.includes(name))).toEqual([]);
    expect(text).toContain("load them first with your tool search");
  });

  test("the table of verbs names every skill, and the hook leads to each", async () => {
    await using sandbox = await openSandbox();
    const table = readFileSync(join(PLUGIN, "skills/ooo/SKILL.md"), "utf8");
    const rows = [...table.matchAll(/^\| `ooo (\w+)[^|]*\|[^|]*\| ouroboros:([\w-]+) \|$/gm)];
    expect(rows.map(([, , skill]) => skill).sort()).toEqual(SKILLS.filter((skill) => skill !== "ooo").sort());
    for (const [, verb, skill] of rows) {
      expect(await promptHook(sandbox, `ooo ${verb} something`)).toContain(`Use the skill ouroboros:${skill} `);
    }
  });
});

describe("the hook for prompts", () => {
  test.each([
    ["the word alone", "ooo", "ooo"],
    ["any case and a colon", "  Ooo: Status", "run-status"],
    ["several lines", "ooo interview a diary\nthat nobody reads", "interview"],
    ["no verb", 'ooo "build" me something', "ooo"],
    ["a prompt longer than what it reads", `ooo seed ${"ä".repeat(80_000)}`, "seed"],
  ])("names the skill for %s", async (_what, prompt, skill) => {
    await using sandbox = await openSandbox();
    expect(await promptHook(sandbox, prompt)).toContain(`Use the skill ouroboros:${skill} `);
  });

  test.each(["ooops", "say ooo run", "", '{"prompt":"ooo run"}', "/ooo run", "oo"])(
    "says nothing of %j",
    async (prompt) => {
      await using sandbox = await openSandbox();
      expect(await promptHook(sandbox, prompt)).toBe("");
    },
  );
});

/** What the package manager of a test does in the end, in shell. */
const PUTS_PACKAGE = `mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho packaged "$@"\\n' >node_modules/.bin/ouroboros
chmod +x node_modules/.bin/ouroboros
`;

describe("the launcher", () => {
  test("takes the program on PATH with its arguments, and passes over Python's, the project's and itself", async () => {
    await using sandbox = await openSandbox();
    const ours = program(sandbox.home, "ours", '#!/bin/sh\necho ours "$@"\n');
    const python = program(sandbox.home, "python", "#!/opt/venv/bin/python3\nprint('python')\n");
    const long = program(sandbox.home, "long", "#!/bin/sh\n'''exec' \"/opt/very long/python\" \"$0\" \"$@\"\n' '''\n");
    const projects = program(sandbox.project, "node_modules/.bin", "#!/bin/sh\necho project\n");
    const path = [".", "", "node_modules/.bin", projects, python, long, join(PLUGIN, "launch"), ours, SYSTEM_PATH];
    program(sandbox.project, ".", "#!/bin/sh\necho project\n");
    const { stdout, code } = await launch(sandbox, ["mcp", "serve", "a b"], { PATH: path.join(":") });
    expect([code, stdout]).toEqual([0, "ours mcp serve a b\n"]);
  });

  test("nor takes anything a project above the folder put on PATH, which a package's script does; what it starts has all of PATH", async () => {
    await using sandbox = await openSandbox();
    const member = join(sandbox.project, "packages/member");
    const ours = program(sandbox.home, "ours", '#!/bin/sh\necho ours "$PATH"\n');
    const root = program(sandbox.project, "node_modules/.bin", "#!/bin/sh\necho project\n");
    for (const name of ["npm", "head", "grep"]) program(sandbox.project, "node_modules/.bin", "exit 9\n", name);
    program(member, ".", "#!/bin/sh\ntouch was-run\n", "head");
    const PATH = [".", program(member, "node_modules/.bin", "exit 9\n"), root, ours, SYSTEM_PATH].join(":");
    const launched = await sandbox.run("/bin/sh", ["-c", `cd '${member}' && exec '${LAUNCHER}' card`], {
      env: { PATH, CLAUDE_PROJECT_DIR: member },
    });
    expect([launched.code, launched.stdout]).toEqual([0, `ours ${PATH}\n`]);
    expect(existsSync(join(member, "was-run"))).toBe(false);
    // Of a release, with none of ours there: what would fetch it is no program of the project's either.
    const launcher = launcherOf(sandbox, "ouroboros-mcp@1.2.3");
    const without = [root, program(sandbox.home, "tools", "", "unused")];
    for (const name of ["sh", "tr", "head", "grep", "mkdir", "rm", "mv", "cat", "dirname"]) {
      const found = ["/usr/bin", "/bin"].map((bin) => join(bin, name)).find(existsSync);
      if (found !== undefined) symlinkSync(found, join(sandbox.home, "tools", name));
    }
    const fetched = await sandbox.run("/bin/sh", [launcher, "mcp", "serve"], {
      env: { PATH: without.join(":"), CLAUDE_PROJECT_DIR: member },
    });
    expect(fetched.stderr).toContain("neither npm nor bun is on PATH");
  });

  test("else takes the one in the plugin's data folder", async () => {
    await using sandbox = await openSandbox();
    const data = join(sandbox.home, "data of it");
    program(data, "bin", "#!/bin/sh\necho data\n");
    expect((await launch(sandbox, [], { CLAUDE_PLUGIN_DATA: data })).stdout).toBe("data\n");
  });

  test("else says what to do, with 127 and nothing on stdout; a hook is silent and no failure", async () => {
    await using sandbox = await openSandbox();
    const { code, stdout, stderr } = await launch(sandbox, ["mcp", "serve"]);
    expect([code, stdout]).toEqual([127, ""]);
    expect(stderr).toContain('Put the binary for this platform into one of them, named "ouroboros"');
    expect(await launch(sandbox, ["card"])).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readdirSync(sandbox.home).sort()).toEqual(["project", "tmp"]);
  });

  test("a release's package is put into the data folder once, run from there, and never fetched for a hook", async () => {
    await using sandbox = await openSandbox();
    const data = join(sandbox.home, "data");
    const launcher = launcherOf(sandbox, "@some/ouroboros@1.2.3");
    const calls = join(sandbox.home, "calls");
    const npm = `#!/bin/sh
echo "$PWD $*" >>'${calls}'
echo "progress on stdout"
${PUTS_PACKAGE}`;
    const bin = program(sandbox.home, "bin", npm, "npm");
    const run = (...args: string[]) =>
      sandbox.run("sh", [launcher, ...args], {
        env: { PATH: `${bin}:${SYSTEM_PATH}`, CLAUDE_PLUGIN_DATA: data },
      });
    expect(await run("card")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(calls)).toBe(false);
    expect((await run("mcp", "serve")).stdout).toBe("packaged mcp serve\n");
    expect((await run("mcp", "serve")).stdout).toBe("packaged mcp serve\n");
    expect((await run("card")).stdout).toBe("packaged card\n");
    const called = readFileSync(calls, "utf8").trim().split("\n");
    expect(called).toHaveLength(1);
    expect(called[0]).toEndWith("@some/ouroboros@1.2.3");
    expect(called[0]).not.toStartWith(sandbox.project);
    expect(readdirSync(data)).toEqual(["_some_ouroboros_1.2.3"]);
  });

  test("a host that ends it while it fetches finds the package at its next start, and nothing beside it", async () => {
    await using sandbox = await openSandbox();
    const data = join(sandbox.home, "data");
    const launcher = launcherOf(sandbox, "ouroboros-mcp@1.2.3");
    const [begun, may] = [join(sandbox.home, "begun"), join(sandbox.home, "may")];
    // Opening a pipe waits for whoever opens its other end: no time decides.
    expect((await sandbox.run("mkfifo", [may])).code).toBe(0);
    const npm = `#!/bin/sh
echo >'${begun}'
read -r _ <'${may}'
${PUTS_PACKAGE}`;
    const PATH = `${program(sandbox.home, "bin", npm, "npm")}:${SYSTEM_PATH}`;
    const env = { PATH, CLAUDE_PLUGIN_DATA: data };
    const started = `sh '${launcher}' mcp serve & until [ -e '${begun}' ]; do sleep 0.02; done; kill -TERM $!; wait $!; echo $?`;
    expect(
      (
        await sandbox.run(
          "sh",
          [
            "-c",
            `exec 9<>'${may}'; (${started}) 9<&-; echo go >&9; until [ -e '${data}/ouroboros-mcp_1.2.3' ] || [ $((n += 1)) -gt 100 ]; do sleep 0.02; done`,
          ],
          { env },
        )
      ).stdout,
    ).toBe("143\n");
    const next = await sandbox.run("sh", [launcher, "card"], { env });
    expect(next.stdout).toBe("packaged card\n");
    expect(readdirSync(data)).toEqual(["ouroboros-mcp_1.2.3"]);
  });
});

describe("Claude Code", () => {
  const claude = realPart("Claude Code", hasClient("claude"));

  claude("plugin validate --strict finds nothing to say against marketplace and plugin", async () => {
    await using sandbox = await openSandbox();
    for (const folder of [ROOT, PLUGIN]) {
      const { code, stdout } = await run("claude", sandbox, ["plugin", "validate", "--strict", folder]);
      expect(code, stdout).toBe(0);
    }
  });

  for (const release of ["claude", "claude-197"] as const) {
    const real = realPart(`Claude Code (${release})`, hasClient(release));
    real("with the marketplace added and the plugin installed, mcp list says Connected", async () => {
      await using sandbox = await openSandbox();
      await install(release, sandbox);
      const { stdout } = await run(release, sandbox, ["mcp", "list"]);
      expect(stdout).toMatch(/^plugin:ouroboros:ouroboros: .* ✔ Connected$/m);
    });
  }

  claude("its hooks say nothing and make nothing in an empty home", async () => {
    await using sandbox = await openSandbox();
    const { hooks } = json(join(PLUGIN, "hooks/hooks.json"));
    const [{ command, args }] = hooks.SessionStart[0].hooks;
    // Hosts that know no arguments run the command alone: a shell would take what it is told of a prompt for its script.
    const program = command.replace(/^\$\{CLAUDE_PLUGIN_ROOT\}/, PLUGIN);
    expect(program).toStartWith(`${PLUGIN}/launch/`);
    const finished = await sandbox.run(program, args, { env: { PATH: withOurs(sandbox) }, input: "{}" });
    expect(finished).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(existsSync(join(sandbox.home, ".ouroboros"))).toBe(false);
  });

  claude(
    "in a conversation the model reads of interrupted work, of the skill, and calls a tool by its name",
    async () => {
      await using sandbox = await openSandbox();
      await install("claude", sandbox);
      const session = interrupted("parallel", { done: [], cwd: sandbox.project });
      const store = join(sandbox.home, ".ouroboros/ouroboros.db");
      mkdirSync(join(sandbox.home, ".ouroboros"));
      makeStore({ out: store, sessions: 0 });
      writeRows(store, session.rows);
      const tool = `${PREFIX}ouroboros_session_status`;
      await using model = await openModelApi([{ tool, input: { session_id: session.session_id } }, { text: "told" }]);
      const options = ["--output-format", "stream-json", "--verbose", "--allowedTools", tool];
      const { code, stdout, stderr } = await run("claude", sandbox, ["-p", "ooo status", ...options], {
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: "no-key",
        CLAUDE_CODE_MAX_RETRIES: "0",
        CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
        ENABLE_TOOL_SEARCH: "false",
      });
      expect(code, stderr).toBe(0);
      const init = eventsOf(stdout).find(({ subtype }) => subtype === "init");
      const commands = init?.slash_commands as string[];
      expect(commands).toEqual(expect.arrayContaining(SKILLS.map((skill) => `ouroboros:${skill}`)));
      // What the host calls its own is still the host's: none of ours goes by a name of its.
      const hosts = commands.filter((name) => !name.includes(":"));
      expect(hosts.length).toBeGreaterThan(0);
      expect(SKILLS.filter((skill) => hosts.includes(skill))).toEqual([]);
      const first = model.requests[0]?.text ?? "";
      expect(first).toContain("Use the skill ouroboros:run-status for this prompt");
      expect(first).toContain(`- ${session.session_id} `);
      expect(model.requests[0]?.offered).toContain(tool);
      expect(model.requests.at(-1)?.toolResults[0]).toContain(session.session_id);
    },
  );
});

/** Adds this checkout as a marketplace and installs its plugin, as a person would. */
async function install(release: ClaudeRelease, sandbox: Sandbox): Promise<void> {
  for (const args of [
    ["plugin", "marketplace", "add", ROOT],
    ["plugin", "install", "ouroboros@ouroboros"],
  ]) {
    const { code, stdout, stderr } = await run(release, sandbox, args);
    expect(code, stdout + stderr).toBe(0);
  }
}

/** Claude Code with the compiled program on its PATH, and nothing to talk to outside this machine. */
function run(release: ClaudeRelease, sandbox: Sandbox, args: readonly string[], env: Record<string, string> = {}) {
  return sandbox.run(clientProgram(release), args, { env: { ...QUIET, PATH: withOurs(sandbox), ...env } });
}

function withOurs(sandbox: Sandbox): string {
  const folder = join(sandbox.home, "ours");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "ouroboros"))) symlinkSync(BINARY, join(folder, "ouroboros"));
  return `${folder}:${sandbox.env.PATH}`;
}

/** The launcher as a release has it: with the package that it may fetch. */
function launcherOf(sandbox: Sandbox, name: string): string {
  const folder = program(sandbox.home, "plugin/launch", readFileSync(LAUNCHER, "utf8"));
  writeFileSync(join(folder, "package"), `${name}\n`);
  return join(folder, "ouroboros");
}

function launch(sandbox: Sandbox, args: readonly string[], env: Record<string, string> = {}) {
  return sandbox.run(LAUNCHER, args, { env: { PATH: SYSTEM_PATH, ...env } });
}

async function promptHook(sandbox: Sandbox, prompt: string): Promise<string> {
  const input = JSON.stringify({
    session_id: "s",
    cwd: '/a folder "prompt":"ooo run"',
    hook_event_name: "UserPromptSubmit",
    prompt,
  });
  const { code, stdout, stderr } = await sandbox.run("sh", [join(PLUGIN, "launch/ooo")], { input });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

/** Puts a program into a folder and returns that folder. */
function program(root: string, folder: string, text: string, name = "ouroboros"): string {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, name), text);
  chmodSync(join(path, name), 0o755);
  return path;
}

// biome-ignore lint/suspicious/noExplicitAny: each test looks at the few keys of a manifest that it is about
function json(path: string): any {
  return JSON.parse(readFileSync(path, "utf8"));
}
