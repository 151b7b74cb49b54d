/** One turn of the scripted model: a last word, or a tool call (`namespace` is how Codex names the server). */
export type Step =
  | { readonly text: string }
  | { readonly tool: string; readonly namespace?: string; readonly input: object };

/** One event of a model's answer stream; both wires name it by its type. */
export type StreamEvent = { readonly type: string; readonly [key: string]: unknown };
