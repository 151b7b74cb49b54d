import { attempt } from "./attempt.ts";
import type { Cell, Transport, Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Ran, Stage } from "./stage.ts";

export interface InspectorRelease {
  readonly version: string;
  /** The Node it needs, and its program. */
  readonly command: readonly [string, string];
  /** Has it judge the schemas of the tools, too. */
  readonly strict: boolean;
}

/** A release of the MCP Inspector, by its command line. */
export function inspectorRoads(
  { version, command: [node, program], strict }: InspectorRelease,
  offered: Offered,
): Road[] {
  return [road("stdio", "`--cli ouroboros mcp serve`"), road("HTTP", "`--cli URL --transport http`")];

  function road(transport: Transport, setup: string): Road {
    return { client: "MCP Inspector", version, transport, setup, visit };

    async function visit(stage: Stage): Promise<Visit> {
      const target = transport === "HTTP" ? [stage.url, "--transport", "http"] : [stage.binary, "mcp", "serve"];
      const inspect = (...method: string[]) => stage.run(node, [program, "--cli", ...target, "--method", ...method]);
      let ran: Ran | undefined;
      const listed = await attempt(async () => {
        ran = await inspect("tools/list", ...(strict ? ["--strict"] : []));
        if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.text.slice(-300)}`);
        const { tools } = JSON.parse(ran.stdout) as { tools: readonly unknown[] };
        const note = strict ? ", nothing for `--strict` to say" : "";
        return { ok: tools.length === offered.byDefault, said: `${tools.length} of ${offered.byDefault}${note}` };
      });
      const called = await attempt(() => callOne(stage, inspect));
      const printed = ran === undefined ? [] : [`$ mcp-inspector --cli … --method tools/list`, `exit code ${ran.code}`];
      const connected = { ok: listed.ok, said: listed.ok ? "yes" : listed.said };
      return { connected, listed, called, connectMs: listed.ok && ran ? ran.ms : null, printed };
    }
  }
}

async function callOne(stage: Stage, inspect: (...method: string[]) => Promise<Ran>): Promise<Cell> {
  const { tool, input, answers, shown } = stage.call;
  const given = Object.entries(input).flatMap(([name, value]) => ["--tool-arg", `${name}=${value}`]);
  const { code, stdout, text } = await inspect("tools/call", "--tool-name", tool, ...given);
  const answer = JSON.stringify(JSON.parse(stdout)).replaceAll("\\", "");
  const ok = code === 0 && answers.every((part) => answer.includes(part));
  return { ok, said: ok ? `\`${tool}\`: ${shown}` : `exit code ${code}: ${text.slice(-300)}` };
}
