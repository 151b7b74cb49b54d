#!/usr/bin/env node
import "./process/own-program.ts";
import { serveOptions } from "./serve-options.ts";

const [, , ...argv] = process.argv;
process.exitCode = await road(argv);
// Whatever still holds the event loop (a pipe a host left open, a socket), the work is done.
process.exit();

/** Each road loads only what it walks on: a host that starts the server waits for its first answer. */
async function road(args: readonly string[]): Promise<number> {
  const options = serveOptions(args);
  if (options) return (await import("./mcp/serve.ts")).serve(options);
  // Processes that this program starts for itself; they have no help and no flags.
  if (args[0] === "guard") return (await import("./process/agent/guard.ts")).runGuard(args.slice(1));
  if (args[0] === "worker") return (await import("./worker.ts")).runWorker();
  return (await import("./cli/cli.ts")).runCli(args);
}
