import type { Step, StreamEvent } from "./model-step.ts";

/** The stream of the OpenAI Chat Completions wire that says one step; its events have no names. */
export function chatStream(step: Step, model: string): StreamEvent[] {
  const base = { id: `chatcmpl-${crypto.randomUUID()}`, object: "chat.completion.chunk", created: 0, model };
  const isText = "text" in step;
  const delta = isText ? { role: "assistant", content: step.text } : { role: "assistant", tool_calls: [callOf(step)] };
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  return [
    { ...base, choices: [{ index: 0, delta, finish_reason: null }] },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: isText ? "stop" : "tool_calls" }] },
    { ...base, choices: [], usage },
  ];
}

function callOf({ tool, input }: Exclude<Step, { text: string }>): object {
  const call = { name: tool, arguments: JSON.stringify(input) };
  return { index: 0, id: `call_${crypto.randomUUID()}`, type: "function", function: call };
}
