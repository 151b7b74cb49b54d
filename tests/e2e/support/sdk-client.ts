import { join } from "node:path";
import { ensureClients } from "./clients.ts";
import type { Sandbox } from "./sandbox.ts";
import type { ServerEntry } from "./server-entry.ts";

/** An SDK client and, for the second line, how it settles on a protocol version. */
export type SdkMode = "v1" | "v2-legacy" | "v2-auto" | "v2-pinned";

/** What one connection is used for, in this order. */
export interface Tour {
  readonly calls: readonly { readonly name: string; readonly arguments: object }[];
  readonly reads: readonly string[];
  readonly complete: { readonly template: string; readonly argument: string; readonly value: string };
}

export interface TourReport {
  readonly protocolVersion: string;
  readonly server: { readonly name: string; readonly version: string };
  readonly tools: readonly string[];
  readonly resources: readonly string[];
  readonly templates: readonly string[];
  readonly results: readonly ToolResult[];
  /** The text of each resource read. */
  readonly texts: readonly string[];
  readonly completions: readonly string[];
}

interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

const PROGRAM = join(import.meta.dirname, "../clients/sdk-client.mjs");

/** Lets an SDK's own client, under Node as its users run it, connect to a server and make a tour of it. */
export async function sdkTour(mode: SdkMode, sandbox: Sandbox, server: ServerEntry, tour: Tour): Promise<TourReport> {
  ensureClients(mode === "v1" ? "sdk-v1" : "sdk-v2");
  const input = JSON.stringify({ mode, server, tour });
  const { code, stdout, stderr } = await sandbox.run("node", [PROGRAM], { input });
  if (code !== 0) throw new Error(`Cannot tour the server with SDK client ${mode}: ${stderr}`);
  return JSON.parse(stdout);
}
