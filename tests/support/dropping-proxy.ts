import { type IncomingMessage, type OutgoingHttpHeaders, request, type ServerResponse } from "node:http";
import { openLoopback } from "./loopback-server.ts";

/** Which requests a fault hits: the next so many, or every one whose body satisfies the predicate. */
type Fault = number | ((body: string) => boolean);

/** What became of the requests with a body that reached the proxy. */
interface ProxyCounts {
  answered: number;
  repliesDropped: number;
  refused: number;
}

/** A loopback HTTP proxy that loses replies or requests on demand. */
export interface DroppingProxy extends AsyncDisposable {
  readonly url: string;
  readonly counts: Readonly<ProxyCounts>;
  /** The server does the work, its complete answer is thrown away, the client sees a broken connection. */
  dropReplies(fault: Fault): void;
  /** The server never hears of the request, the client sees a broken connection. */
  refuse(fault: Fault): void;
}

/**
 * Starts a proxy in front of `target`. Faults hit requests with a body only: a client's version probe is a GET
 * and would otherwise eat a fault meant for a statement.
 */
export async function startDroppingProxy(target: string): Promise<DroppingProxy> {
  const counts: ProxyCounts = { answered: 0, repliesDropped: 0, refused: 0 };
  const takeRefusal = faultSwitch();
  const takeDrop = faultSwitch();

  async function serve(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const text = body.toString("utf8");
    if (text !== "" && takeRefusal.hits(text)) {
      counts.refused++;
      incoming.socket.destroy();
      return;
    }
    const drop = text !== "" && takeDrop.hits(text);
    const answer = await forward(target, incoming, body);
    if (drop) {
      counts.repliesDropped++;
      incoming.socket.destroy();
      return;
    }
    if (text !== "") counts.answered++;
    reply.writeHead(answer.status, answer.headers);
    reply.end(answer.body);
  }

  const server = await openLoopback(serve);
  return {
    url: server.url,
    counts,
    dropReplies: takeDrop.set,
    refuse: takeRefusal.set,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function faultSwitch(): { set(fault: Fault): void; hits(body: string): boolean } {
  let current: Fault = 0;
  return {
    set(fault) {
      current = fault;
    },
    hits(body) {
      if (typeof current === "function") return current(body);
      if (current <= 0) return false;
      current--;
      return true;
    },
  };
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

async function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> {
  // A connection of its own for each request: nothing here may repeat a request behind the test's back.
  const headers = { ...incoming.headers, host: new URL(target).host, connection: "close" };
  const outgoing = request(new URL(incoming.url ?? "/", target), {
    method: incoming.method ?? "GET",
    headers,
    agent: false,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
  outgoing.end(body);
  const response = await answered;
  const answer = await readAll(response);
  const { connection: _, "transfer-encoding": __, ...rest } = response.headers;
  return { status: response.statusCode ?? 502, headers: { ...rest, "content-length": answer.length }, body: answer };
}
