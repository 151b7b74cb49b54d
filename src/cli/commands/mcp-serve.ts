import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { EntryRules } from "../../mcp/http-transport-door.ts";
import { type ServeOptions, serve } from "../../mcp/serve.ts";
import { parseToolsets, TOOLSETS } from "../../mcp/toolsets.ts";
import { type Cli, complain, type SharedFlags } from "../command.ts";

export type ServeFlags = SharedFlags & {
  readonly readOnly: boolean;
  readonly toolsets?: string | undefined;
  readonly transport?: "stdio" | "http" | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly tokenFile?: string | undefined;
  readonly allowHost?: string | undefined;
};

const ONLY_HTTP = ["host", "port", "tokenFile", "allowHost"] as const;

/** `ouroboros mcp serve`, for the spellings that the short road of main.ts does not know. Signals are the server's own matter. */
export async function mcpServe(this: Cli, flags: ServeFlags): Promise<void> {
  try {
    const outcome = await start(flags);
    this.process.exitCode = isRefusal(outcome) ? await complain(this, flags.json, outcome) : outcome;
  } catch (error) {
    this.process.exitCode = await complain(this, flags.json, error);
  }
}

async function start(flags: ServeFlags): Promise<number | Refusal> {
  const toolsets = parseToolsets(flags.toolsets);
  if ("unknown" in toolsets) {
    const message = `Cannot serve the toolset ${JSON.stringify(toolsets.unknown)}: there is no such group`;
    return refuse("wrong_usage", message, `There are: ${TOOLSETS.join(", ")}, or all`);
  }
  const options: ServeOptions = { db: flags.db, readOnly: flags.readOnly, toolsets };
  if (flags.transport === "http") {
    const rules = await entryRules(flags);
    return isRefusal(rules) ? rules : (await import("../../mcp/http-transport.ts")).serveHttp(options, rules);
  }
  if (ONLY_HTTP.some((flag) => flags[flag] !== undefined)) {
    const message = "Cannot serve on standard input and output at an address";
    return refuse("wrong_usage", message, "Add --transport http, or leave --host, --port and the like out");
  }
  return serve(options);
}

async function entryRules({ host = "127.0.0.1", port = 0, ...flags }: ServeFlags): Promise<EntryRules | Refusal> {
  const [{ isLoopback }, { needsToken, readToken }] = await Promise.all([
    import("../../mcp/http-transport-guard.ts"),
    import("../../mcp/http-transport-token.ts"),
  ]);
  if (flags.tokenFile === undefined && !isLoopback(host)) return needsToken(host);
  const token = flags.tokenFile === undefined ? undefined : readToken(flags.tokenFile);
  if (isRefusal(token)) return token;
  return { host, port, token, allowedHosts: flags.allowHost?.split(",") ?? [] };
}
