// The packages of a release on a registry of this test's own, installed as people install them, on PATHs with little on them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import packageJson from "../../package.json" with { type: "json" };
import { writeNpmPackages, writePluginPackage } from "../../scripts/release/npm/write-npm-packages.ts";
import { hostTarget, parseTargets, releaseName } from "../../scripts/release/targets.ts";
import { findProgram } from "../../src/process/find-program.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { gitIn, makeRepository } from "../support/run-library.ts";
import { startServer } from "./support/json-rpc-client.ts";
import { hasRegistry, type LoopbackRegistry, openLoopbackRegistry } from "./support/loopback-registry.ts";
import { hasOlderNode, newerNode } from "./support/newer-node.ts";
import { BINARY, callTool, handshake, untilPhase } from "./support/ouroboros-server.ts";
import { serversOf } from "./support/runs.ts";
import { openSandbox, type Sandbox } from "./support/sandbox.ts";
import { sdkTour } from "./support/sdk-client.ts";

const LIMIT = 120_000;
const PLUGIN = join(import.meta.dirname, "../../plugin");
const PLATFORM = `ouroboros-mcp-${hostTarget()}`;
const SERVE = ["mcp", "serve"];

describe.skipIf(!hasRegistry() || process.platform !== "linux")(
  "the npm packages on a registry on loopback (where verdaccio is installed)",
  () => {
    const root = mkdtempSync(join(tmpdir(), "ouroboros-registry-"));
    let registry: LoopbackRegistry;

    beforeAll(async () => {
      const [target] = parseTargets(hostTarget()) as Parameters<typeof releaseName>;
      mkdirSync(join(root, "release"));
      symlinkSync(BINARY, join(root, "release", releaseName(target)));
      registry = await openLoopbackRegistry(root);
      await using sandbox = await openUser();
      for (const folder of await writeNpmPackages(join(root, "release"), join(root, "npm"))) {
        // As npm packs it, but not as small: that would take most of this test's time.
        const pack = ["pm", "pack", "--quiet", "--gzip-level", "1", "--destination", root];
        await promisify(execFile)(process.execPath, pack, { cwd: folder, env: sandbox.env });
        const tarball = join(root, `${basename(folder)}-${packageJson.version}.tgz`);
        const published = await sandbox.run("npm", ["publish", "--tag", "latest", tarball]);
        expect(published.code, published.stderr).toBe(0);
      }
    }, LIMIT);
    afterAll(async () => {
      await registry[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
    });

    test(
      "npx on a PATH with only Node runs it, and an SDK client uses it",
      async () => {
        await using sandbox = await openUser();
        const PATH = pathOf(sandbox, "node", "npm", "npx", "sh");
        const { code, stdout } = await sandbox.run("npx", ["-y", "ouroboros-mcp", "--version"], {
          env: { PATH },
        });
        expect([code, stdout]).toEqual([0, `${packageJson.version}\n`]);
        const printed = await sandbox.run("npx", ["-y", "ouroboros-mcp", "setup", "--print"], { env: { PATH } });
        expect(entryIn(printed.stdout)).toEqual({
          command: join(PATH, "npx"),
          args: ["-y", "ouroboros-mcp", ...SERVE],
        });
        const entry = {
          name: "ouroboros",
          command: join(PATH, "npx"),
          args: ["-y", "ouroboros-mcp", ...SERVE],
          env: { PATH },
        };
        const tour = await sdkTour("v1", sandbox, entry, {
          calls: [{ name: "ouroboros_query_events", arguments: {} }],
          reads: ["ouroboros://startup"],
          complete: { template: "ouroboros://session/{id}", argument: "id", value: "" },
        });
        expect(tour.server).toMatchObject({ name: "ouroboros", version: packageJson.version });
        expect(tour.results[0]?.isError ?? false).toBe(false);
        expect(existsSync(join(sandbox.home, ".ouroboros/ouroboros.db"))).toBe(true);
        await until(() => serversOf(sandbox).length === 0, "npx and its server have gone with the client");
      },
      LIMIT,
    );

    test(
      "bunx on a PATH with only Bun runs it",
      async () => {
        await using sandbox = await openUser();
        const PATH = pathOf(sandbox, "bun", "bunx");
        const { code, stdout } = await sandbox.run("bunx", ["ouroboros-mcp", "--version"], { env: { PATH } });
        expect([code, stdout]).toEqual([0, `${packageJson.version}\n`]);
        const printed = await sandbox.run("bunx", ["ouroboros-mcp", "setup", "--print"], { env: { PATH } });
        expect(entryIn(printed.stdout)).toEqual({ command: join(PATH, "bunx"), args: ["ouroboros-mcp", ...SERVE] });
      },
      LIMIT,
    );

    test(
      "whoever ends the command, and however, leaves no server behind",
      async () => {
        await using sandbox = await openUser();
        await install(sandbox);
        const command = join(sandbox.project, "node_modules/.bin/ouroboros");
        const env = { HOME: sandbox.home, PATH: sandbox.env.PATH ?? "" };
        for (const end of ["SIGKILL", "SIGTERM", "SIGINT", "stdin"] as const) {
          await using server = startServer({ command, args: SERVE, env, cwd: sandbox.project });
          await handshake(server);
          const servers = serversOf(sandbox);
          expect(servers).toContain(server.pid);
          // After SIGKILL its pipe stays open, as one does that a third process holds.
          if (end === "stdin") server.closeStdin();
          else server.kill(end);
          await until(() => !servers.some(isRunning), `no server is left after ${end}`);
          if (end !== "SIGKILL") expect(await server.exited).toEqual({ code: 0, signal: null });
        }
      },
      LIMIT,
    );

    describe("without the platform's package (--omit=optional)", () => {
      let installed: Sandbox;
      const launcher = () => join(installed.project, "node_modules/ouroboros-mcp/bin/ouroboros.js");

      beforeAll(async () => {
        installed = await openUser();
        await install(installed, "--omit=optional");
        const names = readdirSync(join(installed.project, "node_modules")).filter((name) => !name.startsWith("."));
        expect(names).toEqual(["ouroboros-mcp"]);
      }, LIMIT);
      afterAll(() => installed[Symbol.asyncDispose]());

      test.skipIf(!hasOlderNode())("a Node older than 22.16 is told what is missing", async () => {
        const { code, stdout, stderr } = await installed.run("node", [launcher(), "--version"]);
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toContain(`the package ${PLATFORM} is not installed, and without it Node 22.16 or 24 and newer`);
      });

      for (const [name, runtime = ""] of [
        ["Node 22.16 or newer (where there is one)", newerNode()],
        ["Bun", process.execPath],
      ] as const) {
        test.skipIf(runtime === "")(
          `${name} runs the same program: it serves, has a store, and does a run in processes of its own`,
          async () => {
            await using sandbox = await openUser();
            const { home, project, env } = sandbox;
            {
              await using server = startServer({ command: runtime, args: [launcher(), ...SERVE], env, cwd: project });
              await handshake(server);
              await untilPhase(server, ["ready", "settled"]);
              expect((await callTool(server, "ouroboros_query_events")).isError ?? false).toBe(false);
              expect(server.impureLines()).toEqual([]);
              expect(server.stderr()).not.toContain("Warning");
            }
            writeToyRun(sandbox);
            const args = [launcher(), "run", join(home, "seed.json"), "--runtime", "toy", "--wait", "--json"];
            const ran = await sandbox.run(runtime, args);
            expect(ran.code, ran.stderr).toBe(0);
            const { status, execution_id } = JSON.parse(ran.stdout);
            expect(status).toBe("completed");
            expect(gitIn(project, "show", `ooo/${execution_id}:hello.txt`)).toBe("hello\n");
            // What it has written is a store like any other to the binary.
            const checked = await sandbox.run(BINARY, ["store", "check", "--json"]);
            expect(checked.code, checked.stdout + checked.stderr).toBe(0);
          },
          LIMIT,
        );
      }
    });

    test.each([
      ["npm", ["node", "npm"]],
      ["Bun alone", ["bun"]],
    ])(
      "the plugin's launcher installs it with %s once, and starts the binary itself",
      async (_name, programs) => {
        await using sandbox = await openUser();
        const plugin = join(sandbox.home, "plugin");
        cpSync(PLUGIN, plugin, { recursive: true });
        await writePluginPackage(plugin);
        const tools = ["cat", "dirname", "grep", "head", "mkdir", "mv", "rm", "sh", "tr"];
        const env = { PATH: pathOf(sandbox, ...tools, ...programs), CLAUDE_PLUGIN_DATA: join(sandbox.home, "data") };
        const launch = (...args: string[]) => sandbox.run(join(plugin, "launch/ouroboros"), args, { env });
        expect(await launch("card")).toMatchObject({ code: 0, stdout: "", stderr: "" });
        expect(existsSync(env.CLAUDE_PLUGIN_DATA)).toBe(false);
        const first = await launch("--version");
        expect([first.code, first.stdout], first.stderr).toEqual([0, `${packageJson.version}\n`]);
        const place = join(env.CLAUDE_PLUGIN_DATA, `ouroboros-mcp_${packageJson.version}`);
        expect(existsSync(join(place, "node_modules", PLATFORM, "bin/ouroboros"))).toBe(true);
        // Once it is there, nothing but the shell's own tools is needed.
        for (const name of programs) rmSync(join(env.PATH, name));
        expect(await launch("--version")).toMatchObject({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
      },
      LIMIT,
    );

    /** A home that knows the registry, and no package yet. */
    async function openUser(): Promise<Sandbox> {
      const sandbox = await openSandbox();
      writeFileSync(
        join(sandbox.home, ".npmrc"),
        `${registry.userConfig}cache=${join(root, "cache")}\nupdate-notifier=false\nfund=false\naudit=false\n`,
      );
      return sandbox;
    }

    async function install(sandbox: Sandbox, ...flags: string[]): Promise<void> {
      // Else npm takes a folder above for the project, and this one stands in a checkout of ours.
      writeFileSync(join(sandbox.project, "package.json"), "{}");
      const { code, stderr } = await sandbox.run("npm", ["install", "--no-save", ...flags, "ouroboros-mcp"]);
      expect(code, stderr).toBe(0);
    }
  },
);

/** How the first host of `setup --print` is to start the server: by what outlives the runner's cache. */
function entryIn(printed: string): unknown {
  const [, json = "{}"] = /^# claude-code: .*\n(\{[\s\S]*?\n\})/.exec(printed) ?? [];
  const { command, args } = JSON.parse(json).mcpServers?.ouroboros ?? {};
  // Flags behind that are another matter.
  return { command, args: args?.slice(0, args.indexOf("serve") + 1) };
}

/** A project, a seed for it, and an agent that does what the seed asks. */
function writeToyRun({ home, project }: Sandbox): void {
  const toy = { command: ["sh", "-c", "cat >prompt; echo hello >hello.txt"] };
  const seed = {
    goal: "A greeting",
    acceptance_criteria: [{ description: "It says hello", verify_command: "cat hello.txt" }],
  };
  const settings = { runtimes: { toy }, consent: { checks: "always" } };
  writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(settings));
  writeFileSync(join(home, "seed.json"), JSON.stringify(seed));
  writeFileSync(join(project, "README.md"), "# A project\n");
  makeRepository(project);
}

/** A PATH of one folder with nothing in it but these programs. */
function pathOf(sandbox: Sandbox, ...programs: string[]): string {
  const folder = join(sandbox.home, "path");
  mkdirSync(folder);
  for (const name of programs) {
    const found = name.startsWith("bun") ? process.execPath : findProgram(name, sandbox.env.PATH ?? "", null)?.program;
    if (found === undefined) throw new Error(`Cannot make a PATH: there is no ${name}`);
    symlinkSync(found, join(folder, name));
  }
  return folder;
}
