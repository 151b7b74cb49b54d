import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clientProgram } from "../../tests/e2e/support/clients.ts";
import { writeGeminiExtension } from "../release/bundles/gemini-extension.ts";
import { hostTarget } from "../release/targets.ts";
import { attempt, lineWith } from "./attempt.ts";
import { converse } from "./conversation.ts";
import type { Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Ran, Stage } from "./stage.ts";

const ENV = { GEMINI_API_KEY: "no-key", GEMINI_CLI_TRUST_WORKSPACE: "true", GEMINI_CLI_NO_RELAUNCH: "true" };
/** A key instead of a log-in; nothing is reported and nothing updated. */
const SETTINGS = {
  security: { auth: { selectedType: "gemini-api-key" } },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false, disableAutoUpdate: true },
};

export function geminiRoads(version: string, { byDefault, all, bySetup }: Offered): Road[] {
  const gemini = { client: "Gemini CLI", version };
  return [
    {
      ...gemini,
      transport: "stdio",
      setup: "`gemini extensions install` of the folder that a release packs",
      visit: (stage) => visit(stage, all, () => installExtension(stage)),
    },
    {
      ...gemini,
      transport: "stdio",
      setup: "`ouroboros setup gemini`",
      visit: (stage) => visit(stage, bySetup.gemini, () => stage.run(stage.binary, ["setup", "gemini", "--yes"])),
    },
    {
      ...gemini,
      transport: "HTTP",
      setup: "`gemini mcp add --transport http ouroboros URL`",
      visit: (stage) =>
        visit(stage, byDefault, () =>
          run(stage, ["mcp", "add", "--scope", "user", "--transport", "http", "ouroboros", stage.url]),
        ),
    },
  ];
}

async function visit(stage: Stage, tools: number, setUp: () => Promise<Ran>): Promise<Visit> {
  const printed: string[] = [];
  let connectMs: number | null = null;
  const connected = await attempt(async () => {
    await addSettings(join(stage.sandbox.home, ".gemini"));
    const added = await setUp();
    if (added.code !== 0) throw new Error(`exit code ${added.code}: ${added.text}`);
    const listed = await run(stage, ["mcp", "list"]);
    const line = lineWith(listed.text, /^\S ouroboros/) ?? listed.text.trim();
    printed.push("$ gemini mcp list", line);
    const ok = line.startsWith("✓");
    if (ok) connectMs = listed.ms;
    return { ok, said: ok ? "yes" : line };
  });
  const naming = (tool: string) => ({ tool: `mcp_ouroboros_${tool}` });
  const talk = await converse({ call: stage.call, tools, naming }, (modelUrl) =>
    run(stage, ["-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", "Say how it stands"], {
      GOOGLE_GEMINI_BASE_URL: modelUrl,
    }),
  );
  return { connected, listed: talk.listed, called: talk.called, connectMs, printed };
}

async function addSettings(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "settings.json"), JSON.stringify(SETTINGS));
}

async function installExtension(stage: Stage): Promise<Ran> {
  const folder = join(stage.sandbox.home, "extension");
  // Where the C library is another one it is the same folder with another program in it.
  const target = hostTarget().replace("-musl", "") as Parameters<typeof writeGeminiExtension>[0];
  await writeGeminiExtension(target, stage.binary, folder);
  const valid = await run(stage, ["extensions", "validate", folder]);
  if (valid.code !== 0) throw new Error(`not valid: ${valid.text}`);
  return run(stage, ["extensions", "install", folder, "--consent"]);
}

function run(stage: Stage, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return stage.run("node", [clientProgram("gemini"), ...args], { env: { ...ENV, ...env } });
}
