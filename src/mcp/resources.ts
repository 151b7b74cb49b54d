import type { ReadResourceResult } from "@modelcontextprotocol/server";
import { OuroborosError } from "../base/errors.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { StartUp } from "../startup/start-up.ts";
import { completeSessionId } from "../store/session/sessions.ts";
import { sessionStatus } from "../views/session-status.ts";

const STARTUP = "ouroboros://startup";
const SESSION = "ouroboros://session/";
const COMPLETIONS = 20;

/** The resources there always are. */
export const RESOURCES = [
  {
    uri: STARTUP,
    name: "startup",
    title: "Start-up receipt",
    description: "What this server's start did: phase, times, sessions examined, cancelled, paused and skipped",
    mimeType: "application/json",
  },
];

/** The resources that take an id. */
export const RESOURCE_TEMPLATES = [
  {
    uriTemplate: `${SESSION}{id}`,
    name: "session",
    title: "Session",
    description: "One session: status, liveness with its reason, progress, ids and times",
    mimeType: "application/json",
  },
];

/** Reads a resource. The start-up receipt is there at any moment; a session waits for the store like a reading tool. */
export async function readResource(
  uri: string,
  startUp: StartUp,
  signal: AbortSignal,
): Promise<ReadResourceResult | Refusal> {
  if (uri === STARTUP) return json(uri, startUp.receipt);
  const id = uri.startsWith(SESSION) ? decodeId(uri.slice(SESSION.length)) : undefined;
  if (id === undefined) return unknownResource(uri);
  const closed = await startUp.gate.admit("reads", signal);
  if (closed) return closed;
  const { context } = startUp;
  if (!context) throw new Error("The gate admitted a read without a store");
  try {
    const status = await sessionStatus(context, id);
    return isRefusal(status) ? status : json(uri, status);
  } catch (error) {
    if (!(error instanceof OuroborosError)) throw error;
    const { code, message, next } = error;
    return { refused: true, code, message, next, facts: {} };
  }
}

/** Session ids that begin with what was typed; none while the store is not open, since completion must never wait. */
export async function completeSession(prefix: string, startUp: StartUp): Promise<string[]> {
  const { context } = startUp;
  return context ? await completeSessionId(context.store, prefix, COMPLETIONS) : [];
}

function decodeId(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // not a sound URI, so it names nothing
  }
}

function unknownResource(uri: string): Refusal {
  return {
    refused: true,
    code: "not_found",
    message: `Resource not found: ${uri}`,
    next: "resources/list and resources/templates/list name what there is",
    facts: { uri },
  };
}

function json(uri: string, value: unknown): ReadResourceResult {
  return { contents: [{ uri, mimeType: "application/json", text: JSON.stringify(value) }] };
}
