import { join } from "node:path";
import { type ClaudeRelease, QUIET } from "../../tests/e2e/support/claude.ts";
import { clientProgram } from "../../tests/e2e/support/clients.ts";
import { attempt, lineWith } from "./attempt.ts";
import { converse } from "./conversation.ts";
import type { Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Ran, Stage } from "./stage.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The server as Claude Code names it, and how many tools it has there. */
interface Server {
  readonly name: string;
  readonly prefix: string;
  readonly tools: number;
}

/** A release of Claude Code: as a plugin from this folder, by its own command, and over HTTP. */
export function claudeRoads(release: ClaudeRelease, version: string, offered: Offered): Road[] {
  const claude = { client: "Claude Code", version };
  const alone = { name: "ouroboros", prefix: "mcp__ouroboros__" };
  const asPlugin = {
    name: "plugin:ouroboros:ouroboros",
    prefix: "mcp__plugin_ouroboros_ouroboros__",
    tools: offered.all,
  };
  return [
    {
      ...claude,
      transport: "stdio",
      setup: "`claude plugin marketplace add .`, then `claude plugin install ouroboros@ouroboros`",
      visit: (stage) => visit(stage, asPlugin, () => installPlugin(stage)),
    },
    {
      ...claude,
      transport: "stdio",
      setup: "`ouroboros setup claude-code`",
      visit: (stage) =>
        visit(stage, { ...alone, tools: offered.bySetup["claude-code"] }, async () => [
          done(await stage.run(stage.binary, ["setup", "claude-code", "--yes"])),
        ]),
    },
    {
      ...claude,
      transport: "HTTP",
      setup: "`claude mcp add --transport http ouroboros URL`",
      visit: (stage) =>
        visit(stage, { ...alone, tools: offered.byDefault }, async () => {
          const where = ["-s", "user", "--transport", "http", "ouroboros", stage.url];
          return [done(await run(stage, ["mcp", "add", ...where]))];
        }),
    },
  ];

  async function visit(stage: Stage, { name, prefix, tools }: Server, setUp: () => Promise<string[]>): Promise<Visit> {
    const printed: string[] = [];
    let connectMs: number | null = null;
    const connected = await attempt(async () => {
      printed.push(...(await setUp()));
      const listed = await run(stage, ["mcp", "list"]);
      const line = lineWith(listed.text, new RegExp(`^${name}: `)) ?? lastLine(listed.text);
      printed.push(`$ claude mcp list`, line);
      const ok = line.includes("✔ Connected");
      if (ok) connectMs = listed.ms;
      return { ok, said: ok ? "yes" : line };
    });
    const naming = (tool: string) => ({ tool: prefix + tool });
    const talk = await converse({ call: stage.call, tools, naming }, (modelUrl) =>
      run(stage, ["-p", "Say how it stands", "--allowedTools", prefix + stage.call.tool], {
        ANTHROPIC_BASE_URL: modelUrl,
        ANTHROPIC_API_KEY: "no-key",
        CLAUDE_CODE_MAX_RETRIES: "0",
        CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
        ENABLE_TOOL_SEARCH: "false",
      }),
    );
    return { connected, listed: talk.listed, called: talk.called, connectMs, printed };
  }

  async function installPlugin(stage: Stage): Promise<string[]> {
    // Only the newer release knows --strict.
    const strict = release === "claude" ? ["--strict"] : [];
    const printed: string[] = [];
    const commands = [
      ["plugin", "validate", ...strict, ROOT],
      ["plugin", "validate", ...strict, join(ROOT, "plugin")],
      ["plugin", "marketplace", "add", ROOT],
      ["plugin", "install", "ouroboros@ouroboros"],
    ];
    for (const args of commands) {
      const shown = args.map((arg) => (arg.startsWith(ROOT) ? `.${arg.slice(ROOT.length)}` : arg));
      printed.push(`$ claude ${shown.join(" ")}`, done(await run(stage, args)));
    }
    return printed;
  }

  function run(stage: Stage, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return stage.run(clientProgram(release), args, { env: { ...QUIET, ...env } });
  }
}

/** The last line of a command that has to succeed. */
function done({ code, text }: Ran): string {
  if (code !== 0) throw new Error(`exit code ${code}: ${text.trim().slice(0, 300)}`);
  return lastLine(text);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
