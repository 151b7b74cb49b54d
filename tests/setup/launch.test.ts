import { expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { carriedOver, entryKind } from "../../src/setup/entry-kind.ts";
import { HOSTS, placeOf } from "../../src/setup/hosts.ts";
import { launchOf } from "../../src/setup/launch.ts";

const SERVE = ["mcp", "serve"];
const nowhere = () => undefined;

test("a host is told the whole path of the executable, and of the runtime with the source where there is none", () => {
  expect(launchOf({ program: "/opt/o/ouroboros", args: SERVE }, nowhere)).toEqual({
    command: "/opt/o/ouroboros",
    args: SERVE,
  });
  const source = { program: "/usr/bin/node", args: ["/lib/ouroboros/src/main.ts", ...SERVE] };
  expect(launchOf(source, () => "/usr/bin/ouroboros")).toEqual({ command: source.program, args: source.args });
});

test("of a program out of a package runner's cache, the runner: its caches are emptied", () => {
  const find = (name: string) => `/usr/local/bin/${name}`;
  const npx = { program: "/home/a/.npm/_npx/3f2/node_modules/ouroboros-mcp-linux-x64/bin/ouroboros", args: SERVE };
  expect(launchOf(npx, find, "linux")).toEqual({
    command: "/usr/local/bin/npx",
    args: ["-y", "ouroboros-mcp", ...SERVE],
  });
  expect(launchOf(npx, find, "win32")).toEqual({
    command: "cmd",
    args: ["/c", "npx", "-y", "ouroboros-mcp", ...SERVE],
  });
  for (const cache of [
    "/tmp/bunx-1000-ouroboros-mcp@latest",
    "/home/a/.bun/install/cache/.bunx-1000/ouroboros-mcp@latest",
  ]) {
    const bunx = { program: "/usr/bin/node", args: [`${cache}/node_modules/ouroboros-mcp/lib/main.js`, ...SERVE] };
    expect(launchOf(bunx, find, "linux")).toEqual({
      command: "/usr/local/bin/bunx",
      args: ["ouroboros-mcp", ...SERVE],
    });
  }
});

test("of a link on PATH to this very program, the link: it outlives an update", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-launch-"));
  try {
    const program = join(folder, "ouroboros-1.2.3");
    const link = join(folder, "ouroboros");
    await writeFile(program, "");
    await symlink(program, link);
    expect(launchOf({ program, args: SERVE }, () => link).command).toBe(link);
    expect(launchOf({ program: join(folder, "other"), args: SERVE }, () => link).command).toBe(join(folder, "other"));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("an entry is told apart by what it starts: this program, another copy, Python's, or something else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-kinds-"));
  try {
    const tool = join(folder, "uv", "tools", "ouroboros-ai", "bin");
    await mkdir(tool, { recursive: true });
    await mkdir(join(folder, "bin"));
    await writeFile(join(tool, "ouroboros"), "#!/usr/bin/env python3\n");
    await writeFile(join(folder, "script-ouroboros"), "#!/opt/venv/bin/python\nfrom ouroboros.cli import app\n");
    await writeFile(join(folder, "binary-ouroboros"), "\u007fELF");
    await symlink(join(tool, "ouroboros"), join(folder, "bin", "ouroboros"));
    for (const path of [join(tool, "ouroboros"), join(folder, "script-ouroboros")]) await chmod(path, 0o755);
    const launch = { command: "/opt/ouroboros", args: SERVE };
    const kindOf = (entry: object) => entryKind(entry, launch, join(folder, "bin"));
    const kinds: [object, string][] = [
      [{ command: "/opt/ouroboros", args: SERVE, env: { A: "b" } }, "this"],
      [{ type: "local", command: ["/opt/ouroboros", ...SERVE] }, "this"],
      [{ cmd: "/opt/ouroboros", args: SERVE }, "this"],
      [{ command: "/srv/ouroboros", args: SERVE }, "ours"],
      [{ command: "npx", args: ["-y", "ouroboros-mcp", ...SERVE] }, "ours"],
      [{ command: "/opt/ouroboros-mcp", args: SERVE }, "ours"],
      [{ command: "C:\\Tools\\ouroboros.exe", args: SERVE }, "ours"],
      // By name alone it would be ours: what stands on PATH is Python's.
      [{ command: "ouroboros", args: SERVE }, "python"],
      [{ command: join(tool, "ouroboros"), args: SERVE }, "python"],
      [{ command: "uvx", args: ["--from", "ouroboros-ai[claude]", "ouroboros", ...SERVE] }, "python"],
      [{ command: "/root/.local/bin/uv", args: ["tool", "run", "ouroboros-ai==0.27", ...SERVE] }, "python"],
      [{ command: "uv", args: ["run", "--directory", "/src/ouroboros", "ouroboros", ...SERVE] }, "python"],
      [{ command: "python3.12", args: ["-m", "ouroboros", ...SERVE] }, "python"],
      [{ command: ["pipx", "run", "ouroboros-ai", ...SERVE] }, "python"],
      [{ command: { path: "py", args: ["-m", "ouroboros.mcp"] } }, "python"],
      [{ command: "python3", args: ["-m", "snakes"] }, "foreign"],
      [{ command: "uvx", args: ["ouroboros-game"] }, "foreign"],
      [{ url: "https://example.org/ouroboros" }, "foreign"],
      [{}, "foreign"],
    ];
    for (const [entry, kind] of kinds) expect({ entry, kind: kindOf(entry) as string }).toEqual({ entry, kind });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a new entry goes on with the user's own settings and variables, not with how the old one was started", () => {
  const old = {
    command: "uvx",
    args: ["x"],
    cwd: "/src",
    disabled: true,
    timeout: 9,
    env: { KEY: "k", UV_INDEX: "u", OUROBOROS_HOME: "/old" },
  };
  const fresh = { command: "/o", args: SERVE, timeout: 1, env: { OUROBOROS_HOME: "/new" } };
  expect(carriedOver(old, fresh)).toEqual({
    command: "/o",
    args: SERVE,
    timeout: 9,
    env: { KEY: "k", OUROBOROS_HOME: "/new" },
  });
});

test("each host's file is where the host looks for it, on each platform", () => {
  const files = (platform: NodeJS.Platform, home: string, env: Record<string, string> = {}) =>
    Object.fromEntries(HOSTS.map(({ id, files }) => [id, files(placeOf({ platform, home, env }))[0]]));
  const everywhere = {
    "claude-code": ".claude.json",
    codex: ".codex/config.toml",
    gemini: ".gemini/settings.json",
    opencode: ".config/opencode/opencode.json",
    cursor: ".cursor/mcp.json",
    windsurf: ".codeium/windsurf/mcp_config.json",
    copilot: ".copilot/mcp-config.json",
    kiro: ".kiro/settings/mcp.json",
  };
  const home = (paths: Record<string, string>, prefix: string) =>
    Object.fromEntries(Object.entries(paths).map(([id, path]) => [id, `${prefix}${path}`]));
  expect(files("linux", "/h")).toEqual({
    ...home(everywhere, "/h/"),
    "claude-desktop": "/h/.config/Claude/claude_desktop_config.json",
    vscode: "/h/.config/Code/User/mcp.json",
    zed: "/h/.config/zed/settings.json",
    goose: "/h/.config/goose/config.yaml",
  });
  expect(files("darwin", "/h")).toEqual({
    ...home(everywhere, "/h/"),
    "claude-desktop": "/h/Library/Application Support/Claude/claude_desktop_config.json",
    vscode: "/h/Library/Application Support/Code/User/mcp.json",
    zed: "/h/.config/zed/settings.json",
    goose: "/h/.config/goose/config.yaml",
  });
  const roaming = "C:\\u\\AppData\\Roaming\\";
  const backslashes = Object.fromEntries(
    Object.entries(everywhere).map(([id, path]) => [id, path.replaceAll("/", "\\")]),
  );
  expect(files("win32", "C:\\u", { APPDATA: roaming })).toEqual({
    ...home(backslashes, "C:\\u\\"),
    "claude-desktop": `${roaming}Claude\\claude_desktop_config.json`,
    vscode: `${roaming}Code\\User\\mcp.json`,
    zed: `${roaming}Zed\\settings.json`,
    goose: `${roaming}Block\\goose\\config\\config.yaml`,
  });
  const moved = files("linux", "/h", {
    CODEX_HOME: "/c",
    CLAUDE_CONFIG_DIR: "/cc",
    XDG_CONFIG_HOME: "/x",
    COPILOT_HOME: "relative",
  });
  expect(moved).toMatchObject({
    codex: "/c/config.toml",
    "claude-code": "/cc/.claude.json",
    zed: "/x/zed/settings.json",
    copilot: "/h/.copilot/mcp-config.json",
  });
});
