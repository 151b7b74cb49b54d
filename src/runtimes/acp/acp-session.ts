import { type ClientContext, methods, PROTOCOL_VERSION, RequestError } from "@agentclientprotocol/sdk";
import * as v from "valibot";
import { VERSION } from "../../version.ts";
import type { Task } from "../runtime.ts";
import { errorInWords } from "./acp-endings.ts";
import { AcpFault } from "./acp-fault.ts";

const Optional = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), undefined);

const Greeting = v.object({
  protocolVersion: v.number(),
  agentInfo: Optional(v.object({ name: v.string(), version: v.string() })),
  agentCapabilities: Optional(
    v.object({
      loadSession: Optional(v.boolean()),
      sessionCapabilities: Optional(v.object({ resume: Optional(v.looseObject({})) })),
    }),
  ),
  authMethods: v.optional(v.unknown()),
});
type Greeting = v.InferOutput<typeof Greeting>;

const Choice = v.object({ value: v.string(), name: v.string() });
const Select = v.object({
  type: v.literal("select"),
  id: v.string(),
  category: v.string(),
  currentValue: v.string(),
  options: v.array(
    v.union([
      v.pipe(
        Choice,
        v.transform((choice) => [choice]),
      ),
      v.pipe(
        v.object({ options: v.array(Choice) }),
        v.transform(({ options }) => options),
      ),
    ]),
  ),
});
const Opened = v.object({
  sessionId: Optional(v.string()),
  configOptions: Optional(v.array(v.unknown())),
  modes: Optional(v.object({ availableModes: v.array(v.object({ id: v.string() })) })),
  models: Optional(v.object({ currentModelId: v.string() })),
});
type Opened = v.InferOutput<typeof Opened>;

/** How agents call the mode in which they change nothing, best first. */
const READING_MODES = ["read-only", "readonly", "ask", "plan"];

/** A conversation that may be prompted. */
export interface OpenSession {
  readonly id: string;
  readonly model: string | null;
  /** Whether it goes on with an earlier one, whose history the agent may still be replaying. */
  readonly resumed: boolean;
}

/**
 * Greets the agent and learns what it can do. It is told to read files itself: here they are no different from what is
 * on the disk, and some agents take our word that there is no such file for a failure (Gemini CLI 0.61).
 */
export async function greet(peer: ClientContext, access: Task["access"]): Promise<Greeting> {
  const writes = access === "write";
  const answer = await peer.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: writes }, terminal: writes },
    clientInfo: { name: "ouroboros", version: VERSION },
  });
  const greeting = understood(Greeting, answer, "initialize");
  if (greeting.protocolVersion !== PROTOCOL_VERSION)
    throw new AcpFault("failed", `speaks version ${greeting.protocolVersion} of the protocol, not ${PROTOCOL_VERSION}`);
  return greeting;
}

/** Opens a session in the work folder: the one to go on with where the agent can, else a new one. */
export async function openSession(
  peer: ClientContext,
  task: Task,
  { root, greeting, notice }: { root: string; greeting: Greeting; notice: (text: string) => void },
): Promise<OpenSession> {
  const where = { cwd: root, mcpServers: [] };
  const resumed = task.resume === undefined ? null : await goOn(task.resume);
  const opened = resumed ?? understood(Opened, await peer.request(methods.agent.session.new, where), "session/new");
  const id = resumed === null ? opened.sessionId : task.resume;
  if (id === undefined || id === null) throw new AcpFault("failed", "opened a session without an id");
  const model = await chooseModel(opened, id);
  if (task.access === "read_only") await chooseReadingMode(opened, id);
  return { id, model, resumed: resumed !== null };

  async function goOn(sessionId: string): Promise<Opened | null> {
    const { loadSession, sessionCapabilities } = greeting.agentCapabilities ?? {};
    const { resume, load } = methods.agent.session;
    // Resuming comes first: loading replays the whole history.
    const method = sessionCapabilities?.resume ? resume : loadSession ? load : null;
    if (method === null) {
      notice("It cannot go on with an earlier session, so a new one begins.");
      return null;
    }
    try {
      return understood(Opened, await peer.request<unknown>(method, { ...where, sessionId }), method);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === -32_000) throw error;
      notice(`It could not go on with the session ${sessionId}, so a new one begins: ${errorInWords(error)}`);
      return null;
    }
  }

  async function chooseModel(opened: Opened, sessionId: string): Promise<string | null> {
    const select = selectOf(opened, "model");
    const current = select?.currentValue ?? opened.models?.currentModelId ?? null;
    const { model } = task;
    if (model === undefined || model === current) return current;
    const option = select?.options.flat().find(({ value, name }) => value === model || name === model);
    try {
      if (select && option) await setOption(sessionId, select.id, option.value);
      else if (opened.models)
        // Not every model an agent takes is one that it lists.
        await peer.request("session/set_model", { sessionId, modelId: model });
      else {
        notice(`It offers no model "${model}", so it works with ${current ?? "its own choice"}.`);
        return current;
      }
      return model;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      notice(`It did not take the model "${model}": ${errorInWords(error)}`);
      return current;
    }
  }

  /** Beside the answers to what it asks: an agent may be configured to ask nothing. */
  async function chooseReadingMode(opened: Opened, sessionId: string): Promise<void> {
    const select = selectOf(opened, "mode");
    const offered = select?.options.flat().map(({ value }) => value) ?? [];
    const modes = opened.modes?.availableModes.map(({ id }) => id) ?? [];
    const modeId = READING_MODES.find((mode) => modes.includes(mode) || offered.includes(mode));
    if (modeId === undefined) return;
    try {
      if (modes.includes(modeId)) await peer.request(methods.agent.session.setMode, { sessionId, modeId });
      else if (select) await setOption(sessionId, select.id, modeId);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      notice(`It did not take its mode "${modeId}": ${errorInWords(error)}`);
    }
  }

  async function setOption(sessionId: string, configId: string, value: string): Promise<void> {
    await peer.request(methods.agent.session.setConfigOption, { sessionId, configId, value });
  }
}

function selectOf({ configOptions }: Opened, category: string): v.InferOutput<typeof Select> | undefined {
  for (const option of configOptions ?? []) {
    const select = v.safeParse(Select, option);
    if (select.success && select.output.category === category) return select.output;
  }
  return undefined;
}

function understood<Schema extends v.GenericSchema>(
  schema: Schema,
  answer: unknown,
  method: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, answer ?? {});
  if (!parsed.success) throw new AcpFault("failed", `answered ${method} with something else than the protocol says`);
  return parsed.output;
}
