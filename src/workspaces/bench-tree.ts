import { join } from "node:path";
import type { RunRepository } from "./repository.ts";
import type { WorkTree } from "./stage-tree.ts";
import type { WorktreeFolder } from "./worktree-folder.ts";

/** A worktree of ours, to be staged. */
export function benchTree(run: RunRepository, { top, gitFolder }: WorktreeFolder): WorkTree {
  return {
    top,
    git: () => run.gitAt(top, gitFolder),
    index: join(gitFolder, "index"),
    scratch: gitFolder,
    leftOut: [],
    whose: "ours",
  };
}

/** Where a worktree keeps files that a check has put others in the place of; it goes with the worktree. */
export function keepOf({ gitFolder }: WorktreeFolder): string {
  return join(gitFolder, "ouroboros-kept");
}
