import type { Answer } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines } from "../../render.ts";
import type { Followed } from "./follow-run.ts";

/** What to say of a run that goes on without the command that started it. */
export function inBackground(first: string, sessionId: string): string {
  return lines([
    first,
    "It goes on in the background, also when this window closes.",
    `  watch: ouroboros events --session ${sessionId} --follow`,
    `  state: ouroboros status ${sessionId}`,
    `  stop:  ouroboros cancel ${sessionId}`,
  ]);
}

/** The answer of a command that followed a run: how it stands, and an exit code that says whether that is good. */
export function conclusionOf(started: { readonly session_id: string }, followed: Followed): Answer {
  const { status, reason, steps_done, steps_total } = followed;
  const json = { ...started, status, reason, steps_done, steps_total };
  const howFar = steps_total === null ? "" : `, ${steps_done} of ${steps_total} steps done`;
  if (status === "running") {
    return { json, text: inBackground(`${started.session_id} is still running${howFar}.`, started.session_id) };
  }
  const why = reason === null ? "" : ` (${reason})`;
  const next = status === "paused" || status === "failed" ? [`Go on: ouroboros resume ${started.session_id}`] : [];
  const text = lines([`${started.session_id} is ${status}${why}${howFar}.`, ...next]);
  return { json, text, exitCode: status === "completed" ? EXIT.ok : EXIT.failure };
}
