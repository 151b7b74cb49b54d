import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as v from "valibot";

/** What only a person can say, put to them by the client where it can; otherwise the model reads the answer's text and asks. */
export interface Asks {
  readonly message: string;
  readonly suggestions: readonly string[];
  /** Only one of the suggestions is an answer. */
  readonly isClosed?: true;
  /** Comes back with what they said. It passes through the client, which is the person's own: it says what was asked about, and is compared with that. */
  readonly state: string;
}

/** What a person said to that, or that they would not. */
export interface Said {
  readonly state: string;
  readonly answer: string | null;
}

const KEY = "answer";
const Form = v.object({ choice: v.optional(v.string()), answer: v.optional(v.string()) });

/** Whether the client of this call can put a form to a person; each protocol era says so elsewhere. */
export function canAsk(server: Server, { mcpReq }: ServerContext): boolean {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const declared = (envelope[CLIENT_CAPABILITIES_META_KEY] ?? server.getClientCapabilities()) as
    | ClientCapabilities
    | undefined;
  const elicitation = declared?.elicitation;
  // Before there were URLs to send people to, an empty object meant forms.
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

/** The result that has the client ask first and then make the same call again; the SDK does both for clients of the older era. */
export function askFirst({ message, suggestions, isClosed, state }: Asks): InputRequiredResult & CallToolResult {
  const choice = { type: "string" as const, title: isClosed ? "Answer" : "Suggestions", enum: [...suggestions] };
  const answer = { type: "string" as const, title: "In your own words", description: "Goes before the suggestions" };
  const open = { type: "object" as const, properties: suggestions.length === 0 ? { answer } : { choice, answer } };
  const closed = { type: "object" as const, properties: { choice }, required: ["choice"] };
  const form = inputRequired.elicit({ mode: "form", message, requestedSchema: isClosed ? closed : open });
  return inputRequired({ inputRequests: { [KEY]: form }, requestState: state }) as InputRequiredResult & CallToolResult;
}

/** What came back with a call that is made again; undefined for a first one. */
export function saidIn({ mcpReq }: ServerContext): Said | undefined {
  const state = mcpReq.requestState<unknown>();
  if (typeof state !== "string") return undefined;
  const response = inputResponse(mcpReq.inputResponses, KEY);
  if (response.kind !== "elicit" || response.action !== "accept") return { state, answer: null };
  const form = v.safeParse(Form, response.content ?? {});
  const words = form.success ? form.output.answer?.trim() || form.output.choice?.trim() : undefined;
  return { state, answer: words || null };
}
