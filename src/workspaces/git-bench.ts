import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OuroborosError } from "../base/errors.ts";
import { type GitRunner, gitFailure } from "../process/git-runner.ts";
import { commitTree, contains, moveRef, pathsBetween, readRef, removeRef, splitNul, treeOf } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { currentTree, REMADE, stageTree, type WorkTree } from "./stage-tree.ts";
import { bringBack, refuseSwapped, swapFiles } from "./swap-files.ts";
import type { Bench } from "./workspace.ts";
import { enterPrefix, makeWorktree, removeWorktree, type WorktreeFolder, waitForLocks } from "./worktree-folder.ts";

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
const MARK = /^(?:<{7}|>{7})(?: |$)/m;

/** Opens the bench of this name: its branch, its worktree, and its files if a check had died over them. */
export async function openGitBench(run: RunRepository, name: string): Promise<Bench> {
  const branch = run.benchBranch(name);
  const base = await beginBench(run, name, branch);
  const place = await makeWorktree(run, name, branch);
  await bringBack(place.top, keepOf(place));
  return gitBench(run, name, branch, base, place, await enterPrefix(place.top, run.checkout.prefix));
}

/** Its base first, as with the run's. */
async function beginBench(run: RunRepository, name: string, branch: string): Promise<string> {
  const git = await run.git();
  const baseRef = run.benchBase(name);
  const known = await readRef(git, baseRef);
  // A branch without its base was left by a closing that died between the two.
  const left = known === null ? await readRef(git, branch) : null;
  const base = known ?? left ?? (await run.tip());
  if (known === null) await moveRef(git, baseRef, base, null);
  if ((await readRef(git, branch)) === null) await moveRef(git, branch, base, null);
  return base;
}

function gitBench(
  run: RunRepository,
  name: string,
  branch: string,
  base: string,
  place: WorktreeFolder,
  folder: string,
): Bench {
  const at = benchTree(run, place);
  const commit = (message: string) => commitBench(run, at, place, branch, base, message);
  return {
    name,
    folder,
    base,
    commit,
    treeHash: () => currentTree(at),
    async changedSince(since = base) {
      return pathsBetween(await at.git(), since, await currentTree(at));
    },
    async withFilesOf(from, files) {
      await swapFiles(at, keepOf(place), from, files);
      return { undo: () => bringBack(place.top, keepOf(place)) };
    },
    async clean() {
      const git = await at.git();
      await bringBack(place.top, keepOf(place));
      await waitForLocks(place.gitFolder, run.signal);
      await git.must(["symbolic-ref", "HEAD", branch]);
      await git.must(["reset", "--hard", "--quiet", "--no-recurse-submodules"]);
      await git.must(["clean", "-ffdq", ...REMADE.flatMap((one) => ["-e", `${one}/`])]);
      await enterPrefix(place.top, run.checkout.prefix);
    },
    async update() {
      const mine = await commit(`Work of ${name} before others' is merged`);
      const git = await at.git();
      const tip = await run.tip();
      if (await contains(git, mine, tip)) return { outcome: "current", files: [] };
      const message = `Merge ${run.branch.slice("refs/heads/".length)} into ${name}`;
      const merge = ["merge", "--quiet", "--no-edit", "--ff", "--no-stat", "-m", message, tip];
      const merged = await git.run(merge, { env: git.settings.identity });
      if (merged.code === 0) {
        return { outcome: "merged", files: await pathsBetween(git, mine, await git.must(["rev-parse", "HEAD"])) };
      }
      const files = await unmerged(git);
      // Without a conflict it did not even begin.
      if (files.length === 0) throw gitFailure("merge", merged.code, merged.errors + merged.out.toString("utf8"));
      return { outcome: "conflict", files };
    },
    async unresolved() {
      const files = await unmerged(await at.git());
      const texts = await Promise.all(files.map((file) => readFile(join(place.top, file), "latin1").catch(() => "")));
      return files.filter((_, index) => MARK.test(texts[index] ?? ""));
    },
    async publish() {
      const git = await at.git();
      const [mine, tip] = [(await readRef(git, branch)) ?? base, await run.tip()];
      if (!(await contains(git, mine, tip))) return { outcome: "moved" };
      if (mine === tip) return { outcome: "published", commit: mine };
      await refuseUnderSomebody(git, run);
      if (!(await moveRef(git, run.branch, mine, tip))) return { outcome: "moved" };
      return { outcome: "published", commit: mine };
    },
    async close() {
      await bringBack(place.top, keepOf(place));
      await commit(`Work of ${name} when it was closed`);
      await removeWorktree(run, name);
      await forgetMerged(run, name);
    },
  };
}

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

/** Removes a bench's branch and base when the run's branch has all of it; true when it did. */
export async function forgetMerged(run: RunRepository, name: string): Promise<boolean> {
  const git = await run.git();
  const branch = run.benchBranch(name);
  const [tip, base] = [await readRef(git, branch), await readRef(git, run.benchBase(name))];
  if (tip !== null && !(await contains(git, await run.tip(), tip))) return false;
  // The branch last: by itself it says where the work is, and a base alone would begin it anew.
  if (base !== null) await removeRef(git, run.benchBase(name), base);
  return tip === null || removeRef(git, run.benchBranch(name), tip);
}

/**
 * By parts, so that no hook has a say. The index goes first: whoever dies behind it leaves work that is staged and not
 * committed, and the next call finds the same tree. Whatever an agent did to HEAD, the commit is the bench's.
 */
async function commitBench(
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

/** Whoever has the run's branch checked out would find their files taken for a change that undoes the run's. */
async function refuseUnderSomebody(git: GitRunner, run: RunRepository): Promise<void> {
  const lines = (await git.must(["worktree", "list", "--porcelain"])).split("\n");
  const at = lines.indexOf(`branch ${run.branch}`);
  if (at < 0) return;
  const where = lines.slice(0, at).findLast((line) => line.startsWith("worktree ")) ?? "worktree another checkout";
  throw new OuroborosError(
    "branch_checked_out",
    `The run's branch is checked out in ${where.slice("worktree ".length)}, and it must not move under somebody's files.`,
    "Switch to another branch there (git switch -), then resume. To look at the run: git switch --detach <branch>.",
  );
}

async function unmerged(git: GitRunner): Promise<string[]> {
  const records = splitNul(await git.must(["ls-files", "-z", "--unmerged"]));
  return [...new Set(records.map((record) => record.slice(record.indexOf("\t") + 1)))];
}
