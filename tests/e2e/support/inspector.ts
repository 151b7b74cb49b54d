import { clientProgram, ensureClients } from "./clients.ts";
import type { Sandbox } from "./sandbox.ts";
import type { ServerEntry } from "./server-entry.ts";

/** One method of the MCP Inspector's command line (`--method tools/list`, …): the JSON result. */
export async function inspect(sandbox: Sandbox, server: ServerEntry, ...method: string[]): Promise<unknown> {
  ensureClients("inspector");
  const variables = Object.entries(server.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const target = [server.command, ...server.args, "--method", ...method];
  const args = [clientProgram("inspector"), "--cli", ...variables, ...target];
  const { code, stdout, stderr } = await sandbox.run("node", args);
  if (code !== 0) throw new Error(`Cannot inspect ${method.join(" ")}: exit code ${code}; ${stderr || stdout}`);
  return JSON.parse(stdout);
}
