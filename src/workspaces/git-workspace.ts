import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GitRunner } from "../process/git-runner.ts";
import type { RunBase } from "./begin-branch.ts";
import { forgetMerged } from "./bench-refs.ts";
import { benchTree, keepOf } from "./bench-tree.ts";
import { openGitBench } from "./git-bench.ts";
import { contains, patchBetween, readRef, removeRef, treeOf } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { currentTree } from "./stage-tree.ts";
import type { Kept, Workspace } from "./workspace.ts";
import { findWorktree, removeWorktree, sweepGone } from "./worktree-folder.ts";

/** A run's branch in a repository, the project's own or that of a copy. */
export function gitWorkspace(kind: "git" | "copy", run: RunRepository, begun: RunBase): Workspace {
  return {
    kind,
    repository: run.checkout.top,
    branch: run.branch,
    ...begun,
    tip: () => run.tip(),
    open: (name) => openGitBench(run, name),
    async diff() {
      return patchBetween(await run.git(), begun.base, await run.tip());
    },
    prune: () => pruneWorktrees(run),
    async discard() {
      const git = await run.git();
      for (const name of await benchNames(run)) {
        await removeWorktree(run, name);
        for (const ref of [run.benchBase(name), run.benchBranch(name)]) await dropRef(git, ref);
      }
      // The base last: without it, what is left of the branch would be in the way of a run of this name.
      for (const ref of [run.branch, run.baseRef]) await dropRef(git, ref);
      await rm(run.folder, { recursive: true, force: true });
    },
  };
}

/** Removes a run's worktrees whose work is merged or that hold none; names those that it kept, and why. */
export async function pruneWorktrees(run: RunRepository): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const name of await benchNames(run)) {
    const folder = join(run.folder, name);
    const why = await whyKept(run, name, folder);
    if (why !== null) kept.push({ folder, kept: why });
  }
  await sweepGone(run);
  return kept;
}

async function dropRef(git: GitRunner, ref: string): Promise<void> {
  const commit = await readRef(git, ref);
  if (commit !== null) await removeRef(git, ref, commit);
}

/** Of this run alone, by its branches and by its folders: either may be left without the other. */
async function benchNames(run: RunRepository): Promise<string[]> {
  const git = await run.git();
  const listing = await git.must(["for-each-ref", "--format=%(refname)", `${run.branch}.*`]);
  const branches = listing.split("\n").filter(Boolean);
  const names = new Set(branches.map((ref) => ref.slice(run.branch.length + 1)));
  for (const entry of await readdir(run.folder)) {
    if (!entry.startsWith(".")) names.add(entry);
  }
  return [...names].filter((name) => /^\w[\w-]*$/.test(name)).sort();
}

/** Removes what holds nothing that the run's branch has not; otherwise says what it holds. */
async function whyKept(run: RunRepository, name: string, folder: string): Promise<string | null> {
  const git = await run.git();
  const tip = await readRef(git, run.benchBranch(name));
  const there = await lstat(folder).catch(() => null);
  if (there === null) {
    // Its work is on its branch, where one is left: there is no folder to speak of.
    await removeWorktree(run, name);
    await forgetMerged(run, name);
    return null;
  }
  const gitFolder = await findWorktree(run, folder);
  if (gitFolder === null || tip === null) return "it is not a worktree of this run";
  if ((await lstat(join(gitFolder, "index")).catch(() => null)) !== null) {
    const place = { top: folder, gitFolder };
    if ((await lstat(keepOf(place)).catch(() => null)) !== null) return "a check has its files in place there";
    if ((await currentTree(benchTree(run, place))) !== (await treeOf(git, tip)))
      return "it holds what is not committed";
  }
  if (!(await contains(git, await run.tip(), tip))) return "its commits are not merged";
  await removeWorktree(run, name);
  await forgetMerged(run, name);
  return null;
}
