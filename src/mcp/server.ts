import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { isRefusal, refuse } from "../base/refusal.ts";
import type { StartUp } from "../startup/start-up.ts";
import { VERSION } from "../version.ts";
import type { Offer } from "./catalogue.ts";
import { INSTRUCTIONS } from "./instructions.ts";

const CATALOGUE_TTL_MS = 3_600_000;
const LISTS = ["tools/list", "resources/list", "resources/templates/list", "server/discover"] as const;
const hint = { ttlMs: CATALOGUE_TTL_MS, cacheScope: "public" as const };

/**
 * One protocol instance over the shared start-up. Everything that lists is static and answered at once; the catalogue and
 * the tools' code are loaded when they are first asked for, so that the first answer waits for none of it.
 */
export function createMcpServer(offer: Offer, startUp: () => Promise<StartUp>): Server {
  const server = new Server(
    { name: "ouroboros", title: "Ouroboros", version: VERSION },
    {
      capabilities: { tools: {}, resources: {}, completions: {} },
      instructions: INSTRUCTIONS,
      cacheHints: Object.fromEntries(LISTS.map((method) => [method, hint])),
    },
  );
  server.setRequestHandler("tools/list", async () => {
    const { offeredTools, toDefinition } = await import("./catalogue.ts");
    return { tools: offeredTools(offer).map(toDefinition) };
  });
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const { offeredTools, toolNamed, whyNotOffered } = await import("./catalogue.ts");
    const tool = toolNamed(offer, params.name);
    const notOffered = tool ? undefined : whyNotOffered(offer, params.name);
    if (notOffered) return (await import("./result.ts")).toErrorResult(notOffered, notOffered.facts);
    if (!tool)
      throw unknownTool(
        params.name,
        offeredTools(offer).map(({ name }) => name),
      );
    const [{ answerOf, callTool }, { canAsk, saidIn }] = await Promise.all([
      import("./call.ts"),
      import("./asking.ts"),
    ]);
    const running = await startUp();
    const call: Parameters<typeof callTool>[3] = {
      signal: context.mcpReq.signal,
      progress: progressOf(context),
      canAsk: canAsk(server, context),
      said: saidIn(context),
      async callTool(name, args) {
        const other = toolNamed(offer, name);
        // What goes on stands in the store, which others write to: nothing that ends or removes is ever called for it.
        if (other && !other.annotations.destructiveHint) return answerOf(other, args, running, call);
        const next = "Start the server with the toolset that has it";
        return (
          whyNotOffered(offer, name) ?? refuse("unknown_tool", `There is no tool ${name} to go on with here`, next)
        );
      },
    };
    return (await callTool(tool, params.arguments, running, call)) satisfies CallToolResult;
  });
  server.setRequestHandler("resources/list", async () => ({ resources: (await import("./resources.ts")).RESOURCES }));
  server.setRequestHandler("resources/templates/list", async () => ({
    resourceTemplates: (await import("./resources.ts")).RESOURCE_TEMPLATES,
  }));
  server.setRequestHandler("resources/read", async ({ params }, context) => {
    const { readResource } = await import("./resources.ts");
    const read = await readResource(params.uri, await startUp(), context.mcpReq.signal);
    if (!isRefusal(read)) return read;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${read.message}. ${read.next}`, {
      code: read.code,
      ...read.facts,
    });
  });
  server.setRequestHandler("completion/complete", async ({ params }) => {
    const { completeSession } = await import("./resources.ts");
    const isSession = params.ref.type === "ref/resource" && params.argument.name === "id";
    const values = isSession ? await completeSession(params.argument.value, await startUp()) : [];
    return { completion: { values, hasMore: false } };
  });
  return server;
}

function unknownTool(name: string, offered: readonly string[]): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}. There are: ${offered.join(", ")}`);
}

function progressOf(context: ServerContext) {
  const token = context.mcpReq._meta?.progressToken;
  return async (done: number, total: number | undefined, message: string): Promise<void> => {
    if (token === undefined || context.mcpReq.signal.aborted) return;
    const params = { progressToken: token, progress: done, message, ...(total === undefined ? {} : { total }) };
    await context.mcpReq.notify({ method: "notifications/progress", params });
  };
}
