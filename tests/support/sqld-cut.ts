import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "./loopback-server.ts";

/** The network between one colleague and a server. */
export interface Network extends AsyncDisposable {
  readonly url: string;
  /** From now on nothing comes through, and nobody is told so: connections seem to stand. */
  cut(): void;
  /** New connections come through again; those of before are gone, as after a router was replaced. */
  heal(): void;
  /** Everything comes through again, and what was sent meanwhile arrives late. */
  healLate(): void;
}

/** Opens a road to `target` that can be cut. */
export async function openNetwork(target: string): Promise<Network> {
  const { hostname, port } = new URL(target);
  /** Each connection, with the one to the server once it was made. */
  const roads = new Map<Socket, Socket | undefined>();
  let isCut = false;
  const server = createServer((near) => {
    roads.set(near.pause(), undefined);
    near.on("error", () => near.destroy());
    near.once("close", () => {
      roads.get(near)?.destroy();
      roads.delete(near);
    });
    if (!isCut) carry(near);
  });
  function carry(near: Socket): void {
    let far = roads.get(near);
    if (!far) {
      far = connect(Number(port), hostname);
      far.on("error", () => near.destroy());
      far.once("close", () => near.destroy());
      roads.set(near, far);
    }
    near.pipe(far);
    far.pipe(near);
  }
  const destroyAll = () => {
    for (const near of roads.keys()) near.destroy();
  };
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    cut() {
      isCut = true;
      for (const [near, far] of roads) {
        near.unpipe().pause();
        far?.unpipe().pause();
      }
    },
    heal() {
      isCut = false;
      destroyAll();
    },
    healLate() {
      isCut = false;
      for (const near of roads.keys()) carry(near);
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      destroyAll();
      await closed;
    },
  };
}
