import * as v from "valibot";
import type { ProgramEnd, Reading, Verdict } from "./cli-agent.ts";
import { endInWords, jsonLine } from "./json-line.ts";
import type { AgentMessage, Ending, Usage } from "./runtime.ts";

/** What has been learned from Claude Code's stream so far. */
export interface ClaudeState {
  readonly handle: string | null;
  /** Its newest text, for a run without a result. */
  readonly said: string;
  /** Kind of the newest API error, as it names it. */
  readonly trouble: string | null;
  /** When a used-up allowance comes back, seconds of the epoch. */
  readonly resetsAt: number | null;
  /** The newest result: a turn that waits for a background task ends in another one. */
  readonly result: Result | null;
  readonly usage: Usage | null;
}

const Count = v.optional(v.nullable(v.number()));
const Block = v.looseObject({
  type: v.string(),
  text: v.optional(v.string()),
  thinking: v.optional(v.string()),
  id: v.optional(v.string()),
  name: v.optional(v.string()),
  input: v.optional(v.unknown()),
  tool_use_id: v.optional(v.string()),
  content: v.optional(v.unknown()),
  is_error: v.optional(v.nullable(v.boolean())),
});
const Content = v.pipe(
  v.union([v.array(v.unknown()), v.string()]),
  v.transform((content) => (typeof content === "string" ? [] : content)),
);
const Event = v.variant("type", [
  v.looseObject({
    type: v.literal("system"),
    subtype: v.optional(v.string()),
    session_id: v.optional(v.string()),
    model: v.optional(v.string()),
    attempt: v.optional(v.number()),
    max_retries: v.optional(v.number()),
    error: v.optional(v.unknown()),
    error_status: Count,
  }),
  v.looseObject({
    type: v.literal("assistant"),
    parent_tool_use_id: v.optional(v.nullable(v.string())),
    error: v.optional(v.unknown()),
    message: v.looseObject({ content: Content }),
  }),
  v.looseObject({ type: v.literal("user"), message: v.looseObject({ content: Content }) }),
  v.looseObject({
    type: v.literal("rate_limit_event"),
    rate_limit_info: v.looseObject({ status: v.optional(v.string()), resetsAt: Count }),
  }),
  v.looseObject({
    type: v.literal("result"),
    subtype: v.optional(v.string()),
    is_error: v.boolean(),
    result: v.optional(v.string()),
    errors: v.optional(v.array(v.unknown())),
    structured_output: v.optional(v.unknown()),
    api_error_status: Count,
    session_id: v.optional(v.string()),
    total_cost_usd: Count,
    num_turns: Count,
    usage: v.optional(
      v.looseObject({
        input_tokens: Count,
        output_tokens: Count,
        cache_read_input_tokens: Count,
        cache_creation_input_tokens: Count,
      }),
    ),
  }),
]);
type Event = v.InferOutput<typeof Event>;
type Result = Extract<Event, { type: "result" }>;

export const CLAUDE_BEFORE: ClaudeState = {
  handle: null,
  said: "",
  trouble: null,
  resetsAt: null,
  result: null,
  usage: null,
};

/** Takes in one line of `claude -p --output-format stream-json`. */
export function readClaude(state: ClaudeState, line: string): Reading<ClaudeState> {
  const parsed = v.safeParse(Event, jsonLine(line));
  if (!parsed.success) return { state, messages: [] };
  const event = parsed.output;
  switch (event.type) {
    case "system":
      return readSystem(state, event);
    case "assistant":
      return readAssistant(state, event);
    case "user":
      return { state, messages: blocksOf(event.message.content).flatMap(toolEnd) };
    case "rate_limit_event": {
      const { status, resetsAt } = event.rate_limit_info;
      return { state: { ...state, resetsAt: status === "allowed" ? null : (resetsAt ?? null) }, messages: [] };
    }
    case "result":
      return {
        state: {
          ...state,
          handle: event.session_id ?? state.handle,
          result: event,
          usage: addUsage(state.usage, event),
        },
        messages: [],
      };
  }
}

/** Whether a result has come: only then may its input end, as one release says nothing to an input that ended before. */
export function claudeHasAnswered({ result }: ClaudeState): boolean {
  return result !== null;
}

