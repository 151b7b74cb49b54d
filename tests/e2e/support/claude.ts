import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentEvent, eventsOf } from "./agent-events.ts";
import { clientProgram, ensureClients } from "./clients.ts";
import type { Finished, Sandbox } from "./sandbox.ts";
import type { ServerEntry } from "./server-entry.ts";

export type ClaudeRelease = "claude" | "claude-197";

/** Keeps Claude Code from looking for anything outside this machine. */
export const QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_ERROR_REPORTING: "1",
  DISABLE_AUTOUPDATER: "1",
  // The older release looks its own API up even for `mcp list`; the discard port of this machine answers nobody.
  ANTHROPIC_BASE_URL: "http://127.0.0.1:9",
};

/** `claude mcp add`, then the text of `claude mcp list`, which exits 0 whatever it found. */
export async function claudeMcpList(release: ClaudeRelease, sandbox: Sandbox, server: ServerEntry): Promise<string> {
  ensureClients(release);
  const claude = (...args: string[]) => sandbox.run(clientProgram(release), args, { env: QUIET });
  const variables = Object.entries(server.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const added = await claude(
    "mcp",
    "add",
    "-s",
    "user",
    server.name,
    ...variables,
    "--",
    server.command,
    ...server.args,
  );
  if (added.code !== 0) throw new Error(`Cannot add the server to ${release}: ${added.stderr || added.stdout}`);
  return (await claude("mcp", "list")).stdout;
}

/** `claude -p` with our server and no other, against a model at `modelUrl`. */
export async function claudePrint(
  sandbox: Sandbox,
  server: ServerEntry,
  modelUrl: string,
): Promise<Finished & { events: AgentEvent[] }> {
  ensureClients("claude");
  const { name, ...entry } = server;
  await writeFile(join(sandbox.project, "mcp.json"), JSON.stringify({ mcpServers: { [name]: entry } }));
  const options = ["--output-format", "stream-json", "--verbose", "--mcp-config", "mcp.json", "--strict-mcp-config"];
  const finished = await sandbox.run(
    clientProgram("claude"),
    ["-p", "Say how the session is", ...options, "--allowedTools", `mcp__${name}`],
    {
      env: {
        ...QUIET,
        ANTHROPIC_BASE_URL: modelUrl,
        ANTHROPIC_API_KEY: "no-key",
        CLAUDE_CODE_MAX_RETRIES: "0",
        CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
        ENABLE_TOOL_SEARCH: "false",
      },
    },
  );
  return { ...finished, events: eventsOf(finished.stdout) };
}
