import type { IncomingMessage, ServerResponse } from "node:http";
import { openLoopback, readText } from "../../support/loopback-server.ts";
import { chatStream } from "./chat-wire.ts";
import { type ModelRequest, parseModelRequest } from "./fake-model-request.ts";
import { geminiStream } from "./gemini-wire.ts";
import { messagesStream } from "./messages-wire.ts";
import type { Failure, Step } from "./model-step.ts";
import { responsesStream } from "./responses-wire.ts";

export interface FakeModelApi extends AsyncDisposable {
  readonly url: string;
  /** What the agent asked the model, in order. */
  readonly requests: readonly ModelRequest[];
}

const WIRES = {
  "/messages": messagesStream,
  "/responses": responsesStream,
  "/chat/completions": chatStream,
  ":streamGenerateContent": geminiStream,
};

/** What the model says next, by what it is asked. */
type Script = (asked: ModelRequest) => readonly (Step | Failure)[];

/**
 * Opens a model on loopback that plays `script`: each request gets the step after the turns it already carries, so
 * a retry is answered as the first try was. A script may be another one for another conversation.
 */
export async function openModelApi(script: readonly (Step | Failure)[] | Script): Promise<FakeModelApi> {
  const requests: ModelRequest[] = [];
  const server = await openLoopback(answer);

  return {
    url: server.url,
    requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readText(request);
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const wire = Object.entries(WIRES).find(([suffix]) => pathname.endsWith(suffix))?.[1];
    if (request.method !== "POST" || wire === undefined) {
      // Reachability checks and model lists: the agents go on without an answer to them.
      response.writeHead(request.method === "HEAD" ? 200 : 404, { "content-type": "application/json" }).end("{}");
      return;
    }
    const asked = parseModelRequest(JSON.parse(body));
    requests.push(asked);
    const step = nextStep(typeof script === "function" ? script(asked) : script, asked);
    if ("status" in step) {
      const error = { type: "invalid_request_error", message: "made to fail" };
      response.writeHead(step.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ type: "error", error }));
      return;
    }
    const hangs = "text" in step && step.hangs === true;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for (const event of wire(step, asked.model).slice(0, hangs ? 2 : undefined)) {
      const name = event.type === undefined ? "" : `event: ${event.type}\n`;
      response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
    }
    if (!hangs) response.end(wire === chatStream ? "data: [DONE]\n\n" : "");
  }
}

/** Only an offered tool is called, as by a real model: a server that never appeared ends the run in words. */
function nextStep(script: readonly (Step | Failure)[], { turnsTaken, offered }: ModelRequest): Step | Failure {
  const step = script[turnsTaken] ?? { text: "script over" };
  if (!("tool" in step) || step.unoffered) return step;
  const name = step.namespace === undefined ? step.tool : `${step.namespace}.${step.tool}`;
  return offered.includes(name) ? step : { text: `tool not offered: ${name}` };
}
