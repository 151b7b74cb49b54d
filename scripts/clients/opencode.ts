import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, lineWith } from "./attempt.ts";
import { converse } from "./conversation.ts";
import type { Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Stage } from "./stage.ts";

const QUIET = {
  OPENCODE_DISABLE_MODELS_FETCH: "1",
  OPENCODE_DISABLE_AUTOUPDATE: "1",
  OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
};

export function opencodeRoads(program: string, version: string, { byDefault, bySetup }: Offered): Road[] {
  const opencode = { client: "OpenCode", version };
  return [
    {
      ...opencode,
      transport: "stdio",
      setup: "`ouroboros setup opencode`",
      visit: (stage) =>
        visit(stage, bySetup.opencode, async () => {
          const { code, text } = await stage.run(stage.binary, ["setup", "opencode", "--yes"]);
          if (code !== 0) throw new Error(`exit code ${code}: ${text}`);
        }),
    },
    {
      ...opencode,
      transport: "HTTP",
      setup: '`"ouroboros": {"type": "remote", "url": URL}` in `opencode.json`',
      visit: (stage) =>
        visit(stage, byDefault, () =>
          configure(stage, { mcp: { ouroboros: { type: "remote", url: stage.url, enabled: true } } }),
        ),
    },
  ];

  async function visit(stage: Stage, tools: number, setUp: () => Promise<void>): Promise<Visit> {
    const printed: string[] = [];
    let connectMs: number | null = null;
    const connected = await attempt(async () => {
      await setUp();
      await configure(stage, { autoupdate: false, share: "disabled" });
      const listed = await stage.run(program, ["mcp", "list"], { env: QUIET });
      const line = lineWith(listed.text, /^\S ouroboros/) ?? listed.text.trim();
      printed.push("$ opencode mcp list", line);
      const ok = /^✓ ouroboros\s+connected/.test(line);
      if (ok) connectMs = listed.ms;
      return { ok, said: ok ? "yes" : line };
    });
    const naming = (tool: string) => ({ tool: `ouroboros_${tool}` });
    const talk = await converse({ call: stage.call, tools, naming }, async (modelUrl) => {
      const provider = {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${modelUrl}/v1`, apiKey: "no-key" },
        models: { scripted: { tool_call: true } },
      };
      const model = "scripted/scripted";
      await configure(stage, { model, small_model: model, provider: { scripted: provider } });
      return stage.run(program, ["run", "--format", "json"], { env: QUIET, input: "Say how it stands" });
    });
    return { connected, listed: talk.listed, called: talk.called, connectMs, printed };
  }
}

async function configure({ sandbox }: Stage, settings: object): Promise<void> {
  const folder = join(sandbox.home, ".config/opencode");
  const file = join(folder, "opencode.json");
  const before = existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : {};
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify({ ...before, ...settings }));
}
