import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeGeminiExtension } from "../../scripts/release/bundles/gemini-extension.ts";
import {
  MCPB_TARGETS,
  MCPB_TOOL,
  type McpbTarget,
  mcpbManifest,
  mcpbName,
  writeMcpb,
} from "../../scripts/release/bundles/mcpb.ts";
import { hostTarget, releaseName } from "../../scripts/release/targets.ts";
import { eventsOf } from "./support/agent-events.ts";
import { clientProgram, hasClient } from "./support/clients.ts";
import { codexConfiguration } from "./support/codex.ts";
import { type FakeModelApi, openModelApi } from "./support/fake-model-api.ts";
import { BINARY } from "./support/ouroboros-server.ts";
import { realPart } from "./support/real-part.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { sdkTour } from "./support/sdk-client.ts";
import { openTemporaryFolder, type TemporaryFolder } from "./support/temporary-folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const TARGET = hostTarget();
const bundled = MCPB_TARGETS.find((target) => target === TARGET);
/** Whoever looks for a host outside this machine finds nobody. */
const ALONE = {
  HTTPS_PROXY: "http://127.0.0.1:9",
  https_proxy: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1",
  GIT_ALLOW_PROTOCOL: "file",
};

const hasPacker = existsSync(MCPB_TOOL) && hasClient("sdk-v2");
let folder: TemporaryFolder;
/** Packing 120 MB takes seconds of one processor: the other tests have the other one. */
let packing: Promise<readonly string[]> | undefined;

beforeAll(async () => {
  folder = await openTemporaryFolder();
  if (bundled === undefined || !hasPacker) return;
  const binaries = join(folder.path, "binaries");
  mkdirSync(binaries);
  symlinkSync(BINARY, join(binaries, releaseName(bundled)));
  packing = writeMcpb(binaries, join(folder.path, "out"));
  packing.catch(() => {}); // told by the test that waits for it
});
afterAll(async () => {
  await packing?.catch(() => {});
  await folder[Symbol.asyncDispose]();
}, 60_000);

