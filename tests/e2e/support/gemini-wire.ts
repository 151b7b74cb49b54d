import type { Step, StreamEvent } from "./model-step.ts";

/** The stream of the Gemini API's streamGenerateContent that says one step; its events have no names. */
export function geminiStream(step: Step, model: string): StreamEvent[] {
  const part = "text" in step ? { text: step.text } : { functionCall: { name: step.tool, args: step.input } };
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
  const content = { role: "model", parts: [part] };
  return [{ candidates: [{ index: 0, content, finishReason: "STOP" }], modelVersion: model, usageMetadata }];
}
