import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitRunner } from "../process/git-runner.ts";
import { keepOf } from "./bench-tree.ts";
import { commitTree, contains, moveRef, readRef, treeOf } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { stageTree, type WorkTree } from "./stage-tree.ts";
import { refuseSwapped } from "./swap-files.ts";
import { type WorktreeFolder, waitForLocks } from "./worktree-folder.ts";

/** Left by git while a merge waits for its commit; all of it is about that one commit. */
const MERGE_STATE = [
  "MERGE_HEAD",
  "MERGE_MSG",
  "MERGE_MODE",
  "AUTO_MERGE",
  "CHERRY_PICK_HEAD",
  "REVERT_HEAD",
  "SQUASH_MSG",
];

/**
 * Commits what lies in a bench. By parts, so that no hook has a say. The index goes first: whoever dies behind it leaves
 * work that is staged and not committed, and the next call finds the same tree. Whatever an agent did to HEAD, the commit
 * is the bench's.
 */
export async function commitBench(
  run: RunRepository,
  at: WorkTree,
  place: WorktreeFolder,
  branch: string,
  base: string,
  message: string,
): Promise<string> {
  await refuseSwapped(keepOf(place));
  await waitForLocks(place.gitFolder, run.signal);
  const git = await at.git();
  const { tree, index } = await stageTree(at);
  await rename(index, at.index);
  for (;;) {
    const known = await readRef(git, branch);
    const head = known ?? base;
    const parents = [head, ...(await mergedHeads(git, place.gitFolder, head))];
    const same = parents.length === 1 && (await treeOf(git, head)) === tree;
    const commit = same ? head : await commitTree(git, tree, parents, message);
    if ((known === null || commit !== head) && !(await moveRef(git, branch, commit, known))) continue;
    await git.must(["symbolic-ref", "HEAD", branch]);
    for (const file of MERGE_STATE) await rm(join(place.gitFolder, file), { force: true });
    return commit;
  }
}

/** What is being merged and is not in the branch yet. */
async function mergedHeads(git: GitRunner, gitFolder: string, head: string): Promise<string[]> {
  const text = await readFile(join(gitFolder, "MERGE_HEAD"), "utf8").catch(() => "");
  const heads: string[] = [];
  for (const merged of text.split("\n").filter(Boolean)) {
    if (!(await contains(git, head, merged))) heads.push(merged);
  }
  return heads;
}
