// Keeps one of the two SDK clients connected to a stdio server, and does what it is told on stdin, in JSON-RPC: `connect`,
// then `call`. With `said` it can put forms to a person, who says these things one after the other.
import { createInterface } from "node:readline";

const self = { name: "ouroboros-e2e", version: "1.0.0" };
let connected;

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  try {
    write({ id, result: await { connect, call }[method](params) });
  } catch (error) {
    write({ id, error: { code: error.code ?? 0, message: String(error) } });
  }
}
await connected?.client.close();

function write(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

async function connect({ mode, server, said }) {
  const parameters = { command: server.command, args: server.args, env: { ...process.env, ...server.env } };
  const asked = [];
  const ask = ({ params }) => {
    asked.push(params);
    return said.shift() ?? { action: "cancel" };
  };
  const options = said === undefined ? {} : { capabilities: { elicitation: { form: {} } } };
  const { client, transport, protocolVersion } = await (mode === "v1" ? v1 : v2)(parameters, options, said && ask);
  await client.connect(transport);
  // As hosts do; from here on the client holds each answer against its tool's output schema.
  await client.listTools();
  connected = { client, asked };
  return { protocolVersion: protocolVersion() };
}

async function call(request) {
  connected.asked.length = 0;
  const answer = await connected.client.callTool(request);
  return { answer, asked: [...connected.asked] };
}

async function v1(parameters, options, ask) {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  const { ElicitRequestSchema } = await import("@modelcontextprotocol/sdk/types.js");
  const transport = new StdioClientTransport(parameters);
  let version;
  transport.setProtocolVersion = (agreed) => {
    version = agreed;
  };
  const client = new Client(self, options);
  if (ask) client.setRequestHandler(ElicitRequestSchema, ask);
  return { client, transport, protocolVersion: () => version };
}

async function v2(parameters, options, ask) {
  const { Client } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const client = new Client(self, { ...options, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  if (ask) client.setRequestHandler("elicitation/create", ask);
  const transport = new StdioClientTransport(parameters);
  return { client, transport, protocolVersion: () => client.getNegotiatedProtocolVersion() };
}
