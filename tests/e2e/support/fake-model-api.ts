import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ModelRequest, parseModelRequest } from "./fake-model-request.ts";
import { messagesStream } from "./messages-wire.ts";
import type { Failure, Step } from "./model-step.ts";
import { responsesStream } from "./responses-wire.ts";

export interface FakeModelApi extends AsyncDisposable {
  readonly url: string;
  /** What the agent asked the model, in order. */
  readonly requests: readonly ModelRequest[];
}

const WIRES = { "/messages": messagesStream, "/responses": responsesStream };

/**
 * Opens a model on loopback that plays `script`: each request gets the step after the turns it already carries, so
 * a retry is answered as the first try was.
 */
export async function openModelApi(script: readonly (Step | Failure)[]): Promise<FakeModelApi> {
  const requests: ModelRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // a TCP listener has one

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const wire = Object.entries(WIRES).find(([suffix]) => pathname.endsWith(suffix))?.[1];
    if (request.method !== "POST" || wire === undefined) {
      // Reachability checks and model lists: the agents go on without an answer to them.
      response.writeHead(request.method === "HEAD" ? 200 : 404, { "content-type": "application/json" }).end("{}");
      return;
    }
    const asked = parseModelRequest(JSON.parse(body));
    requests.push(asked);
    const step = nextStep(script, asked);
    if ("status" in step) {
      const error = { type: "invalid_request_error", message: "made to fail" };
      response.writeHead(step.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ type: "error", error }));
      return;
    }
    const hangs = "text" in step && step.hangs === true;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for (const event of wire(step, asked.model).slice(0, hangs ? 2 : undefined)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    if (!hangs) response.end();
  }
}

/** Only an offered tool is called, as by a real model: a server that never appeared ends the run in words. */
function nextStep(script: readonly (Step | Failure)[], { turnsTaken, offered }: ModelRequest): Step | Failure {
  const step = script[turnsTaken] ?? { text: "script over" };
  if (!("tool" in step) || step.unoffered) return step;
  const name = step.namespace === undefined ? step.tool : `${step.namespace}.${step.tool}`;
  return offered.includes(name) ? step : { text: `tool not offered: ${name}` };
}
