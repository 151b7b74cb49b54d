import { join } from "node:path";
import { ensureClients } from "./clients.ts";
import { startServer } from "./json-rpc-client.ts";
import { type CallAnswer, resultOf } from "./ouroboros-server.ts";
import type { Sandbox } from "./sandbox.ts";
import type { ServerEntry } from "./server-entry.ts";

/** What a person says to a form. */
export interface PersonsReply {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string>>;
}

/** A form as the client was asked to show it. */
interface Form {
  readonly message: string;
  readonly requestedSchema: { readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>> };
}

/** An SDK's own client, under Node as its users run it, that stays connected. */
export interface InterviewClient extends AsyncDisposable {
  readonly protocolVersion: string;
  /** Calls a tool; `asked` are the forms that were put to the person meanwhile. */
  call(name: string, args: object): Promise<{ readonly answer: CallAnswer; readonly asked: readonly Form[] }>;
}

const PROGRAM = join(import.meta.dirname, "../clients/interview-client.mjs");
const PATIENT = { timeout: 30_000 };

/** Connects a client of that era to a server; with `said` it can put forms to a person, who says these things in order. */
export async function openInterviewClient(
  mode: "v1" | "v2",
  sandbox: Sandbox,
  server: ServerEntry,
  said?: readonly PersonsReply[],
): Promise<InterviewClient> {
  ensureClients(mode === "v1" ? "sdk-v1" : "sdk-v2");
  const { env, project: cwd } = sandbox;
  const client = startServer({ command: "node", args: [PROGRAM], env, cwd });
  const connected = await client.request<{ protocolVersion: string }>("connect", { mode, server, said }, PATIENT);
  return {
    protocolVersion: resultOf(connected).protocolVersion,
    async call(name, args) {
      const params = { name, arguments: args };
      return resultOf(await client.request<{ answer: CallAnswer; asked: Form[] }>("call", params, PATIENT));
    },
    async [Symbol.asyncDispose]() {
      client.closeStdin();
      await client.exited;
    },
  };
}
