// Connects one of the two SDK clients to a stdio server, uses all that the tour on stdin asks for, and prints what
// came back. A program of its own, because these packages live beside it and nowhere else in the project.
import { text } from "node:stream/consumers";

const { mode, server, tour } = JSON.parse(await text(process.stdin));
const self = { name: "ouroboros-e2e", version: "1.0.0" };
const parameters = { command: server.command, args: server.args, env: { ...process.env, ...server.env } };

const { client, transport, protocolVersion } = mode === "v1" ? await v1() : await v2(mode.slice("v2-".length));
await client.connect(transport);

const { tools } = await client.listTools();
const { resources } = await client.listResources();
const { resourceTemplates } = await client.listResourceTemplates();
const results = [];
for (const call of tour.calls) results.push(await client.callTool(call));
const texts = [];
for (const uri of tour.reads) texts.push((await client.readResource({ uri })).contents[0].text);
const { template, argument, value } = tour.complete;
const { completion } = await client.complete({
  ref: { type: "ref/resource", uri: template },
  argument: { name: argument, value },
});
const report = {
  protocolVersion: protocolVersion(),
  server: client.getServerVersion(),
  tools: tools.map(({ name }) => name),
  resources: resources.map(({ uri }) => uri),
  templates: resourceTemplates.map(({ uriTemplate }) => uriTemplate),
  results,
  texts,
  completions: completion.values,
};
await client.close();
process.stdout.write(JSON.stringify(report));

async function v1() {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  const transport = new StdioClientTransport(parameters);
  // This client keeps the version to itself, and tells it to any transport that wants to know.
  let version;
  transport.setProtocolVersion = (agreed) => {
    version = agreed;
  };
  return { client: new Client(self), transport, protocolVersion: () => version };
}

async function v2(negotiation) {
  const { Client } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const mode = negotiation === "pinned" ? { pin: "2026-07-28" } : negotiation;
  const client = new Client(self, { versionNegotiation: { mode } });
  return {
    client,
    transport: new StdioClientTransport(parameters),
    protocolVersion: () => client.getNegotiatedProtocolVersion(),
  };
}
