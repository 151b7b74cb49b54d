import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { openLook } from "../../workspaces/open-look.ts";
import type { Bench } from "../../workspaces/workspace.ts";
import type { Work } from "./work-to-judge.ts";

/** Does something in a worktree of the work, or of what it was made from, that nobody else is in and that is gone afterwards. */
export async function lookAt<T>(
  { home }: SessionContext,
  { cwd }: Pick<Work, "cwd">,
  from: Work["from"],
  signal: AbortSignal,
  look: (bench: Bench) => Promise<T>,
): Promise<T | Refusal> {
  if (signal.aborted) return stopped();
  // Whoever stops it stops what is run in it: the look itself is always put away.
  const opened = await openLook({ cwd, home, from, signal: new AbortController().signal });
  if (isRefusal(opened)) return opened;
  try {
    return await look(opened.bench);
  } finally {
    await opened.close();
  }
}

/** Somebody did not want to wait for the end. */
export function stopped(): Refusal {
  return refuse("evaluation_stopped", "The evaluation was stopped", "Call again: what is on record is not done again");
}