describe("Codex", () => {
  const codex = realPart("Codex", hasClient("codex"));

  codex(
    "with the marketplace added and the plugin installed it offers every skill, and calls a tool unasked",
    async () => {
      await using sandbox = await openSandbox();
      await using model = await openModelApi([
        { namespace: "mcp__ouroboros", tool: "ouroboros_query_events", input: {} },
        { text: "told" },
      ]);
      await installInCodex(sandbox, model);
      const options = ["--json", "--skip-git-repo-check"];
      const { code, stdout, stderr } = await runCodex(sandbox, ["exec", ...options, "Say how it is"]);
      expect(code, stderr).toBe(0);
      const [first] = model.requests;
      const skills = readdirSync(join(ROOT, "plugin/skills"));
      // Its own texts, and those alone: Claude Code's lie in the same plugin.
      const listed = [...(first?.text.matchAll(/- ouroboros:([\w-]+): /g) ?? [])].map(([, skill = ""]) => skill);
      expect(listed.sort()).toEqual(skills.sort());
      expect(first?.text).toMatch(/plugins\/cache\/ouroboros\/ouroboros\/[^/]+\/codex\/skills`/);
      const call = { type: "mcp_tool_call", server: "ouroboros", tool: "ouroboros_query_events", status: "completed" };
      const items = eventsOf(stdout).map(({ item }) => item);
      expect(items).toContainEqual(expect.objectContaining(call));
      expect(model.requests.at(-1)?.toolResults.join()).toContain("events");
      // Each tool that a skill names is one that Codex offers, under that name.
      const named = [...skillTexts(join(ROOT, "plugin/codex/skills")).matchAll(/`(ouroboros_\w+)`/g)].map(
        ([, name]) => name,
      );
      expect(named.filter((name) => !first?.offered.includes(`mcp__ouroboros.${name}`))).toEqual([]);
    },
  );

  codex("its hooks, once trusted, name the skill for a prompt and run nothing that stands in it", async () => {
    await using sandbox = await openSandbox();
    await using model = await openModelApi([{ text: "told" }]);
    await installInCodex(sandbox, model);
    const prompt = "ooo status $(touch run) `touch run`";
    const options = ["--json", "--skip-git-repo-check", "--dangerously-bypass-hook-trust"];
    const { code, stderr } = await runCodex(sandbox, ["exec", ...options, prompt]);
    expect(readdirSync(sandbox.project)).toEqual([]);
    expect(code, stderr).toBe(0);
    expect(model.requests[0]?.text).toContain("Use the skill ouroboros:run-status for this prompt");
  });
});

describe("Gemini CLI", () => {
  realPart("Gemini CLI", hasClient("gemini"))(
    "finds nothing wrong with the extension, installs it, connects to the program inside, and calls a tool",
    async () => {
      await using sandbox = await openSandbox();
      const extension = join(folder.path, "extension");
      await writeGeminiExtension("linux-x64", BINARY, extension);
      await using model = await openModelApi([
        { tool: "mcp_ouroboros_ouroboros_query_events", input: {} },
        { text: "told" },
      ]);
      mkdirSync(join(sandbox.home, ".gemini"));
      const settings = {
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
        general: { enableAutoUpdate: false },
      };
      writeFileSync(join(sandbox.home, ".gemini/settings.json"), JSON.stringify(settings));
      const gemini = (...args: string[]) => runGemini(sandbox, model, args);

      expect(await gemini("extensions", "validate", extension)).toMatchObject({ code: 0 });
      expect(await gemini("extensions", "install", extension, "--consent")).toMatchObject({ code: 0 });
      const installed = join(sandbox.home, ".gemini/extensions/ouroboros");
      const { stdout, stderr } = await gemini("mcp", "list");
      const connected = `✓ ouroboros (from ouroboros): ${installed}/bin/ouroboros mcp serve --toolsets all (stdio) - Connected`;
      expect(stdout + stderr).toContain(connected);

      const told = await gemini("-m", "gemini-2.5-flash", "-y", "-o", "json", "-p", "ooo status");
      expect(told.code, told.stderr).toBe(0);
      const [first, last] = [model.requests[0], model.requests.at(-1)];
      expect(first?.text).toContain("A prompt that begins with `ooo` is for Ouroboros");
      expect(first?.text).toContain("ouroboros-run-status");
      expect(last?.toolResults.join()).toContain("events");
      const named = [...skillTexts(join(installed, "skills")).matchAll(/`(mcp_ouroboros_\w+)`/g)].map(
        ([, name]) => name,
      );
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((name) => !first?.offered.includes(name ?? ""))).toEqual([]);
    },
  );
});

describe("the MCPB bundle", () => {
  const real = realPart("mcpb", hasPacker);

  real("the official tool finds each platform's manifest valid", async () => {
    await using sandbox = await openSandbox();
    await Promise.all(
      MCPB_TARGETS.map(async (target) => {
        const path = join(sandbox.home, `${target}.json`);
        writeFileSync(path, JSON.stringify(mcpbManifest(target)));
        const { code, stdout } = await runMcpb(sandbox, ["validate", path]);
        expect([code, stdout]).toEqual([0, "Manifest schema validation passes!\n"]);
      }),
    );
  });

  realPart("mcpb", hasPacker && bundled !== undefined)(
    "packed by the official tool and unpacked again, it holds a server that offers what its manifest says",
    async () => {
      await using sandbox = await openSandbox();
      const name = mcpbName(bundled as McpbTarget);
      expect(await packing).toEqual([name]);
      const bundle = join(folder.path, "out", name);
      expect(readdirSync(join(folder.path, "out"))).toEqual([name]);
      expect(await runMcpb(sandbox, ["info", bundle])).toMatchObject({ code: 0 });
      const unpacked = join(sandbox.home, "a folder");
      expect(await runMcpb(sandbox, ["unpack", bundle, unpacked])).toMatchObject({ code: 0 });

      const manifest = JSON.parse(readFileSync(join(unpacked, "manifest.json"), "utf8"));
      expect(existsSync(join(unpacked, manifest.server.entry_point))).toBe(true);
      const { command, args } = manifest.server.mcp_config;
      // biome-ignore lint/suspicious/noTemplateCurlyInString: what a host puts the folder for
      const server = { name: "ouroboros", command: command.replace("${__dirname}", unpacked), args, env: {} };
      const tour = await sdkTour("v2-auto", sandbox, server, {
        calls: [{ name: "ouroboros_query_events", arguments: {} }],
        reads: ["ouroboros://startup"],
        complete: { template: "ouroboros://session/{id}", argument: "id", value: "" },
      });
      expect(tour.server).toMatchObject({ name: "ouroboros", version: manifest.version });
      expect(tour.tools).toEqual(manifest.tools.map((tool: { name: string }) => tool.name));
      expect(tour.results[0]?.isError ?? false).toBe(false);
    },
  );
});

/** Adds this checkout as a marketplace and installs its plugin, as a person would, with a model on this machine. */
async function installInCodex(sandbox: Sandbox, model: FakeModelApi): Promise<void> {
  const entry = { name: "none", command: "none", args: [], env: {} };
  const [configuration = ""] = codexConfiguration(entry, model.url).split("[mcp_servers.");
  mkdirSync(join(sandbox.home, ".codex"));
  writeFileSync(join(sandbox.home, ".codex/config.toml"), configuration.replace("plugins = false", "plugins = true"));
  for (const args of [
    ["plugin", "marketplace", "add", ROOT],
    ["plugin", "add", "ouroboros@ouroboros"],
  ]) {
    const { code, stdout, stderr } = await runCodex(sandbox, args);
    expect(code, stdout + stderr).toBe(0);
  }
}

/** Codex with the compiled program on its PATH. */
function runCodex(sandbox: Sandbox, args: readonly string[]) {
  const ours = join(sandbox.home, "ours");
  mkdirSync(ours, { recursive: true });
  if (!existsSync(join(ours, "ouroboros"))) symlinkSync(BINARY, join(ours, "ouroboros"));
  const env = { ...ALONE, MODEL_KEY: "no-key", PATH: `${ours}:${sandbox.env.PATH}` };
  return sandbox.run("node", [clientProgram("codex"), ...args], { env });
}

function runGemini(sandbox: Sandbox, model: FakeModelApi, args: readonly string[]) {
  const env = {
    ...ALONE,
    GEMINI_API_KEY: "no-key",
    GOOGLE_GEMINI_BASE_URL: model.url,
    GEMINI_CLI_TRUST_WORKSPACE: "true",
    GEMINI_CLI_NO_RELAUNCH: "true",
  };
  return sandbox.run("node", [clientProgram("gemini"), ...args], { env });
}

function runMcpb(sandbox: Sandbox, args: readonly string[]) {
  return sandbox.run("node", [MCPB_TOOL, ...args]);
}

/** Every skill's text below a folder. */
function skillTexts(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name, "SKILL.md"), "utf8"))
    .join("\n");
}
