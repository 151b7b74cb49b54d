import * as v from "valibot";
import type { ProgramEnd, Reading, Verdict } from "./cli-agent.ts";
import { endInWords, jsonLine } from "./json-line.ts";
import type { AgentMessage, Ending, Usage } from "./runtime.ts";

/** What has been learned from Codex's stream so far. */
export interface CodexState {
  readonly handle: string | null;
  /** Its newest message: there is no event for the last one. */
  readonly said: string;
  readonly isCompleted: boolean;
  readonly failure: string | null;
  /** The newest error that it meant to get over. */
  readonly trouble: string | null;
  readonly usage: Usage | null;
}

const Count = v.optional(v.nullable(v.number()));
const Words = v.looseObject({ message: v.optional(v.string()) });
const Item = v.looseObject({
  id: v.string(),
  type: v.string(),
  text: v.optional(v.string()),
  message: v.optional(v.string()),
  command: v.optional(v.string()),
  aggregated_output: v.optional(v.string()),
  exit_code: Count,
  status: v.optional(v.string()),
  server: v.optional(v.string()),
  tool: v.optional(v.string()),
  arguments: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  error: v.optional(v.unknown()),
  changes: v.optional(v.unknown()),
  query: v.optional(v.unknown()),
});
type Item = v.InferOutput<typeof Item>;
const Event = v.variant("type", [
  v.looseObject({ type: v.literal("thread.started"), thread_id: v.string() }),
  v.looseObject({ type: v.literal("item.started"), item: Item }),
  v.looseObject({ type: v.literal("item.completed"), item: Item }),
  v.looseObject({
    type: v.literal("turn.completed"),
    usage: v.optional(v.looseObject({ input_tokens: Count, output_tokens: Count, cached_input_tokens: Count })),
  }),
  v.looseObject({ type: v.literal("turn.failed"), error: v.optional(Words) }),
  v.looseObject({ type: v.literal("error"), message: v.optional(v.string()) }),
]);

export const CODEX_BEFORE: CodexState = {
  handle: null,
  said: "",
  isCompleted: false,
  failure: null,
  trouble: null,
  usage: null,
};

/** Takes in one line of `codex exec --json`. */
export function readCodex(state: CodexState, line: string): Reading<CodexState> {
  const parsed = v.safeParse(Event, jsonLine(line));
  if (!parsed.success) return { state, messages: [] };
  const event = parsed.output;
  switch (event.type) {
    case "thread.started": {
      const handle = event.thread_id;
      return { state: { ...state, handle }, messages: [{ kind: "session", handle, model: null }] };
    }
    case "item.started":
      return { state, messages: toolStart(event.item) };
    case "item.completed":
      return readItem(state, event.item);
    case "turn.completed": {
      const { usage } = event;
      const told = usage === undefined ? null : usageOf(usage);
      return { state: { ...state, isCompleted: true, failure: null, usage: told }, messages: [] };
    }
    case "turn.failed":
      return {
        state: { ...state, failure: event.error?.message ?? state.trouble ?? "It gave no reason" },
        messages: [],
      };
    case "error": {
      const text = event.message ?? "an error";
      return { state: { ...state, trouble: text }, messages: [{ kind: "notice", text }] };
    }
  }
}

/** What a run of Codex came to; `structured` when its last message was to be an answer of a given form. */
export function judgeCodex(state: CodexState, end: ProgramEnd, wantsStructured: boolean): Verdict {
  const { handle, usage, said: text, failure, trouble } = state;
  const common = { handle, usage, text };
  if (failure !== null) return { ...common, ending: endingOf(failure), error: failure };
  if (!state.isCompleted) {
    const why = [end.errors, trouble].filter(Boolean).join("; ");
    return {
      ...common,
      ending: "crashed",
      error: [`It ended within its turn (${endInWords(end)})`, why].filter(Boolean).join(": "),
    };
  }
  if (end.code !== 0)
    return { ...common, ending: "crashed", error: `It reported success and ended with ${endInWords(end)}` };
  if (!wantsStructured) return { ...common, ending: "succeeded" };
  const structured = parse(text);
  if (structured !== undefined) return { ...common, ending: "succeeded", structured };
  return { ...common, ending: "off_form", error: "It gave no answer of the form that was asked for" };
}

function readItem(state: CodexState, item: Item): Reading<CodexState> {
  switch (item.type) {
    case "agent_message":
      return { state: { ...state, said: item.text ?? "" }, messages: [{ kind: "text", text: item.text ?? "" }] };
    case "reasoning":
      return { state, messages: [{ kind: "thinking", text: item.text ?? "" }] };
    case "error":
      // A warning, such as an unknown model name: what ends a turn is told by the turn.
      return { state, messages: [{ kind: "notice", text: item.message ?? "a warning" }] };
    default:
      return { state, messages: toolEnd(item) };
  }
}

function toolStart(item: Item): AgentMessage[] {
  const { id } = item;
  switch (item.type) {
    case "command_execution":
      return [{ kind: "tool_started", id, tool: "shell", input: { command: item.command } }];
    case "mcp_tool_call":
      return [{ kind: "tool_started", id, tool: `${item.server}.${item.tool}`, input: item.arguments }];
    case "file_change":
      return [{ kind: "tool_started", id, tool: "file_change", input: item.changes }];
    case "web_search":
      return [{ kind: "tool_started", id, tool: "web_search", input: { query: item.query } }];
    default:
      return [];
  }
}

function toolEnd(item: Item): AgentMessage[] {
  const { id } = item;
  switch (item.type) {
    case "command_execution": {
      const ok = item.status === "completed" && item.exit_code === 0;
      return [{ kind: "tool_ended", id, ok, output: item.aggregated_output ?? "" }];
    }
    case "mcp_tool_call":
      return [{ kind: "tool_ended", id, ok: item.status === "completed", output: mcpOutput(item) }];
    case "file_change":
    case "web_search":
      return [{ kind: "tool_ended", id, ok: item.status !== "failed", output: "" }];
    default:
      return [];
  }
}

function mcpOutput({ result, error }: Item): string {
  const failed = v.safeParse(Words, error);
  if (failed.success) return failed.output.message ?? "";
  const done = v.safeParse(
    v.looseObject({ content: v.array(v.looseObject({ text: v.optional(v.string()) })) }),
    result,
  );
  return done.success ? done.output.content.map(({ text }) => text ?? "").join("\n") : "";
}

/** Codex tells failures as sentences only: those that carry a status are judged by it, and two by how they begin. */
function endingOf(failure: string): Ending {
  const status = Number(/^(?:unexpected status|exceeded retry limit, last status:) (\d{3})\b/.exec(failure)?.[1] ?? 0);
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 429 || status === 503 || status === 529) return "limited";
  return /^(Quota exceeded\.|You.ve hit your usage limit|We.re currently experiencing high demand)/.test(failure)
    ? "limited"
    : "failed";
}

function usageOf(usage: {
  input_tokens?: number | null | undefined;
  output_tokens?: number | null | undefined;
  cached_input_tokens?: number | null | undefined;
}): Usage {
  const { input_tokens = null, output_tokens = null, cached_input_tokens = null } = usage;
  return { input_tokens, output_tokens, cached_input_tokens, cost_usd: null, turns: null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
