import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  specTypeSchemas,
} from "@modelcontextprotocol/server";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { StartUp } from "../startup/start-up.ts";
import { VERSION } from "../version.ts";
import type { Offer } from "./catalogue.ts";
import { INSTRUCTIONS } from "./instructions.ts";

const CATALOGUE_TTL_MS = 3_600_000;
const LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list", "server/discover"] as const;
const hint = { ttlMs: CATALOGUE_TTL_MS, cacheScope: "public" as const };

/**
 * One protocol instance over the shared start-up. Everything that lists is static and answered at once; the catalogue and
 * the tools' code are loaded when they are first asked for, so that the first answer waits for none of it.
 */
export function createMcpServer(offer: Offer, startUp: () => Promise<StartUp>): Server {
  const server = new Server(
    { name: "ouroboros", title: "Ouroboros", version: VERSION },
    {
      capabilities: {
        tools: {},
        prompts: {},
        resources: {},
        completions: {},
        extensions: { "io.modelcontextprotocol/skills": {} },
      },
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
  server.setRequestHandler("prompts/list", async () => ({
    prompts: (await import("./prompts.ts")).offeredPrompts(offer),
  }));
  server.setRequestHandler("prompts/get", async ({ params }) => {
    const { promptNamed } = await import("./prompts.ts");
    return orError(promptNamed(offer, params.name, params.arguments));
  });
  server.setRequestHandler("resources/list", async () => {
    const [{ RESOURCES }, { skillResources }] = await Promise.all([
      import("./resources.ts"),
      import("./skills/offered-skills.ts"),
    ]);
    return { resources: [...RESOURCES, ...skillResources(offer)] };
  });
  server.setRequestHandler("resources/templates/list", async () => ({
    resourceTemplates: (await import("./resources.ts")).RESOURCE_TEMPLATES,
  }));
  server.setRequestHandler("resources/read", async ({ params: { uri } }, context) => {
    const { contents, readResource, unknownResource } = await import("./resources.ts");
    if (!uri.startsWith("skill:")) return orError(await readResource(uri, await startUp(), context.mcpReq.signal));
    const skill = (await import("./skills/offered-skills.ts")).readSkill(offer, uri);
    return orError(skill === undefined ? unknownResource(uri) : contents(uri, "text/markdown", skill));
  });
  server.setRequestHandler("completion/complete", async ({ params: { ref, argument } }) => {
    const { completeAmong, completeId } = await import("./resources-completion.ts");
    const from =
      ref.type === "ref/prompt"
        ? (await import("./prompts.ts")).completedFrom(ref.name, argument.name)
        : argument.name === "id"
          ? (await import("./resources.ts")).idKindOf(ref.uri)
          : undefined;
    if (typeof from === "string") return { completion: await completeId(from, argument.value, await startUp()) };
    return { completion: completeAmong(from ?? [], argument.value) };
  });
  serveSkills(server, offer);
  return server;
}

/** The skills extension as it is on the wire: the SDK's own class for it serves only its other, larger server. */
function serveSkills(server: Server, offer: Offer): void {
  server.setRequestHandler("skills/list", { params: specTypeSchemas.PaginatedRequestParams }, async () => ({
    skills: await (await import("./skills/offered-skills.ts")).skillEntries(offer),
    ...hint,
  }));
  server.setRequestHandler("skills/get", { params: specTypeSchemas.ReadResourceRequestParams }, async ({ uri }) => {
    const entries = await (await import("./skills/offered-skills.ts")).skillEntries(offer);
    const skill = entries.find((entry) => entry.uri === uri);
    if (!skill) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `No skill is served at ${uri}`);
    return { skill, ...hint };
  });
}

function orError<Answer>(answer: Answer | Refusal): Answer {
  if (!isRefusal(answer)) return answer;
  const { code, message, next, facts } = answer;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${message}. ${next}`, { code, ...facts });
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
