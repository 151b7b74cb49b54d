import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

/** What the server lists for a client that asks for everything, over the wire and from an empty home. */
export async function listedByServer() {
  const home = await mkdtemp(join(tmpdir(), "ouroboros-docs-"));
  const client = new Client({ name: "docs", version: "1" });
  try {
    const env = { HOME: home, PATH: process.env.PATH ?? "" };
    const args = [MAIN, "mcp", "serve", "--toolsets", "all"];
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args, env, cwd: home, stderr: "ignore" }),
    );
    const { prompts, resources } = client.getServerCapabilities() ?? {};
    return {
      tools: (await client.listTools()).tools,
      prompts: prompts ? (await client.listPrompts()).prompts : [],
      resources: resources ? (await client.listResources()).resources : [],
      templates: resources ? (await client.listResourceTemplates()).resourceTemplates : [],
    };
  } finally {
    await client.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
