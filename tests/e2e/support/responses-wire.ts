import type { Step, StreamEvent } from "./model-step.ts";

/** The stream of the OpenAI Responses wire that says one step. */
export function responsesStream(step: Step, model: string): StreamEvent[] {
  const item = itemOf(step);
  const response = {
    id: `resp_${crypto.randomUUID()}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    model,
  };
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 15,
  };
  return [
    { type: "response.created", response: { ...response, status: "in_progress", output: [], usage: null } },
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress" } },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } },
  ].map((event, sequence_number) => ({ ...event, sequence_number }));
}

function itemOf(step: Step): object {
  const id = crypto.randomUUID();
  if ("text" in step) {
    const content = [{ type: "output_text", text: step.text, annotations: [] }];
    return { type: "message", id: `msg_${id}`, role: "assistant", status: "completed", content };
  }
  return {
    type: "function_call",
    id: `fc_${id}`,
    call_id: `call_${id}`,
    name: step.tool,
    namespace: step.namespace,
    arguments: JSON.stringify(step.input),
    status: "completed",
  };
}
