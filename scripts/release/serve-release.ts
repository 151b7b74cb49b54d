import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";

interface ServedRelease extends AsyncDisposable {
  /** What OUROBOROS_RELEASES has to say for it. */
  readonly url: string;
  /** The path of every request so far. */
  readonly asked: readonly string[];
}

/** Serves the files of a folder on loopback as a project's only release: by its version, and as the newest. */
export async function serveRelease(folder: string, version: string): Promise<ServedRelease> {
  const asked: string[] = [];
  const server = createServer(async ({ url = "" }, response) => {
    asked.push(url);
    const file = join(folder, basename(url));
    const isOurs = [`/latest/download/${basename(url)}`, `/download/v${version}/${basename(url)}`].includes(url);
    const size = isOurs ? (await stat(file).catch(() => undefined))?.size : undefined;
    if (size === undefined) response.writeHead(404).end("Not Found\n");
    else createReadStream(file).pipe(response.writeHead(200, { "content-length": size }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
