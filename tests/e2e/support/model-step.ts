/**
 * One turn of the scripted model: a last word, or a tool call (`namespace` is how Codex names the server; `unoffered`
 * calls it though the agent has no such tool). With `hangs` the answer begins and goes no further.
 */
export type Step =
  | { readonly text: string; readonly hangs?: boolean }
  | { readonly tool: string; readonly namespace?: string; readonly input: object; readonly unoffered?: boolean };

/** A turn that the provider refuses with this status. */
export interface Failure {
  readonly status: number;
}

/** One event of a model's answer stream; where the wire names its events, by their type. */
export type StreamEvent = { readonly type?: string; readonly [key: string]: unknown };
