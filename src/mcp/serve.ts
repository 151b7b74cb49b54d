import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { delay } from "../base/delay.ts";
import { logLine } from "../base/log.ts";
import { watchParent } from "../process/parent-watch.ts";
import type { StartUp } from "../startup/start-up.ts";
import type { Offer } from "./catalogue.ts";
import { createMcpServer } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";

export interface ServeOptions extends Offer {
  readonly db?: string | undefined;
}

/** Together with a transport's wait for pending answers (500 ms), less than the 2 s in which a server must be gone. */
export const SHUTDOWN_MS = 1_300;
/** What ends a server. */
export const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * Serves MCP over stdin and stdout until the host is gone; resolves with the exit code. Nothing but the protocol is loaded
 * before the first answer is out: only then is the start-up made and begun.
 */
export async function serve(options: ServeOptions): Promise<number> {
  if (isNested()) return 0;
  if (process.stdin.isTTY)
    logLine("waiting for an MCP client on standard input; hosts start this command themselves (Ctrl-C ends it)");
  const ended = new Promise<string>((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(signal));
    watchParent((why) => resolve(why));
  });
  const transport = new StdioTransport(process.stdin, process.stdout);
  let begun: Promise<StartUp> | undefined;
  const startUp = () => {
    begun ??= beginStartUp(options);
    return begun;
  };
  // A client that knows us from before may call a tool first: that answer waits for the store, not the store for it.
  transport.firstAnswer.then(startUp, () => {});
  const handle = serveStdio(() => createMcpServer(options, startUp), {
    transport,
    onerror: (error) => logLine(error.message),
  });
  await Promise.race([ended, transport.ended]);
  // Whatever hangs from here on, the process ends: a server that outlives its host is worse than one cut short.
  const running = await Promise.race([begun, Promise.resolve(undefined)]);
  await Promise.race([Promise.all([handle.close(), running?.stop()]), delay(SHUTDOWN_MS)]);
  return 0;
}

/** An agent that ouroboros started has found ouroboros in its own configuration: serving it would never end. */
export function isNested(): boolean {
  if (process.env._OUROBOROS_NESTED !== "1") return false;
  logLine("not serving inside an agent that ouroboros itself has started (_OUROBOROS_NESTED=1)");
  return true;
}

/** Loads what the store needs and begins to open it; whoever asks for less should not have to wait for this. */
export async function beginStartUp(options: ServeOptions): Promise<StartUp> {
  const [{ StartUp }, { openApp }] = await Promise.all([import("../startup/start-up.ts"), import("../app.ts")]);
  const startUp = new StartUp({ open: () => openApp({ db: options.db, readOnly: options.readOnly, create: true }) });
  startUp.start();
  return startUp;
}
