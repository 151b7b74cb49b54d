import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

const FOLDER = join(import.meta.dirname, "../registry");
const VERDACCIO = join(FOLDER, "node_modules/verdaccio");

/** A package registry of a test's own. */
export interface LoopbackRegistry extends AsyncDisposable {
  /** A user's npm configuration, which npm and Bun both read: this registry, and leave to publish. */
  readonly userConfig: string;
}

/** Starts verdaccio; it asks for a port itself, says which it got, and ends with its stdin. */
const PROGRAM = `
const { runServer } = require(${JSON.stringify(VERDACCIO)});
process.stdin.on("end", () => process.exit()).resume();
runServer(process.argv[1]).then((server) =>
  server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port)));
`;

/** Whether the registry's program is installed. */
export function hasRegistry(): boolean {
  return existsSync(VERDACCIO);
}

/** Opens a registry on loopback that keeps its packages in `folder` and knows no other registry to ask. */
export async function openLoopbackRegistry(folder: string): Promise<LoopbackRegistry> {
  const config = join(folder, "config.json");
  const everybody = { access: "$all", publish: "$anonymous" };
  await writeFile(
    config,
    JSON.stringify({
      storage: join(folder, "storage"),
      uplinks: {},
      packages: { "**": everybody },
      max_body_size: "500mb", // a binary of 120 MB, compressed and as Base64
      web: { enable: false },
      log: { type: "stdout", format: "json", level: "error" },
    }),
  );
  const child = spawn("node", ["-e", PROGRAM, config], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const port = Promise.withResolvers<string>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const [, number] = /^port (\d+)$/.exec(line) ?? [];
    if (number === undefined) errors += `${line}\n`;
    else port.resolve(number);
  });
  child.on("error", port.reject);
  void ended.then(() => port.reject(new Error(`Cannot start the registry: ${errors}`)));
  const host = `//127.0.0.1:${await port.promise}/`;
  return {
    // npm will not publish without a token, whatever it is.
    userConfig: `registry=http:${host}\n${host}:_authToken=nobody\n`,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
