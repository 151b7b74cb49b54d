import { messageOf } from "../base/errors.ts";
import { logLine } from "../base/log.ts";
import { isReopenable } from "../domain/session/session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { findByExecution, loadSession } from "../store/session/sessions.ts";
import { pruneEnded } from "../workspaces/prune-ended.ts";
import type { Workspace } from "../workspaces/workspace.ts";

/** The run has ended and nobody waits for this, so it may not take long either. */
const PATIENCE_MS = 5_000;

/**
 * Once a run has ended: removes the worktrees that cancelled runs, it or others whose owners died, have left in its repository.
 * One that holds work stays, and so does every run of another store.
 */
export async function tidyUp(
  { store, home }: SessionContext,
  { kind, repository }: Pick<Workspace, "kind" | "repository">,
): Promise<void> {
  if (kind === "in_place") return;
  try {
    await pruneEnded(repository, { home, signal: AbortSignal.timeout(PATIENCE_MS) }, async (executionId) => {
      const sessionId = await findByExecution(store, executionId);
      const session = sessionId === undefined ? undefined : (await loadSession(store, sessionId))?.session;
      return session?.status === "cancelled" && !isReopenable(session);
    });
  } catch (error) {
    // A disk, the store, or its time: what is left is found when the next run here ends.
    if (!(error instanceof Error && "code" in error)) throw error;
    logLine(`cannot tidy up after cancelled runs: ${messageOf(error)}`);
  }
}
