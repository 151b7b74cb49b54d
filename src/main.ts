#!/usr/bin/env node
import { serveOptions } from "./serve-options.ts";

// A host that starts the server waits for its first answer: that road loads the protocol and nothing else.
const [, , ...argv] = process.argv;
const options = serveOptions(argv);
process.exitCode = options
  ? await (await import("./mcp/serve.ts")).serve(options)
  : await (await import("./cli/cli.ts")).runCli(argv);
// Whatever still holds the event loop (a pipe a host left open, a socket), the work is done.
process.exit();
