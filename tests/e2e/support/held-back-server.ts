import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "../../support/loopback-server.ts";

/** A loopback port that accepts and stays silent until it is let go; from then on it leads to a real server. */
export interface HeldBackServer extends AsyncDisposable {
  readonly url: string;
  /** Resolves once somebody waits for an answer here. */
  readonly asked: Promise<void>;
  /** Breaks the connections that were held back and leads new ones to `target`. */
  release(target: string): void;
}

export async function startHeldBackServer(): Promise<HeldBackServer> {
  const sockets = new Set<Socket>();
  const { promise: asked, resolve: heard } = Promise.withResolvers<void>();
  let target: URL | undefined;
  const server = createServer((socket) => {
    keep(socket);
    if (target === undefined) {
      socket.once("data", () => heard());
      return;
    }
    const onward = connect(Number(target.port), target.hostname);
    keep(onward);
    socket.pipe(onward).pipe(socket);
  });
  const port = await listen(server);

  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    release(url) {
      target = new URL(url);
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // breaking connections is what this server is for
  }
}