/** What a run of Claude Code came to. Its `subtype` is no guide: an API error is called a success there. */
export function judgeClaude(state: ClaudeState, end: ProgramEnd, wantsStructured: boolean): Verdict {
  const { result, handle, usage } = state;
  const common = { handle, usage, text: result?.result ?? state.said, structured: result?.structured_output ?? null };
  if (result === null) {
    const error = [`It ended without a result (${endInWords(end)})`, end.errors].filter(Boolean).join(": ");
    return { ...common, ending: endingOf(state, null, "crashed"), error };
  }
  if (result.is_error || isError(result)) {
    const ending = endingOf(state, result.api_error_status ?? null, "failed");
    const wait = state.resetsAt === null ? null : Math.max(0, Math.round(state.resetsAt * 1000 - end.now));
    return { ...common, ending, error: wordsOf(result), retry_after_ms: ending === "limited" ? wait : null };
  }
  if (end.code !== 0)
    return { ...common, ending: "crashed", error: `It reported success and ended with ${endInWords(end)}` };
  if (wantsStructured && result.structured_output === undefined)
    return { ...common, ending: "off_form", error: "It gave no answer of the form that was asked for" };
  return { ...common, ending: "succeeded" };
}

function readSystem(state: ClaudeState, event: Extract<Event, { type: "system" }>): Reading<ClaudeState> {
  if (event.subtype === "init" && event.session_id !== undefined) {
    const { session_id: handle, model = null } = event;
    // A turn that waited for a background task begins with another one.
    const isNew = handle !== state.handle;
    return { state: { ...state, handle }, messages: isNew ? [{ kind: "session", handle, model }] : [] };
  }
  if (event.subtype !== "api_retry") return { state, messages: [] };
  const kind = typeof event.error === "string" ? event.error : "error";
  const status = event.error_status === undefined || event.error_status === null ? "" : ` ${event.error_status}`;
  const text = `API ${kind}${status}, try ${event.attempt ?? "?"} of ${event.max_retries ?? "?"} failed`;
  return { state: { ...state, trouble: kind }, messages: [{ kind: "notice", text }] };
}

function readAssistant(state: ClaudeState, event: Extract<Event, { type: "assistant" }>): Reading<ClaudeState> {
  // What its own helpers say is not its word.
  const isOwn = (event.parent_tool_use_id ?? null) === null;
  const messages: AgentMessage[] = [];
  let { said } = state;
  for (const { type, text, thinking, id, name, input } of blocksOf(event.message.content)) {
    if (type === "text" && text !== undefined && isOwn) {
      said = text;
      messages.push({ kind: "text", text });
    } else if (type === "thinking" && thinking !== undefined && isOwn)
      messages.push({ kind: "thinking", text: thinking });
    else if (type === "tool_use" && id !== undefined && name !== undefined)
      messages.push({ kind: "tool_started", id, tool: name, input });
  }
  // One release calls its last word on an overload a server error.
  const isSame = event.error === "server_error" && LIMITS.has(state.trouble ?? "");
  const trouble = typeof event.error === "string" ? event.error : null;
  return { state: { ...state, said, trouble: isSame ? state.trouble : trouble }, messages };
}

function toolEnd({ type, tool_use_id: id, content, is_error }: v.InferOutput<typeof Block>): AgentMessage[] {
  if (type !== "tool_result" || id === undefined) return [];
  return [{ kind: "tool_ended", id, ok: is_error !== true, output: textOf(content) }];
}

function blocksOf(content: readonly unknown[]): v.InferOutput<typeof Block>[] {
  return content.flatMap((block) => {
    const parsed = v.safeParse(Block, block);
    return parsed.success ? [parsed.output] : [];
  });
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return blocksOf(content)
    .map(({ text }) => text ?? "")
    .join("\n");
}

function endingOf(state: ClaudeState, status: number | null, otherwise: Ending): Ending {
  if (status === 401 || status === 403 || state.trouble === "authentication_failed") return "unauthorized";
  if (status === 429 || status === 529) return "limited";
  return state.trouble !== null && LIMITS.has(state.trouble) ? "limited" : otherwise;
}

const LIMITS = new Set(["rate_limit", "billing_error", "overloaded"]);

function isError({ subtype }: Result): boolean {
  return subtype?.startsWith("error") ?? false;
}

function wordsOf({ result, errors, subtype }: Result): string {
  const words = [result, ...(errors ?? [])].filter((one) => typeof one === "string" && one !== "");
  return words.length > 0 ? words.join("; ") : `It ended as ${subtype ?? "an error"}`;
}

/** Tokens and turns are those of one result, the cost is that of the whole run so far. */
function addUsage(before: Usage | null, { usage, total_cost_usd, num_turns }: Result): Usage {
  return {
    input_tokens: sum(
      before?.input_tokens,
      sum(usage?.input_tokens, usage?.cache_creation_input_tokens, usage?.cache_read_input_tokens),
    ),
    output_tokens: sum(before?.output_tokens, usage?.output_tokens),
    cached_input_tokens: sum(before?.cached_input_tokens, usage?.cache_read_input_tokens),
    cost_usd: total_cost_usd ?? before?.cost_usd ?? null,
    turns: sum(before?.turns, num_turns),
  };
}

function sum(...parts: readonly (number | null | undefined)[]): number | null {
  const known = parts.filter((part) => typeof part === "number");
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}
