import * as v from "valibot";
import { type CliAgent, type ProgramEnd, type Reading, startCliAgent, type Verdict } from "./cli-agent.ts";
import { endInWords, jsonLine } from "./json-line.ts";
import { type Program, probeProgram, resolveProgram } from "./program.ts";
import type { AgentMessage, Runtime, Task, Usage } from "./runtime.ts";

/**
 * What a program prints. `text`: what it has to say, and exit code 0 is success. `jsonl`: one record a line (see
 * `CommandRecord`), and success takes a `result` and exit code 0; other lines are notices.
 */
export type CommandOutput = "text" | "jsonl";

/** Any program that takes its prompt on standard input and works in the folder it is started in. */
export function createCommandRuntime(program: Program, output: CommandOutput): Runtime {
  return {
    name: program.name,
    kind: "command",
    probe: (signal) => probeProgram(program, { signal, hasVersion: false }),
    start: async (task, trustMs) =>
      output === "jsonl"
        ? startCliAgent(task, trustMs, recordsAgent(program, task))
        : startCliAgent(task, trustMs, textAgent(program, task)),
  };
}

/** How much of a text is kept: its end. The rest of a flood helps nobody. */
const KEPT_CHARS = 1_000_000;

function common(
  program: Program,
  task: Task,
): { command: readonly string[]; env: Readonly<Record<string, string>>; input: string } {
  const { command, env } = resolveProgram(program, { folder: task.cwd, env: task.env });
  const input = task.instructions ? `${task.instructions}\n\n${task.prompt}` : task.prompt;
  return { command, env, input };
}

function textAgent(program: Program, task: Task): CliAgent<string> {
  return { ...common(program, task), initial: "", read: readText, judge: judgeText };
}

function readText(said: string, line: string): Reading<string> {
  const longer = said === "" ? line : `${said}\n${line}`;
  const state = longer.length > 2 * KEPT_CHARS ? longer.slice(-KEPT_CHARS) : longer;
  return { state, messages: [{ kind: "text", text: line }] };
}

function judgeText(said: string, end: ProgramEnd): Verdict {
  const text = said.slice(-KEPT_CHARS).trim();
  if (end.code === 0) return { ending: "succeeded", text };
  const error = [endInWords(end), end.errors].filter(Boolean).join(": ");
  return { ending: end.code === null ? "crashed" : "failed", text, error };
}

const Count = v.optional(v.nullable(v.number()), null);
/** The records of `output: jsonl`; unknown types and keys are ignored. */
const CommandRecord = v.variant("type", [
  v.looseObject({ type: v.literal("session"), handle: v.string(), model: v.optional(v.nullable(v.string()), null) }),
  v.looseObject({ type: v.picklist(["text", "thinking", "notice"]), text: v.string() }),
  /** Without `ok` it begins, with `ok` it has ended. */
  v.looseObject({
    type: v.literal("tool"),
    id: v.optional(v.string(), ""),
    tool: v.optional(v.string(), ""),
    input: v.optional(v.unknown()),
    ok: v.optional(v.boolean()),
    output: v.optional(v.string(), ""),
  }),
  v.looseObject({ type: v.literal("result"), text: v.optional(v.string()), structured: v.optional(v.unknown()) }),
  v.looseObject({
    type: v.literal("error"),
    message: v.string(),
    /** `limited`, `unauthorized`, or a plain failure. */
    kind: v.optional(v.string()),
    retry_after_ms: Count,
  }),
  v.looseObject({
    type: v.literal("usage"),
    input_tokens: Count,
    output_tokens: Count,
    cached_input_tokens: Count,
    cost_usd: Count,
    turns: Count,
  }),
]);
type CommandRecord = v.InferOutput<typeof CommandRecord>;

interface RecordsState {
  readonly said: string;
  readonly handle: string | null;
  readonly result: Extract<CommandRecord, { type: "result" }> | null;
  readonly failure: Extract<CommandRecord, { type: "error" }> | null;
  readonly usage: Usage | null;
}

function recordsAgent(program: Program, task: Task): CliAgent<RecordsState> {
  return {
    ...common(program, task),
    initial: { said: "", handle: null, result: null, failure: null, usage: null },
    read: readRecord,
    judge: (state, end) => judgeRecords(state, end, task.answerSchema !== undefined),
  };
}

function readRecord(state: RecordsState, line: string): Reading<RecordsState> {
  const value = jsonLine(line);
  if (value === null) return { state, messages: line.trim() === "" ? [] : [{ kind: "notice", text: line }] };
  const parsed = v.safeParse(CommandRecord, value);
  if (!parsed.success) return { state, messages: [] };
  const record = parsed.output;
  switch (record.type) {
    case "session":
      return {
        state: { ...state, handle: record.handle },
        messages: [{ kind: "session", handle: record.handle, model: record.model }],
      };
    case "text":
      return { state: { ...state, said: record.text }, messages: [{ kind: "text", text: record.text }] };
    case "thinking":
    case "notice":
      return { state, messages: [{ kind: record.type, text: record.text }] };
    case "tool":
      return { state, messages: [toolMessage(record)] };
    case "result":
      return { state: { ...state, result: record }, messages: [] };
    case "error":
      return { state: { ...state, failure: record }, messages: [] };
    case "usage": {
      const { input_tokens, output_tokens, cached_input_tokens, cost_usd, turns } = record;
      return {
        state: { ...state, usage: { input_tokens, output_tokens, cached_input_tokens, cost_usd, turns } },
        messages: [],
      };
    }
  }
}

function toolMessage({ id, tool, input, ok, output }: Extract<CommandRecord, { type: "tool" }>): AgentMessage {
  return ok === undefined ? { kind: "tool_started", id, tool, input } : { kind: "tool_ended", id, ok, output };
}

function judgeRecords(state: RecordsState, end: ProgramEnd, wantsStructured: boolean): Verdict {
  const { said, handle, usage, result, failure } = state;
  const known = { handle, usage, text: result?.text ?? said, structured: result?.structured ?? null };
  if (failure !== null) {
    const ending = failure.kind === "limited" || failure.kind === "unauthorized" ? failure.kind : "failed";
    return { ...known, ending, error: failure.message, retry_after_ms: failure.retry_after_ms };
  }
  if (result === null) {
    const error = [`It ended without a result (${endInWords(end)})`, end.errors].filter(Boolean).join(": ");
    return { ...known, ending: "crashed", error };
  }
  if (end.code !== 0)
    return { ...known, ending: "crashed", error: `It reported success and ended with ${endInWords(end)}` };
  if (wantsStructured && result.structured === undefined)
    return { ...known, ending: "off_form", error: "It gave no answer of the form that was asked for" };
  return { ...known, ending: "succeeded" };
}
