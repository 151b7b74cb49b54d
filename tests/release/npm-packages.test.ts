// What a release puts on the npm registry, by the names and bytes that npm itself would pack.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { type Machine, packagesFor } from "../../scripts/release/npm/platform-package.ts";
import { writeNpmPackages, writePluginPackage } from "../../scripts/release/npm/write-npm-packages.ts";
import { releaseName, TARGETS, type Target } from "../../scripts/release/targets.ts";

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

/** Where each binary may be installed, in npm's words. */
const PLACES = {
  "ouroboros-mcp-linux-x64": { os: ["linux"], cpu: ["x64"], libc: ["glibc"] },
  "ouroboros-mcp-linux-x64-musl": { os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "ouroboros-mcp-linux-arm64": { os: ["linux"], cpu: ["arm64"], libc: ["glibc"] },
  "ouroboros-mcp-linux-arm64-musl": { os: ["linux"], cpu: ["arm64"], libc: ["musl"] },
  "ouroboros-mcp-darwin-x64": { os: ["darwin"], cpu: ["x64"] },
  "ouroboros-mcp-darwin-arm64": { os: ["darwin"], cpu: ["arm64"] },
  "ouroboros-mcp-windows-x64": { os: ["win32"], cpu: ["x64"] },
};

const root = mkdtempSync(join(tmpdir(), "ouroboros-npm-"));
const binaries = join(root, "binaries");
let folders: readonly string[] = [];

beforeAll(async () => {
  // What is inside a binary is nothing to this test.
  mkdirSync(binaries);
  for (const target of Object.keys(TARGETS) as Target[])
    writeFileSync(join(binaries, releaseName(target)), `binary for ${target}`, { mode: 0o600 });
  folders = await writeNpmPackages(binaries, join(root, "npm"));
});
afterAll(() => rmSync(root, { recursive: true }));

test("each platform's package is its binary, executable, and nothing else; it goes out before the one that names it", () => {
  expect(folders.map((folder) => basename(folder))).toEqual([...Object.keys(PLACES), "ouroboros-mcp"]);
  const packed = pack(folders.slice(0, -1));
  for (const [name, place] of Object.entries(PLACES)) {
    const program = name.includes("windows") ? "bin/ouroboros.exe" : "bin/ouroboros";
    const files = packed.find((one) => one.name === name)?.files ?? [];
    expect(files.map(({ path }) => path).sort()).toEqual(
      ["LICENSE", "THIRD-PARTY-LICENSES.txt", "package.json", program].sort(),
    );
    expect((files.find(({ path }) => path === program)?.mode ?? 0) & 0o777).toBe(0o755);
    const manifest = manifestOf(name);
    expect(manifest).toMatchObject({ name, version: packageJson.version, ...place });
    expect(Object.keys(manifest).sort()).toEqual(
      [
        ...["bugs", "cpu", "description", "files", "homepage", "license", "name", "os", "preferUnplugged"],
        ...["repository", "version", ...("libc" in place ? ["libc"] : [])],
      ].sort(),
    );
  }
});

test("ouroboros-mcp is a command, the program as JavaScript, a page and the licence; no source, no script, no dependency but the binaries", () => {
  const [packed] = pack(folders.slice(-1));
  const paths = (packed?.files ?? []).map(({ path }) => path);
  const parts = paths.filter((path) => path.startsWith("lib/chunk-"));
  expect(paths.filter((path) => !parts.includes(path)).sort()).toEqual(
    ["LICENSE", "README.md", "THIRD-PARTY-LICENSES.txt", "bin/ouroboros.js", "lib/main.js", "package.json"].sort(),
  );
  expect(parts.filter((path) => !/^lib\/chunk-[a-z0-9]+\.js$/.test(path))).toEqual([]);
  const { description, license, repository, version } = packageJson;
  const page = "https://github.com/ouroboros-mcp/ouroboros";
  expect(manifestOf("ouroboros-mcp")).toEqual({
    name: "ouroboros-mcp",
    mcpName: "io.github.ouroboros-mcp/ouroboros",
    version,
    description,
    keywords: ["mcp", "mcp-server", "agents", "claude-code", "codex", "spec-first", "workflow"],
    license,
    homepage: `${page}#readme`,
    bugs: `${page}/issues`,
    repository,
    type: "module",
    bin: { ouroboros: "bin/ouroboros.js", "ouroboros-mcp": "bin/ouroboros.js" },
    files: ["bin", "lib", "THIRD-PARTY-LICENSES.txt"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(Object.keys(PLACES).map((name) => [name, version])),
  });
});

test("its JavaScript needs nothing that is not in it, has no native addon and no place where a test ends it", () => {
  const folder = join(root, "npm/ouroboros-mcp");
  const transpiler = new Bun.Transpiler({ loader: "js" });
  const files = ["bin/ouroboros.js", ...readdirSync(join(folder, "lib")).map((name) => `lib/${name}`)];
  const foreign = files.flatMap((file) => {
    const code = readFileSync(join(folder, file), "utf8").replace(/^#!.*/, "");
    const own = transpiler
      .scanImports(code)
      .filter(({ path }) => !isBuiltin(path) && !/^\.\/chunk-\w+\.js$/.test(path));
    const words = /index\.node|detached:spawn:before/.exec(code) ?? [];
    return [...own.map(({ path }) => path), ...words].map((what) => `${file}: ${what}`);
  });
  expect(foreign).toEqual([]);
});

test("the same binaries give the same bytes, and only those that are there are spoken of", async () => {
  const first = hashes(join(root, "npm"));
  await writeNpmPackages(binaries, join(root, "npm"));
  expect(hashes(join(root, "npm"))).toEqual(first);
  const few = join(root, "few");
  mkdirSync(few);
  await expect(writeNpmPackages(few, join(root, "fewer"))).rejects.toThrow("there is no binary");
  writeFileSync(join(few, releaseName("darwin-arm64")), "");
  const some = await writeNpmPackages(few, join(root, "fewer"));
  expect(some.map((folder) => basename(folder))).toEqual(["ouroboros-mcp-darwin-arm64", "ouroboros-mcp"]);
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "fewer/ouroboros-mcp/package.json"), "utf8"));
  expect(optionalDependencies).toEqual({ "ouroboros-mcp-darwin-arm64": packageJson.version });
});

