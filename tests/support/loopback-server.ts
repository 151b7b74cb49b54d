import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** An HTTP server of a test's own; disposing of it closes its sockets too, whatever still waits on them. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
}

/** A request that cannot be answered is cut off. */
type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const MOST_CHARACTERS = 64 * 2 ** 20;

/** Serves HTTP on a port of loopback that the system chooses. */
export async function openLoopback(answer: Answer): Promise<LoopbackServer> {
  const server = createServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch {
      request.socket.destroy();
    }
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Has a server listen on a port of loopback that the system chooses. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // a TCP listener has one
}

/** A port of loopback that nobody listens on: the system gave it away and has it back. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}

/** The whole body of a request. */
export async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > MOST_CHARACTERS) throw new Error(`Cannot read more than ${MOST_CHARACTERS} characters`);
  }
  return text;
}
