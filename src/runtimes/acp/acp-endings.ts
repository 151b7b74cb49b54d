import { RequestError } from "@agentclientprotocol/sdk";
import * as v from "valibot";
import { messageOf } from "../../base/errors.ts";
import type { Ending } from "../runtime.ts";
import { AcpFault } from "./acp-fault.ts";
import { clip } from "./acp-tools.ts";

/** How a run ends and why; the sentence goes on from the agent's name, null says nothing went wrong. */
export interface Verdict {
  readonly ending: Ending;
  readonly error: string | null;
}

const AUTH_REQUIRED = -32_000;
const STOPS: Readonly<Record<string, Verdict>> = {
  end_turn: { ending: "succeeded", error: null },
  max_tokens: { ending: "failed", error: "stopped at its limit of tokens" },
  max_turn_requests: { ending: "failed", error: "stopped at its limit of requests to the model in one turn" },
  refusal: { ending: "failed", error: "refused to go on" },
  cancelled: { ending: "stopped", error: "says that it was cancelled" },
};
const AuthMethods = v.array(
  v.object({ id: v.string(), name: v.string(), description: v.fallback(v.nullish(v.string()), undefined) }),
);
const Details = v.union([
  v.pipe(v.string(), v.nonEmpty()),
  v.pipe(
    v.object({ details: v.string() }),
    v.transform(({ details }) => details),
  ),
  v.pipe(
    v.object({ message: v.string() }),
    v.transform(({ message }) => message),
  ),
]);

/** The verdict on a turn that the agent itself has ended. */
export function verdictOfStop(reason: string): Verdict {
  return STOPS[reason] ?? { ending: "failed", error: `ended for a reason that nobody knows: ${clip(reason, 100)}` };
}

/** The verdict on a conversation that broke off. `authMethods`: as the agent named them when it was greeted. */
export function verdictOfError(error: unknown, authMethods: unknown): Verdict {
  if (error instanceof AcpFault) return { ending: error.ending, error: error.message };
  if (!(error instanceof RequestError)) return { ending: "crashed", error: clip(messageOf(error), 500) };
  const ending = endingOfCode(error.code);
  const said = errorInWords(error);
  if (ending !== "unauthorized") return { ending, error: `answered with an error: ${said}` };
  return { ending, error: `is not logged in: ${said} ${waysIn(authMethods)}` };
}

/** What an agent says went wrong, with its details where it gives any. */
export function errorInWords({ code, message, data }: RequestError): string {
  const details = v.safeParse(Details, data);
  const more = details.success && !message.includes(details.output) ? `: ${details.output}` : "";
  return `${clip(`${message}${more}`, 500)} (${code}).`;
}

/** Some agents hand on the status of their provider as the code. */
function endingOfCode(code: number): Ending {
  if (code === AUTH_REQUIRED || code === 401 || code === 403) return "unauthorized";
  return code === 429 || code === 503 || code === 529 ? "limited" : "failed";
}

function waysIn(authMethods: unknown): string {
  const methods = v.safeParse(AuthMethods, authMethods);
  if (!methods.success || methods.output.length === 0) return "Log in with the agent itself, then try again.";
  const named = methods.output.map(({ name, description }) => (description ? `${name} (${description})` : name));
  return `Log in with the agent itself, then try again; it offers: ${clip(named.join("; "), 1_000)}.`;
}