test("the plugin is told the package by name and version", async () => {
  mkdirSync(join(root, "plugin/launch"), { recursive: true });
  await writePluginPackage(join(root, "plugin"));
  expect(readFileSync(join(root, "plugin/launch/package"), "utf8")).toBe(`ouroboros-mcp@${packageJson.version}\n`);
});

test.each<[string, Partial<Machine>, string[]]>([
  ["glibc", { platform: "linux", arch: "x64" }, ["linux-x64"]],
  ["musl", { platform: "linux", arch: "arm64", isMusl: () => true }, ["linux-arm64-musl"]],
  ["Windows", { platform: "win32", arch: "x64" }, ["windows-x64"]],
  ["a Mac", { platform: "darwin", arch: "arm64", isAppleProcessor: () => true }, ["darwin-arm64"]],
  ["Intel's Mac", { platform: "darwin", arch: "x64" }, ["darwin-x64"]],
  [
    "Node for Intel on a Mac of today",
    { platform: "darwin", arch: "x64", isAppleProcessor: () => true },
    ["darwin-arm64", "darwin-x64"],
  ],
  ["what nobody builds for", { platform: "freebsd", arch: "riscv64" }, ["freebsd-riscv64"]],
])("the binary for %s", (_what, machine, targets) => {
  const chosen = packagesFor({
    platform: "",
    arch: "",
    isMusl: () => false,
    isAppleProcessor: () => false,
    ...machine,
  });
  expect(chosen).toEqual(targets.map((target) => `ouroboros-mcp-${target}`));
});

function pack(of: readonly string[]): readonly Packed[] {
  const env = { ...process.env, npm_config_update_notifier: "false", npm_config_cache: join(root, "cache") };
  const said = execFileSync("npm", ["pack", "--dry-run", "--json", "--loglevel=error", ...of], {
    env,
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(said);
}

function manifestOf(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, "npm", name, "package.json"), "utf8"));
}

function hashes(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), createHash("sha256").update(readFileSync(path)).digest("hex")];
    }),
  );
}
