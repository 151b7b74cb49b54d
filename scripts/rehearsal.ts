// A fresh user on a machine with almost nothing: an empty home, a PATH with the tools of any system and the one thing they install
// with. Each road goes from there to a branch that was verified and merged, with a real Claude Code connected on the way. The releases
// are on loopback; model and agent are scripts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../package.json";
import { openLoopbackRegistry } from "../tests/e2e/support/loopback-registry.ts";
import { bareMachine } from "./rehearsal/bare-machine.ts";
import { publishPackages } from "./rehearsal/publish-packages.ts";
import { serveRelease } from "./release/serve-release.ts";
import { makeRelease } from "./story/local-release.ts";
import { type Recorded, type Road, tellStory } from "./story/tell-story.ts";

const CONNECTED = ["claude mcp list", /ouroboros: [\s\S]*✔\s*Connected/] as const;

const root = mkdtempSync(join(tmpdir(), "ouroboros-rehearsal-"));
try {
  process.exitCode = await rehearse();
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}

async function rehearse(): Promise<number> {
  await makeRelease(join(root, "release"));
  await using release = await serveRelease(join(root, "release"), version);
  mkdirSync(join(root, "registry"));
  await using registry = await openLoopbackRegistry(join(root, "registry"));
  say("Publishing the npm packages on loopback");
  await publishPackages(join(root, "release"), join(root, "npm"), registry.userConfig);

  const failed: string[] = [];
  await go("only Node: npx", ["node", "npm", "npx"], { install: [], program: "npx --yes ouroboros-mcp" });
  await go("only Bun: bunx", ["bun", "bunx"], { install: [], program: "bunx ouroboros-mcp" });
  const fetched = "curl -fsSL $OUROBOROS_RELEASES/latest/download/install.sh | sh";
  await go("neither: the install script", [], { install: [fetched], program: "ouroboros" });
  say(failed.length === 0 ? "\nEvery road leads to a verified branch." : `\nFailed: ${failed.join("; ")}`);
  return failed.length === 0 ? 0 : 1;

  async function go(name: string, programs: readonly string[], road: Pick<Road, "install" | "program">): Promise<void> {
    say(`\n== ${name}`);
    const home = mkdtempSync(join(root, "home-"));
    writeFileSync(join(home, ".npmrc"), registry.userConfig);
    const PATH = `${join(home, ".local/bin")}:${bareMachine(join(root, `bin-${programs.join("-")}`), programs)}`;
    const env = { PATH, OUROBOROS_RELEASES: release.url, npm_config_update_notifier: "false" };
    try {
      for (const step of await tellStory(home, { ...road, env, connected: CONNECTED })) say(lineOf(step));
    } catch (error) {
      failed.push(name);
      say(String(error));
    }
  }
}

/** What was typed, how long it took, and the last thing it said. */
function lineOf({ typed, shown, ms }: Recorded): string {
  const last = shown.findLast((line) => line.some(({ text }) => text.trim() !== "")) ?? [];
  return `${(ms / 1000).toFixed(1).padStart(6)} s  ${typed}\n          ${last.map(({ text }) => text).join("")}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
