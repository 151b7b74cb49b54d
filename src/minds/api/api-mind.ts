import type { GenerateTextResult, LanguageModel, Output } from "ai";
import { ask, PATIENCE, type Patience, type Said, type Speaker, type Turn } from "../ask.ts";
import type { Fault } from "../fault.ts";
import type { Mind } from "../mind.ts";
import type { ProviderAccess } from "../provider-access.ts";
import { providerModel } from "./provider-model.ts";
import { WireError } from "./wire.ts";

/** A model behind a provider's API, by the provider's name for it. */
export function apiMind(access: ProviderAccess, model: string, patience: Patience = PATIENCE): Mind {
  const name = `${access.name}/${model}`;
  return {
    name,
    kind: "api",
    ask: (question, signal) => ask(speakerOf(access, model, name), question, signal, patience),
  };
}

function speakerOf(access: ProviderAccess, model: string, name: string): Speaker {
  // Models and servers that know no schemas refuse the request: the same is asked again in words alone.
  let isHeld = true;
  return {
    name,
    model,
    async say(turn, signal) {
      try {
        return toSaid(await generate(await providerModel(access, model), turn, isHeld, signal), model);
      } catch (error) {
        const fault = toFault(error, access.name);
        if (!(isHeld && error instanceof WireError && SCHEMA_REFUSALS.has(error.status ?? 0))) return fault;
        isHeld = false;
        return { ...fault, again: true };
      }
    },
  };
}

const SCHEMA_REFUSALS = new Set([400, 422]);
const TRANSIENT = new Set([408, 409, 425, 429]);
const OVERLOADED = 529;

async function generate(model: LanguageModel, turn: Turn, isHeld: boolean, abortSignal: AbortSignal) {
  const { generateText } = await import("ai");
  // Its warnings would go to the console, and with them into the protocol's own stream.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  return await generateText({
    model,
    instructions: turn.instructions,
    prompt: turn.prompt,
    maxRetries: 0,
    abortSignal,
    ...(isHeld ? { output: asText(turn) } : {}),
    // Strictness is the schema's business here: it would refuse each optional key.
    providerOptions: { openai: { strictJsonSchema: false } },
  });
}

/** Asks the provider for JSON of this schema and hands over its text as it is: what it means is for one place to say. */
function asText({ answerSchema }: Turn): Output.Output<string, string> {
  return {
    name: "answer",
    responseFormat: Promise.resolve({ type: "json", schema: answerSchema, name: "answer" }),
    parseCompleteOutput: async ({ text }) => text,
    parsePartialOutput: async ({ text }) => ({ partial: text }),
    createElementStreamTransform: () => undefined,
  };
}

type Generated = Pick<GenerateTextResult<never, never, never>, "text" | "usage" | "response">;

function toSaid({ text, usage, response }: Generated, model: string): Said {
  const { inputTokens, outputTokens, inputTokenDetails } = usage;
  return {
    text,
    structured: undefined,
    model: response.modelId ?? model,
    usage: {
      input_tokens: inputTokens ?? null,
      output_tokens: outputTokens ?? null,
      cached_input_tokens: inputTokenDetails.cacheReadTokens ?? null,
      cost_usd: reportedCost(usage.raw),
      turns: null,
    },
  };
}

/** Brokers such as OpenRouter say in dollars what a call cost; nobody else's price is guessed at. */
function reportedCost(raw: Readonly<Record<string, unknown>> | undefined): number | null {
  return typeof raw?.cost === "number" ? raw.cost : null;
}

function toFault(error: unknown, provider: string): Fault {
  const common = { retryAfterMs: null, usage: null };
  // Everything else that the SDK throws is about an answer it could not read; its errors carry requests, so none goes on.
  if (!(error instanceof WireError)) {
    return { kind: "garbage", message: `what ${provider} answered cannot be read`, again: true, ...common };
  }
  const { status, message, retryAfterMs } = error;
  if (status === undefined) return { kind: "transient", message, again: true, ...common };
  if (status === 401 || status === 403) return { kind: "unauthorized", message, again: false, ...common };
  if (status === 429 || status === OVERLOADED) {
    return { kind: "limited", message, again: true, retryAfterMs, usage: null };
  }
  const again = TRANSIENT.has(status) || status >= 500;
  return { kind: again ? "transient" : "refused", message, again, retryAfterMs, usage: null };
}
