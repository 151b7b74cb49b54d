import { NEEDS_HOST, pauseWords } from "../../../domain/session/pause-reason.ts";
import type { Answer } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines } from "../../render.ts";
import type { Followed } from "./follow-run.ts";
import { outcomeJson, outcomeText } from "./outcome-text.ts";

/** What to say of a run that goes on without the command that started it. */
export function inBackground(first: string, sessionId: string, about: readonly string[] = []): string {
  return lines([
    first,
    ...about,
    "It goes on in the background, also when this window closes.",
    `  watch: ouroboros watch ${sessionId}`,
    `  state: ouroboros status ${sessionId}`,
    `  stop:  ouroboros cancel ${sessionId}`,
  ]);
}

/** What to say of a run that waits for the agents of an MCP host: nobody here does anything for it. */
export function waitsForHost(first: string, sessionId: string, about: readonly string[] = []): string {
  const claim = `ouroboros_claim_work {"session_id":"${sessionId}"}`;
  return lines([
    first,
    ...about,
    "It waits for the agents of an MCP host, and goes on with each result they hand in:",
    `  claim:   ${claim}`,
    "  hand in: ouroboros_submit",
    `  state:   ouroboros status ${sessionId}`,
    `  others:  ouroboros resume ${sessionId} --runtime NAME`,
  ]);
}

/** The answer of a command that followed a run: how it stands, and an exit code that says whether that is good. */
export function conclusionOf(started: { readonly session_id: string }, followed: Followed): Answer {
  const { status, reason, steps_done, steps_total, outcome } = followed;
  const json = { ...started, status, reason, steps_done, steps_total, ...outcomeJson(outcome) };
  const howFar = steps_total === null ? "" : `, ${steps_done} of ${steps_total} steps done`;
  if (status === "running") {
    return { json, text: inBackground(`${started.session_id} is still running${howFar}.`, started.session_id) };
  }
  if (status === "paused" && reason === NEEDS_HOST) {
    const first = `${started.session_id} is paused${howFar}.`;
    return { json, text: waitsForHost(first, started.session_id), exitCode: EXIT.failure };
  }
  const why = reason === null ? "" : ` (${pauseWords(reason)})`;
  const next = status === "paused" || status === "failed" ? [`Go on: ouroboros resume ${started.session_id}`] : [];
  const text = lines([`${started.session_id} is ${status}${why}${howFar}.`]) + outcomeText(outcome) + lines(next);
  return { json, text, exitCode: status === "completed" ? EXIT.ok : EXIT.failure };
}
