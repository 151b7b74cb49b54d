import { type Refusal, refuse } from "../base/refusal.ts";
import { openGitRunner } from "../process/git-runner.ts";
import { gitMissing } from "./find-checkout.ts";
import { moveRef, readRef } from "./refs.ts";
import { checkName } from "./repository.ts";
import { checkoutOf } from "./worktree-command.ts";

/** The branch of a lineage, as git's commands take it. */
export function lineageBranch(lineageId: string): string {
  return `ooo/${checkName(lineageId)}`;
}

/**
 * Has a lineage's branch name a commit of its own work. It moves only from another such commit (`known`), and never under a checkout
 * of somebody's: no file, index or HEAD is touched.
 */
export async function moveLineageBranch(
  lineageId: string,
  where: { readonly repository: string; readonly signal: AbortSignal },
  { to, known }: { readonly to: string; readonly known: ReadonlySet<string> },
): Promise<"there" | "seen_elsewhere" | Refusal> {
  const branch = lineageBranch(lineageId);
  const ref = `refs/heads/${branch}`;
  const git = await openGitRunner({ folder: where.repository }, where.signal);
  if (git === null) return gitMissing();
  const now = await readRef(git, ref);
  if (now === to) return "there";
  const facts = { branch, commit: to };
  if (now !== null && !known.has(now)) {
    const message = `The branch ${branch} names ${now.slice(0, 12)}, which is none of the lineage's work: it stays there.`;
    return refuse("branch_taken", message, `Rename it: git branch -m ${branch} <another name>`, facts);
  }
  if ((await readRef(git, to)) === null) {
    const message = `The lineage's work ${to.slice(0, 12)} is not in ${where.repository} any more.`;
    return refuse("commit_gone", message, "Bring its run's branch back (git reflog shows what was deleted).", facts);
  }
  const folder = await checkoutOf(git, ref);
  if (folder !== null) {
    const message = `The branch ${branch} is checked out in ${folder}, and it must not move under somebody's files.`;
    return refuse("branch_checked_out", message, "Switch to another branch there: git switch --detach", facts);
  }
  return (await moveRef(git, ref, to, now)) ? "there" : "seen_elsewhere";
}
