import { judgeSession, ownerState, type SessionContext } from "../../../sessions/session-context.ts";

/**
 * Asks the worker of a run to stop: it ends its agents and pauses the session, to be resumed. The process is the one that the
 * lease names, by its start as well; says in a sentence what was done.
 */
export async function pauseRun(context: SessionContext, sessionId: string): Promise<string> {
  const judgement = await judgeSession(context, sessionId);
  const lease = judgement?.facts.lease;
  const owner = lease && ownerState(lease, context.identity);
  if (lease?.purpose !== "run" || lease.expiresAt === null || !owner?.pid) return "Nobody is at work on it";
  if (owner.state !== "alive") return `Its worker cannot be asked from here: ${owner.why}`;
  process.kill(owner.pid, "SIGTERM");
  return "Asked its worker to pause";
}
