import { createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import { delay } from "../base/delay.ts";
import { logLine } from "../base/log.ts";
import type { StartUp } from "../startup/start-up.ts";
import { type EntryRules, openDoor } from "./http-transport-door.ts";
import { beginStartUp, isNested, type ServeOptions, SHUTDOWN_MS, SIGNALS } from "./serve.ts";
import { createMcpServer } from "./server.ts";
import { MAX_LINE_BYTES } from "./stdio-transport.ts";

/** Streams of changes that are held open; each keeps one of the door's places. */
const MOST_SUBSCRIPTIONS = 16;

/**
 * Serves MCP over Streamable HTTP until a signal ends it; resolves with the exit code. Both protocol eras are answered
 * without sessions, each request by an instance of its own over the one start-up, so nothing is lost with a connection.
 */
export async function serveHttp(options: ServeOptions, rules: EntryRules): Promise<number> {
  if (isNested()) return 0;
  const ended = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve());
  });
  let begun: Promise<StartUp> | undefined;
  const startUp = () => {
    begun ??= beginStartUp(options);
    return begun;
  };
  const handler: McpHttpHandler = createMcpHandler(() => createMcpServer(options, startUp), {
    maxRequestBodySize: MAX_LINE_BYTES,
    maxSubscriptions: MOST_SUBSCRIPTIONS,
    onerror: (error) => logLine(error.message),
  });
  const door = await openDoor(rules, handler.fetch);
  process.stdout.write(`${door.url}\n`);
  if (!door.isLoopback) logLine("what passes here is not encrypted: put a proxy with TLS before it");
  if (rules.token === undefined)
    logLine("every account of this machine can use this server, unless --token-file is given");
  const running = await startUp();
  await ended;
  await door.close();
  await Promise.race([Promise.all([handler.close(), running.stop()]), delay(SHUTDOWN_MS)]);
  return 0;
}
