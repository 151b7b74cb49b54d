import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import packageJson from "../../package.json" with { type: "json" };
import {
  CODEX_FOLDER,
  CODEX_MANIFEST,
  codexManifest,
  codexSkills,
} from "../../scripts/release/bundles/codex-plugin.ts";
import { geminiManifest, writeGeminiExtensions } from "../../scripts/release/bundles/gemini-extension.ts";
import { GEMINI, hostSkills } from "../../scripts/release/bundles/host-skills.ts";
import { MCPB_TARGETS, mcpbManifest, mcpbName } from "../../scripts/release/bundles/mcpb.ts";
import { serverJson, writeServerJson } from "../../scripts/release/bundles/server-json.ts";
import { writeSums } from "../../scripts/release/sums.ts";
import { offeredTools } from "../../src/mcp/catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";

const ROOT = join(import.meta.dirname, "../..");
const PLUGIN = join(ROOT, "plugin");
const { version, description } = packageJson;
const skills = codexSkills();

const folder = mkdtempSync(join(tmpdir(), "ouroboros-bundles-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  if (process.env.UPDATE_SNAPS !== "1") return;
  rmSync(join(PLUGIN, CODEX_FOLDER), { recursive: true, force: true });
  const manifest = `${JSON.stringify(codexManifest(), null, 2)}\n`;
  for (const [path, text] of Object.entries({ [CODEX_MANIFEST]: manifest, ...skills })) {
    mkdirSync(dirname(join(PLUGIN, path)), { recursive: true });
    writeFileSync(join(PLUGIN, path), text);
  }
});

test("every manifest, of the repository and of a release, carries the version of package.json", () => {
  const { plugins } = json(".claude-plugin/marketplace.json");
  const registry = serverJson(new Map());
  const manifests = {
    "Claude Code's marketplace": plugins[0],
    "Claude Code's plugin": json("plugin/.claude-plugin/plugin.json"),
    "Codex's plugin": json(`plugin/${CODEX_MANIFEST}`),
    "Gemini's extension": geminiManifest("linux-x64"),
    "the MCPB bundle": mcpbManifest("darwin-arm64"),
    "the registry's entry": registry,
    "its npm package": registry.packages[0],
  };
  for (const [what, manifest] of Object.entries(manifests)) expect([what, manifest?.version]).toEqual([what, version]);
  expect([geminiManifest("linux-x64"), mcpbManifest("linux-x64"), codexManifest(), registry]).toEqual(
    Array(4).fill(expect.objectContaining({ description })),
  );
});

describe("what Codex reads of the plugin is written by what a release is written with (UPDATE_SNAPS=1 renews it)", () => {
  test("its manifest", () => {
    expect(json(`plugin/${CODEX_MANIFEST}`)).toEqual(codexManifest());
  });

  test("its skills, one for each of Claude Code's, and no others", () => {
    const there = readdirSync(join(PLUGIN, CODEX_FOLDER), { recursive: true, withFileTypes: true });
    const files = there.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    expect(files.sort()).toEqual(
      Object.keys(skills)
        .map((path) => join(PLUGIN, path))
        .sort(),
    );
    for (const [path, text] of Object.entries(skills)) expect(readFileSync(join(PLUGIN, path), "utf8")).toBe(text);
    expect(files).toHaveLength(readdirSync(join(PLUGIN, "skills")).length);
  });

  test("hooks for what Claude Code's are for, each a command by itself: Codex leaves arguments out, and a bare shell would run what a person types", () => {
    const { hooks } = json(`plugin/${CODEX_MANIFEST}`).hooks;
    expect(Object.keys(hooks)).toEqual(Object.keys(json("plugin/hooks/hooks.json").hooks));
    for (const [entry] of Object.values<{ hooks: { command: string; args?: unknown }[] }[]>(hooks)) {
      for (const { command, args } of entry?.hooks ?? []) {
        expect([command, args]).toEqual([expect.stringMatching(/exec "\$PLUGIN_ROOT\/launch\/\w+"/), undefined]);
      }
    }
  });
});

