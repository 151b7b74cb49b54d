import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Refusal, refuse } from "../base/refusal.ts";
import type { GitRunner } from "../process/git-runner.ts";
import { commitTree, moveRef, readRef, treeOf } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { stageTree } from "./stage-tree.ts";

/** What a run begins with. */
export interface RunBase {
  readonly base: string;
  readonly snapshot: boolean;
  readonly notes: readonly string[];
}

/** What git leaves in its folder while it is in the middle of something. */
const UNDER_WAY: Readonly<Record<string, string>> = {
  MERGE_HEAD: "a merge",
  "rebase-merge": "a rebase",
  "rebase-apply": "a rebase",
  CHERRY_PICK_HEAD: "a cherry-pick",
  REVERT_HEAD: "a revert",
};
const NO_COMMIT = "The repository had no commit yet: the branch begins with one of its own.";
const A_COPY = "The folder is not under git: the run works on a copy of it, and its branch begins with that.";
const MOST_NAMED = 5;
const NOTE = "* ";

/**
 * Finds the run's base and branch, or makes them: the commit it goes on from, the one that is checked out, or one of ours above that with
 * everything that is not committed; refused where what was merged last (`tip`) is gone. The base comes first and is made once, so whoever comes second, at whatever moment, works on the same.
 */
export async function beginBranch(run: RunRepository, from?: string, tip?: string): Promise<RunBase | Refusal> {
  const git = await run.git();
  for (const commit of [from, tip]) {
    if (commit !== undefined && (await readRef(git, commit)) === null) return commitGone(run, commit);
  }
  for (;;) {
    const base = await readRef(git, run.baseRef);
    if (base !== null) return { base, ...(await ensureBranch(git, run, base)) };
    const inTheWay = await namesTaken(git, run);
    // Somebody who opens the same run at this moment makes its base before its branch.
    if (inTheWay !== null && (await readRef(git, run.baseRef)) === null) return inTheWay;
    if (inTheWay !== null) continue;
    await moveRef(git, run.baseRef, from ?? (await takeOver(git, run)), null);
  }
}

function commitGone({ checkout }: RunRepository, commit: string): Refusal {
  return refuse(
    "commit_gone",
    `The work to go on from, ${commit.slice(0, 12)}, is not in the repository at ${checkout.top} any more.`,
    "Bring its branch back (git reflog shows what was deleted), or begin anew.",
    { commit },
  );
}

/** What the run began with, if it has begun; for work in place, which has a base and no branch. */
export async function beginBase(run: RunRepository): Promise<RunBase> {
  const git = await run.git();
  if ((await readRef(git, run.baseRef)) === null) await moveRef(git, run.baseRef, await takeOver(git, run), null);
  const base = await git.must(["rev-parse", "--verify", `${run.baseRef}^{commit}`]);
  return { base, ...(await describeBase(git, run, base)) };
}

async function ensureBranch(git: GitRunner, run: RunRepository, base: string): Promise<Omit<RunBase, "base">> {
  if ((await readRef(git, run.branch)) === null) await moveRef(git, run.branch, base, null);
  return describeBase(git, run, base);
}

/** The commit to begin with; it does not move anything of the user's, and nothing points at it yet. */
async function takeOver(git: GitRunner, run: RunRepository): Promise<string> {
  const head = await readRef(git, "HEAD");
  const staged = await stageTree(run.project);
  await rm(staged.index, { force: true });
  if (head !== null && (await treeOf(git, head)) === staged.tree && staged.filtered.length === 0) return head;
  const notes: string[] = [];
  if (head === null) notes.push(run.packages === run.checkout.top ? NO_COMMIT : A_COPY);
  else notes.push(`What was not committed is in the run's first commit (untracked files: ${staged.untracked}).`);
  const under = await underWay(run.checkout.gitFolder);
  if (under !== null) notes.push(`The checkout was in the middle of ${under}: its files were taken as they lay there.`);
  if (staged.nested.length > 0) notes.push(`Left out, as repositories of their own: ${named(staged.nested)}.`);
  if (staged.filtered.length > 0) {
    notes.push(
      `Changes left out, as only a filter of the repository's configuration knows how to keep them: ${named(staged.filtered)}.`,
    );
  }
  const message = [`The project as ${run.runId} found it`, "", ...notes.map((note) => NOTE + note), "", trailer(run)];
  return commitTree(git, staged.tree, head === null ? [] : [head], message.join("\n"));
}

/** Read from the base itself, so that everybody who opens the run is told the same. */
async function describeBase(git: GitRunner, run: RunRepository, base: string): Promise<Omit<RunBase, "base">> {
  const lines = (await git.must(["cat-file", "commit", base])).split("\n");
  const snapshot = lines.includes(trailer(run));
  const notes = snapshot ? lines.filter((line) => line.startsWith(NOTE)).map((line) => line.slice(NOTE.length)) : [];
  if ((await git.run(["cat-file", "-e", `${base}:.gitmodules`])).code === 0) {
    notes.push("Submodules are left as they are: their folders are empty in the worktrees.");
  }
  const { filtersOff } = git.settings;
  if (filtersOff.size > 0) {
    notes.push(`Filters of the repository's own configuration do not run in the worktrees: ${named([...filtersOff])}.`);
  }
  return { snapshot, notes };
}

function trailer(run: RunRepository): string {
  return `Ouroboros-Snapshot: ${run.runId}`;
}

/** Upstream names its branches alike, and anybody may have a branch called `ooo`. */
async function namesTaken(git: GitRunner, run: RunRepository): Promise<Refusal | null> {
  for (const taken of ["refs/heads/ooo", run.branch]) {
    if ((await readRef(git, taken)) === null) continue;
    const name = taken.slice("refs/heads/".length);
    return refuse(
      "branch_taken",
      `The repository already has a branch ${name} that is not this run's.`,
      `Rename it (git branch -m ${name} <another name>), then run again; or run with --in-place.`,
      { branch: name },
    );
  }
  return null;
}

async function underWay(gitFolder: string): Promise<string | null> {
  for (const [file, what] of Object.entries(UNDER_WAY)) {
    const found = await lstat(join(gitFolder, file)).catch(() => null);
    if (found !== null) return what;
  }
  return null;
}

function named(paths: readonly string[]): string {
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
  return (
    paths
      .slice(0, MOST_NAMED)
      .map((path) => JSON.stringify(path))
      .join(", ") + more
  );
}
