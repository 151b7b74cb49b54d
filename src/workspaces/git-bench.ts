import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OuroborosError } from "../base/errors.ts";
import { type GitRunner, gitFailure } from "../process/git-runner.ts";
import { beginBench, forgetMerged } from "./bench-refs.ts";
import { benchTree, keepOf } from "./bench-tree.ts";
import { borrowPackages } from "./borrow-packages.ts";
import { commitBench } from "./commit-bench.ts";
import { contains, moveRef, pathsBetween, readRef, splitNul } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { currentTree, REMADE } from "./stage-tree.ts";
import { bringBack, swapFiles } from "./swap-files.ts";
import type { Bench } from "./workspace.ts";
import { checkoutOf } from "./worktree-command.ts";
import { enterPrefix, makeWorktree, removeWorktree, type WorktreeFolder, waitForLocks } from "./worktree-folder.ts";

const MARK = /^(?:<{7}|>{7})(?: |$)/m;

/** Opens the bench of this name: its branch, its worktree, and its files if a check had died over them. */
export async function openGitBench(run: RunRepository, name: string): Promise<Bench> {
  const branch = run.benchBranch(name);
  const base = await beginBench(run, name, branch);
  const place = await makeWorktree(run, name, branch);
  await bringBack(place.top, keepOf(place));
  await borrowPackages(run.packages, place.top, run.folder, run.signal);
  return gitBench(run, name, branch, base, place, await enterPrefix(place.top, run.checkout.prefix));
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

/** Whoever has the run's branch checked out would find their files taken for a change that undoes the run's. */
async function refuseUnderSomebody(git: GitRunner, run: RunRepository): Promise<void> {
  const where = await checkoutOf(git, run.branch);
  if (where === null) return;
  throw new OuroborosError(
    "branch_checked_out",
    `The run's branch is checked out in ${where}, and it must not move under somebody's files.`,
    "Switch to another branch there (git switch -), then resume. To look at the run: git switch --detach <branch>.",
  );
}

async function unmerged(git: GitRunner): Promise<string[]> {
  const records = splitNul(await git.must(["ls-files", "-z", "--unmerged"]));
  return [...new Set(records.map((record) => record.slice(record.indexOf("\t") + 1)))];
}
