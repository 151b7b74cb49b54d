import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentEvent, eventsOf } from "./agent-events.ts";
import { clientProgram, ensureClients } from "./clients.ts";
import type { Finished, Sandbox } from "./sandbox.ts";
import type { ServerEntry } from "./server-entry.ts";

/** `codex exec` that starts only once our server has, against a model at `modelUrl`. */
export async function codexExec(
  sandbox: Sandbox,
  server: ServerEntry,
  modelUrl: string,
): Promise<Finished & { events: AgentEvent[] }> {
  ensureClients("codex");
  await mkdir(join(sandbox.home, ".codex"));
  await writeFile(join(sandbox.home, ".codex/config.toml"), codexConfiguration(server, modelUrl));
  const args = [clientProgram("codex"), "exec", "--json", "--skip-git-repo-check", "Say how the session is"];
  const finished = await sandbox.run("node", args, { env: { MODEL_KEY: "no-key" } });
  return { ...finished, events: eventsOf(finished.stdout) };
}

/** A user's configuration with our model and one MCP server. */
// JSON strings and arrays of strings are TOML as they stand. No approval mode is set: a tool must run unasked
// because it says that it only reads. Plugins and analytics are off as both would
// have Codex look for hosts outside this machine.
export function codexConfiguration({ name, command, args, env }: ServerEntry, modelUrl: string): string {
  return `
model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false

[model_providers.scripted]
name = "Scripted"
base_url = ${JSON.stringify(`${modelUrl}/v1`)}
wire_api = "responses"
env_key = "MODEL_KEY"
request_max_retries = 0
stream_max_retries = 0

[features]
plugins = false

[analytics]
enabled = false

[mcp_servers.${name}]
command = ${JSON.stringify(command)}
args = ${JSON.stringify(args)}
required = true

[mcp_servers.${name}.env]
${Object.entries(env)
  .map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
  .join("\n")}
`;
}
