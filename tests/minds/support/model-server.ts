import type { IncomingMessage, ServerResponse } from "node:http";
import { openLoopback, readText } from "../../support/loopback-server.ts";

/** What the model does with one request. */
export type ModelStep =
  | { readonly says: string }
  | { readonly status: number; readonly message?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Exactly these bytes, under status 200. */
  | { readonly raw: string }
  /** Half an answer, then the connection is gone. */
  | { readonly cut: true }
  | { readonly hangs: true };

interface ModelRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface ModelServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Resolves once so many requests have come in. */
  heard(count: number): Promise<void>;
}

type Wire = (text: string) => object;

const WIRES: readonly (readonly [RegExp, Wire])[] = [
  [/\/messages$/, messages],
  [/\/responses$/, responses],
  [/\/chat\/completions$/, chat],
  [/:generateContent$/, gemini],
];

/** A model on loopback that speaks four providers' wires: the n-th request gets the n-th step, and then the last one again. */
export async function openModelServer(steps: readonly ModelStep[]): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  const waiting = new Set<() => void>();
  const server = await openLoopback(answer);

  return {
    url: `${server.url}/v1`,
    requests,
    heard(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = () => {
        if (requests.length < count) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      return promise;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readText(request);
    const path = request.url ?? "/";
    const step = steps[Math.min(requests.length, steps.length - 1)] ?? { hangs: true };
    requests.push({ path, headers: request.headers, body });
    for (const look of [...waiting]) look();
    const wire = WIRES.find(([pattern]) => pattern.test(new URL(path, "http://127.0.0.1").pathname))?.[1];
    const json = (status: number, value: object, headers = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    if (!wire) json(404, { error: { message: "not served here" } });
    else if ("hangs" in step) return;
    else if ("cut" in step) {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"id":"half', () => response.destroy());
    } else if ("raw" in step) response.writeHead(200, { "content-type": "application/json" }).end(step.raw);
    else if ("says" in step) json(200, wire(step.says));
    else json(step.status, { type: "error", error: { message: step.message ?? "made to fail" } }, step.headers);
  }
}

function messages(text: string): object {
  const usage = { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const content = [{ type: "text", text }];
  return { id: "m", type: "message", role: "assistant", model: "m1", content, stop_reason: "end_turn", usage };
}

function responses(text: string): object {
  const content = [{ type: "output_text", text, annotations: [] }];
  return {
    id: "r",
    object: "response",
    created_at: 1,
    status: "completed",
    model: "m1",
    output: [{ type: "message", id: "i", role: "assistant", status: "completed", content }],
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 110,
    },
  };
}

function chat(text: string): object {
  const choices = [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }];
  const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110, cost: 0.5 };
  return { id: "c", object: "chat.completion", created: 1, model: "m1", choices, usage };
}

function gemini(text: string): object {
  const candidates = [{ index: 0, content: { role: "model", parts: [{ text }] }, finishReason: "STOP" }];
  const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 10, totalTokenCount: 110 };
  return { candidates, usageMetadata, modelVersion: "m1", responseId: "g" };
}
