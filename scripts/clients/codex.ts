import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventsOf } from "../../tests/e2e/support/agent-events.ts";
import { clientProgram } from "../../tests/e2e/support/clients.ts";
import { converse } from "./conversation.ts";
import type { Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Stage } from "./stage.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Without these Codex looks for hosts outside this machine; with plugins on it still does, for its own market. */
const QUIET = "check_for_update_on_startup = false\n\n[analytics]\nenabled = false\n";
const ALONE = `${QUIET}\n[features]\nplugins = false\n`;

/** Codex, which starts a server only for a conversation: that is what connecting means here. */
export function codexRoads(version: string, { byDefault, all, bySetup }: Offered): Road[] {
  const codex = { client: "Codex", version };
  const itself = (...args: string[]) => ["node", clientProgram("codex"), ...args];
  return [
    {
      ...codex,
      transport: "stdio",
      setup: "`codex plugin marketplace add .`, then `codex plugin add ouroboros@ouroboros`",
      visit: (stage) =>
        visit(stage, {
          tools: all,
          settings: QUIET,
          commands: [itself("plugin", "marketplace", "add", ROOT), itself("plugin", "add", "ouroboros@ouroboros")],
        }),
    },
    {
      ...codex,
      transport: "stdio",
      setup: "`ouroboros setup codex`",
      visit: (stage) =>
        visit(stage, {
          tools: bySetup.codex,
          settings: ALONE,
          commands: [[stage.binary, "setup", "codex", "--yes"]],
        }),
    },
    {
      ...codex,
      transport: "HTTP",
      setup: "`codex mcp add ouroboros --url URL`",
      visit: (stage) =>
        visit(stage, {
          tools: byDefault,
          settings: ALONE,
          commands: [itself("mcp", "add", "ouroboros", "--url", stage.url)],
        }),
    },
  ];
}

interface SetUp {
  readonly tools: number;
  readonly settings: string;
  readonly commands: readonly (readonly string[])[];
}

async function visit(stage: Stage, { tools, settings, commands }: SetUp): Promise<Visit> {
  const file = join(stage.sandbox.home, ".codex/config.toml");
  await mkdir(join(stage.sandbox.home, ".codex"));
  await writeFile(file, settings);
  for (const [command = "", ...args] of commands) {
    const { code, text } = await stage.run(command, args);
    if (code !== 0) throw new Error(`Cannot set Codex up: ${text}`);
  }
  let printed: string[] = [];
  const naming = (tool: string) => ({ tool, namespace: "mcp__ouroboros" });
  const talk = await converse({ call: stage.call, tools, naming }, async (modelUrl) => {
    await useModel(file, modelUrl);
    const exec = ["exec", "--json", "--skip-git-repo-check", "Say how it stands"];
    const ran = await stage.run("node", [clientProgram("codex"), ...exec], { env: { MODEL_KEY: "no-key" } });
    printed = ["$ codex exec --json …", ...eventsOf(ran.stdout).flatMap(({ item }) => toolCall(item))];
    return ran;
  });
  const ok = talk.firstOfferMs !== null;
  const connected = { ok, said: ok ? "yes" : "its model was never offered our tools" };
  return { connected, listed: talk.listed, called: talk.called, connectMs: talk.firstOfferMs, printed };
}

async function useModel(file: string, modelUrl: string): Promise<void> {
  // Keys outside a table have to stand before the first one.
  await writeFile(file, `model = "scripted"\nmodel_provider = "scripted"\n${await readFile(file, "utf8")}`);
  await appendFile(
    file,
    `
[model_providers.scripted]
name = "Scripted"
base_url = ${JSON.stringify(`${modelUrl}/v1`)}
wire_api = "responses"
env_key = "MODEL_KEY"
request_max_retries = 0
stream_max_retries = 0
`,
  );
}

function toolCall(item: unknown): string[] {
  const { type, server, tool, status } = (item ?? {}) as Record<string, unknown>; // any shape: each key is looked at
  return type === "mcp_tool_call" ? [`${type}: ${server} ${tool}, ${status}`] : [];
}
