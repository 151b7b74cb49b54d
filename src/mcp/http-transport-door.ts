import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { delay } from "../base/delay.ts";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { logLine } from "../base/log.ts";
import { allowedNames, isLoopback, turnAway } from "./http-transport-guard.ts";
import { MAX_LINE_BYTES } from "./stdio-transport.ts";

/** Where it listens, and who comes in. */
export interface EntryRules {
  readonly host: string;
  /** 0 for one that the system chooses. */
  readonly port: number;
  /** Asked of every request where there is one. */
  readonly token: string | undefined;
  /** Names by which clients may call this server besides its address, such as a proxy's. */
  readonly allowedHosts: readonly string[];
}

export interface HttpDoor {
  readonly url: string;
  readonly isLoopback: boolean;
  /** Lets nobody in any more, gives what is being answered a moment, and cuts off the rest. */
  close(): Promise<void>;
}

/** How much and how long: a request that is not in by then is cut off, one too many is told to come again. */
const LIMITS = { atOnce: 64, connections: 256, headersMs: 10_000, requestMs: 30_000, bodyBytes: MAX_LINE_BYTES };
const DRAIN_MS = 500;
const PATH = "/mcp";
const HOP_BY_HOP = new Set(["connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"]);

/** Listens, and hands on what passes the guard as the request that web-standard code knows. */
export async function openDoor(
  rules: EntryRules,
  answer: (request: Request) => Promise<Response>,
  limits: typeof LIMITS = LIMITS,
): Promise<HttpDoor> {
  const names = allowedNames(rules);
  let inside = 0;
  let isClosing = false;
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs / 2),
    },
    async (incoming, outgoing) => {
      const away =
        turnAway(incoming, { names, token: rules.token, path: PATH, bodyBytes: limits.bodyBytes }) ??
        (isClosing || inside >= limits.atOnce ? { status: 503, message: "Too many requests at once" } : undefined);
      if (away) return turn(outgoing, away.status, away.message);
      inside++;
      try {
        await handOn(incoming, outgoing, answer, limits.bodyBytes);
      } catch (error) {
        // The other side is gone, or was cut off: there is nobody to tell. Anything else is a bug of ours.
        if (!incoming.socket.destroyed)
          logLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
        if (outgoing.headersSent) outgoing.destroy();
        else turn(outgoing, 500, "The request could not be answered");
      } finally {
        inside--;
      }
    },
  );
  server.maxConnections = limits.connections;
  const { address, port } = await listen(server, rules);
  return {
    url: `http://${isIPv6(address) ? `[${address}]` : address}:${port}${PATH}`,
    isLoopback: isLoopback(address),
    async close() {
      isClosing = true;
      server.close();
      const deadline = performance.now() + DRAIN_MS;
      while (inside > 0 && performance.now() < deadline) await delay(5);
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server, { host, port }: EntryRules): Promise<AddressInfo> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const message = `Cannot listen on ${host}, port ${port}: ${messageOf(error)}`;
    throw new OuroborosError("cannot_listen", message, "Choose another --port (0: a free one) or --host", error);
  }
  return server.address() as AddressInfo; // a TCP listener has one
}

async function handOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Request) => Promise<Response>,
  mostBytes: number,
): Promise<void> {
  const body = await readBody(incoming, mostBytes);
  if (body === undefined) return turn(outgoing, 413, `A request may have at most ${mostBytes} bytes`);
  const gone = new AbortController();
  // Its place is free from then on, also if whoever is answering does not hear of it.
  const { promise: left, reject: leave } = Promise.withResolvers<never>();
  left.catch(() => {});
  outgoing.on("close", () => {
    if (outgoing.writableFinished) return;
    gone.abort();
    leave(new Error("The caller has left"));
  });
  const response = await Promise.race([answer(toRequest(incoming, body, gone.signal)), left]);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) {
    if (!outgoing.write(chunk)) await once(outgoing, "drain", { signal: gone.signal });
  }
  outgoing.end();
}

function toRequest(incoming: IncomingMessage, body: Buffer<ArrayBuffer>, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) headers.set(name, String(value));
  }
  const { method = "GET" } = incoming;
  return new Request(`http://localhost${PATH}`, {
    method,
    headers,
    signal,
    body: method === "GET" || method === "HEAD" ? null : body,
  });
}

/** The whole body, or undefined as soon as it is too long. */
async function readBody(incoming: IncomingMessage, mostBytes: number): Promise<Buffer<ArrayBuffer> | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming) {
    bytes += part.length;
    if (bytes > mostBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** What is left of the request is not read: the connection ends with the answer. */
function turn(outgoing: ServerResponse, status: number, message: string): void {
  const headers: Record<string, string> = { "content-type": "application/json", connection: "close" };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 503) headers["retry-after"] = "1";
  outgoing.writeHead(status, headers);
  outgoing.end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }));
}