describe("skills in another host's words", () => {
  const names = offeredTools({ toolsets: TOOLSETS, readOnly: false }).map(({ name }) => name);

  test.each([
    ["Codex", codexSkills(), "", "ouroboros:"],
    ["Gemini CLI", hostSkills(GEMINI), "mcp_ouroboros_", "ouroboros-"],
  ])("%s: tools by their names there, skills by theirs, and nothing of Claude Code's", (_host, files, tool, skill) => {
    const own = Object.keys(files).map((path) => path.split("/").at(-2) ?? "");
    for (const [path, text] of Object.entries(files)) {
      const [, list = ""] = /^Tools: (.*?)\. /m.exec(text) ?? [];
      const listed = [...list.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
      expect(listed.length, path).toBeGreaterThan(0);
      expect(listed.filter((name) => !names.includes(name.slice(tool.length)) || !name.startsWith(tool))).toEqual([]);
      expect(text).toStartWith(`---\nname: ${path.split("/").at(-2)}\n`);
      expect(text).not.toMatch(/mcp__|tool search/);
      const referred = [...text.matchAll(/\| (ouroboros[:-][\w-]+) \|/g)].map(([, name = ""]) => name);
      expect(referred.filter((name) => !own.includes(skill.endsWith(":") ? name.slice(skill.length) : name))).toEqual(
        [],
      );
    }
  });
});

describe("server.json for the MCP registry", () => {
  test("fits the registry's published rules, and has the sum of each bundle from SHA256SUMS", async () => {
    const files = join(folder, "release");
    mkdirSync(files);
    const [first, second] = MCPB_TARGETS.map(mcpbName);
    for (const name of [first, second, "ouroboros-linux-x64"]) writeFileSync(join(files, String(name)), String(name));
    await writeSums(files);
    await writeServerJson(files);
    const entry = v.parse(ServerJson, JSON.parse(readFileSync(join(files, "server.json"), "utf8")));
    expect(entry).toMatchObject({ name: "io.github.ouroboros-mcp/ouroboros", version, description });
    const repository = packageJson.repository.url.replace(/^git\+|\.git$/g, "");
    const bundle = (name = "") => ({
      registryType: "mcpb",
      identifier: `${repository}/releases/download/v${version}/${name}`,
      fileSha256: new Bun.CryptoHasher("sha256").update(name).digest("hex"),
      transport: { type: "stdio" },
    });
    expect(entry.packages).toEqual([
      expect.objectContaining({ registryType: "npm", identifier: "ouroboros-mcp", version, runtimeHint: "npx" }),
      bundle(first),
      bundle(second),
    ]);
  });

  test("rules that are broken are noticed by this test's reading of them", () => {
    const good = serverJson(new Map([[mcpbName("linux-x64"), "0".repeat(64)]]));
    expect(v.is(ServerJson, good)).toBe(true);
    const [npm, mcpb] = good.packages;
    for (const bad of [
      { ...good, description: "long ".repeat(21) },
      { ...good, name: "ouroboros" },
      { ...good, version: "latest" },
      { ...good, repository: { url: "git+https://github.com/a/b.git", source: "github" } },
      { ...good, packages: [{ ...npm, version: "^1.0.0" }] },
      { ...good, packages: [{ ...mcpb, fileSha256: "0" }] },
      { ...good, packages: [{ ...mcpb, identifier: "https://github.com/a/b/releases/download/v1/c.zip" }] },
      { ...good, other: true },
    ]) {
      expect(v.is(ServerJson, bad)).toBe(false);
    }
  });
});

describe("Gemini's extension as files of a release", () => {
  test("an archive for each platform that has a binary, by the name Gemini CLI looks for, the same each time", async () => {
    const binaries = join(folder, "binaries");
    const out = join(folder, "gemini");
    mkdirSync(binaries);
    for (const name of ["ouroboros-linux-x64", "ouroboros-linux-x64-musl", "ouroboros-windows-x64.exe"]) {
      writeFileSync(join(binaries, name), name);
    }
    const names = ["linux.x64.ouroboros.tar.gz", "win32.x64.ouroboros.tar.gz"];
    expect(await writeGeminiExtensions(binaries, out)).toEqual(names);
    const before = names.map((name) => readFileSync(join(out, name)));
    await writeGeminiExtensions(binaries, out);
    expect(names.map((name) => before.shift()?.equals(readFileSync(join(out, name))))).toEqual([true, true]);
    expect(readdirSync(out).sort()).toEqual(names);

    const listed = spawnSync("tar", ["-tvzf", join(out, "linux.x64.ouroboros.tar.gz")], { encoding: "utf8" }).stdout;
    expect(listed).toMatch(/^-rwxr-xr-x .* bin\/ouroboros$/m);
    for (const path of [
      "gemini-extension.json",
      "GEMINI.md",
      "LICENSE",
      "THIRD-PARTY-LICENSES.txt",
      "skills/ouroboros-interview/SKILL.md",
    ]) {
      expect(listed).toContain(` ${path}\n`);
    }
  });
});

/** What the registry's schema of 2025-12-11 and its publishing rules ask of an entry like ours. */
const Text = v.pipe(v.string(), v.trim(), v.minLength(1));
const Version = v.pipe(Text, v.maxLength(255), v.regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/));
const Https = v.pipe(Text, v.url(), v.startsWith("https://"));
const Stdio = v.strictObject({ type: v.literal("stdio") });
const ServerJson = v.strictObject({
  $schema: v.pipe(Https, v.endsWith("/2025-12-11/server.schema.json")),
  name: v.pipe(
    Text,
    v.maxLength(200),
    v.regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]\/[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]$/),
  ),
  title: v.pipe(Text, v.maxLength(100)),
  description: v.pipe(Text, v.maxLength(100)),
  version: Version,
  websiteUrl: Https,
  repository: v.strictObject({
    url: v.pipe(Https, v.regex(/^https:\/\/github\.com\/[\w.-]+\/[\w-]+$/)),
    source: v.literal("github"),
  }),
  packages: v.array(
    v.variant("registryType", [
      v.strictObject({
        registryType: v.literal("npm"),
        identifier: v.pipe(Text, v.regex(/^\S+$/)),
        version: Version,
        runtimeHint: Text,
        transport: Stdio,
        packageArguments: v.array(v.strictObject({ type: v.literal("positional"), value: Text })),
        environmentVariables: v.array(
          v.strictObject({
            name: Text,
            description: Text,
            isRequired: v.boolean(),
            isSecret: v.optional(v.boolean()),
            format: v.picklist(["string", "number", "boolean", "filepath"]),
          }),
        ),
      }),
      v.strictObject({
        registryType: v.literal("mcpb"),
        identifier: v.pipe(Https, v.regex(/^https:\/\/github\.com\/\S+\/releases\/download\/\S*mcp\S*$/)),
        fileSha256: v.pipe(v.string(), v.regex(/^[a-f0-9]{64}$/)),
        transport: Stdio,
      }),
    ]),
  ),
});

// biome-ignore lint/suspicious/noExplicitAny: each test looks at the few keys of a manifest that it is about
function json(path: string): any {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}
