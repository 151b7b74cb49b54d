import { readdir, realpath, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { OuroborosError } from "../base/errors.ts";
import { isRefusal } from "../base/refusal.ts";
import { findCheckout } from "./find-checkout.ts";
import { pruneWorktrees } from "./git-workspace.ts";
import { openRunRepository, worktreesOf } from "./repository.ts";

/**
 * Removes the worktrees that runs which are over have left in a repository, as far as they hold nothing that is not merged.
 * `isOver`: will nobody ever work on this run again? What nobody knows is left alone.
 */
export async function pruneEnded(
  repository: string,
  where: { readonly home: string; readonly signal: AbortSignal },
  isOver: (runId: string) => Promise<boolean>,
): Promise<void> {
  const { signal } = where;
  const checkout = await findCheckout(repository, signal);
  if (checkout === null || isRefusal(checkout)) return;
  const home = await realpath(where.home);
  const folder = worktreesOf(checkout, home);
  for (const runId of await readdir(folder)) {
    if (!(await isOver(runId))) continue;
    try {
      const kept = await pruneWorktrees(await openRunRepository(runId, checkout, home, signal));
      // What is empty need not be looked at again.
      if (kept.length === 0) await rmdir(join(folder, runId)).catch(() => {});
    } catch (error) {
      // Somebody has removed its branch, say: the others are none the worse for that.
      if (!(error instanceof OuroborosError)) throw error;
    }
  }
}
