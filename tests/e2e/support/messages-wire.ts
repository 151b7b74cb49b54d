import type { Step, StreamEvent } from "./model-step.ts";

/** The stream of the Anthropic Messages wire that says one step. */
export function messagesStream(step: Step, model: string): StreamEvent[] {
  const isText = "text" in step;
  const block = isText
    ? { type: "text", text: "" }
    : { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name: step.tool, input: {} };
  const delta = isText
    ? { type: "text_delta", text: step.text }
    : { type: "input_json_delta", partial_json: JSON.stringify(step.input) };
  const usage = {
    input_tokens: 10,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 5,
  };
  const message = {
    id: `msg_${crypto.randomUUID()}`,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  const end = { stop_reason: isText ? "end_turn" : "tool_use", stop_sequence: null };
  return [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: end, usage },
    { type: "message_stop" },
  ];
}
