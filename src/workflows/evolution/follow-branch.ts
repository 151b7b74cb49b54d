import { isRefusal } from "../../base/refusal.ts";
import { completedGenerations, type Lineage } from "../../domain/evolution/lineage.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { readLineage } from "../../store/lineages.ts";
import { readRunWorkspace } from "../../store/session/run-workspace.ts";
import { moveLineageBranch } from "../../workspaces/lineage-branch.ts";

/**
 * Has a lineage's branch name the work of its latest generation that is complete, as the store tells it at the end; resolves with why it
 * could not be moved. The lineage goes on without it: what a generation goes on from stands in the store.
 */
export async function followBranch(
  { store }: SessionContext,
  lineageId: string,
  signal: AbortSignal,
): Promise<string | null> {
  for (let seen: string | undefined; ; ) {
    const lineage = await readLineage(store, lineageId);
    if (!lineage) return null;
    const last = completedGenerations(lineage).findLast(({ commit }) => commit !== null);
    if (!last?.commit || !last.execution_id || last.commit === seen) return null;
    const place = await readRunWorkspace(store, last.execution_id);
    if (!place?.repository || place.kind === "in_place") return null;
    const where = { repository: place.repository, signal };
    const moved = await moveLineageBranch(lineageId, where, { to: last.commit, known: commitsOf(lineage) });
    if (isRefusal(moved)) return `${moved.message} ${moved.next}`;
    // Whoever rewinds it meanwhile has looked before this, or finds the branch where it is now.
    if (moved === "there") seen = last.commit;
  }
}

/** Every commit that any of its generations has left, those that were given up, too. */
function commitsOf({ generations, rewinds }: Lineage): ReadonlySet<string> {
  const all = [...generations, ...rewinds.flatMap(({ discarded }) => discarded)];
  return new Set(all.flatMap(({ commit }) => commit ?? []));
}
