import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Offered, SetupHost } from "./road.ts";
import { type Given, openStage } from "./stage.ts";

/** What the server says of itself to the SDK's own client. */
export interface ServerFacts {
  readonly version: string;
  readonly offered: Offered;
  readonly capabilities: readonly string[];
}

export async function askServer(binary: string, given: Given): Promise<ServerFacts> {
  await using stage = await openStage(binary, "stdio", given);
  const ask = async (args: readonly string[]) => {
    const client = new Client({ name: "ouroboros-clients", version: "1" }, { versionNegotiation: { mode: "auto" } });
    const { env, home } = stage.sandbox;
    const command = { command: binary, args: ["mcp", "serve", ...args], env, cwd: home };
    await client.connect(new StdioClientTransport({ ...command, stderr: "ignore" }));
    const { tools } = await client.listTools();
    const facts = {
      version: client.getServerVersion()?.version ?? "",
      tools: tools.length,
      capabilities: pathsOf(client.getServerCapabilities() ?? {}),
    };
    await client.close();
    return facts;
  };
  const byDefault = await ask([]);
  const all = await ask(["--toolsets", "all"]);
  const { version, capabilities } = byDefault;
  const bySetup = async (host: SetupHost) => {
    const { text } = await stage.run(binary, ["setup", "--print", host]);
    return text.includes("--toolsets") ? all.tools : byDefault.tools;
  };
  return {
    version,
    capabilities,
    offered: {
      byDefault: byDefault.tools,
      all: all.tools,
      bySetup: {
        "claude-code": await bySetup("claude-code"),
        codex: await bySetup("codex"),
        gemini: await bySetup("gemini"),
        opencode: await bySetup("opencode"),
      },
    },
  };
}

/** `tools`, `resources.subscribe`, `extensions.NAME`, `extensions.NAME.FLAG`: all that is there and not false. */
function pathsOf(capabilities: object, before = ""): string[] {
  return Object.entries(capabilities)
    .filter(([, value]) => value !== false)
    .flatMap(([name, value]) => [
      `${before}${name}`,
      ...(typeof value === "object" && value !== null ? pathsOf(value, `${before}${name}.`) : []),
    ]);
}
