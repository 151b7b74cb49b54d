import type { SessionContext } from "../../../sessions/session-context.ts";
import type { Caller } from "../../../workflows/caller.ts";
import type { InterviewWorld } from "../../../workflows/interview/interview-call.ts";
import { lookAtProject } from "../../../workflows/interview/look-at-project.ts";

/** What interviews and seeds are made with for a person at a terminal. */
export function terminalWorld({ store, minds, home }: SessionContext, signal: AbortSignal): InterviewWorld {
  return { store, minds, home, look: (cwd) => lookAtProject(cwd, home, signal) };
}

/** Nobody on the other end of a terminal could do the thinking: some mind of this user's is asked. */
export function terminalCaller(mind: string | undefined): Caller {
  return { hasHost: false, continuation: null, mind };
}
