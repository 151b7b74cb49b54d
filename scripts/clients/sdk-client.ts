import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { attempt } from "./attempt.ts";
import type { Transport, Visit } from "./report.ts";
import type { Offered, Road } from "./road.ts";
import type { Stage } from "./stage.ts";

/** The SDK's own client, which has no start of its own: the time it takes is the server's. */
export function sdkRoads(version: string, { byDefault }: Offered): Road[] {
  return (["stdio", "HTTP"] as const).map((transport) => ({
    client: "MCP TypeScript SDK",
    version,
    transport,
    setup: `\`new ${transport === "HTTP" ? "StreamableHTTP" : "Stdio"}ClientTransport(…)\``,
    visit: (stage) => visit(stage, transport, byDefault),
  }));
}

async function visit(stage: Stage, transport: Transport, tools: number): Promise<Visit> {
  const client = new Client({ name: "ouroboros-clients", version: "1" }, { versionNegotiation: { mode: "auto" } });
  const printed: string[] = [];
  let connectMs: number | null = null;
  const connected = await attempt(async () => {
    const began = performance.now();
    await client.connect(transportOf(stage, transport));
    connectMs = performance.now() - began;
    printed.push(`protocol ${client.getNegotiatedProtocolVersion()}`);
    return { ok: true, said: "yes" };
  });
  const listed = await attempt(async () => {
    const { length } = (await client.listTools()).tools;
    return { ok: length === tools, said: `${length} of ${tools}` };
  });
  const { tool, input, answers, shown } = stage.call;
  const called = await attempt(async () => {
    const answer = JSON.stringify(await client.callTool({ name: tool, arguments: input }));
    const ok = answers.every((part) => answer.includes(part));
    return { ok, said: `\`${tool}\`: ${ok ? shown : answer.slice(0, 200)}` };
  });
  await client.close();
  return { connected, listed, called, connectMs, printed };
}

function transportOf({ binary, sandbox, url }: Stage, transport: Transport) {
  if (transport === "HTTP") return new StreamableHTTPClientTransport(new URL(url));
  const { env, home } = sandbox;
  return new StdioClientTransport({ command: binary, args: ["mcp", "serve"], env, cwd: home, stderr: "ignore" });
}
