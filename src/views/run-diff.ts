import { OuroborosError } from "../base/errors.ts";
import { type GitRunner, openGitRunner } from "../process/git-runner.ts";
import { patchBetween, splitNul } from "../workspaces/refs.ts";
import type { WorkspaceView } from "./run-tree.ts";

/** How much a file has changed; null for one that is no text. */
export interface ChangedFile {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
}

const PATIENCE_MS = 15_000;
const COMMIT = /^[0-9a-f]{40,64}$/;

/** The files a run's branch has changed; null where there is no branch, or nothing here can say. */
export async function changedFiles(workspace: WorkspaceView | null): Promise<readonly ChangedFile[] | null> {
  return between(workspace, async (git, base, tip) => {
    const options = ["-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv"];
    const rows = splitNul(await git.must(["diff-tree", ...options, base, tip]));
    return rows.map((row) => {
      const [added = "", removed = "", ...path] = row.split("\t");
      return { path: path.join("\t"), added: lines(added), removed: lines(removed) };
    });
  });
}

/** Everything a run's branch has changed, as a patch; null as above. */
export async function patchOf(workspace: WorkspaceView | null): Promise<string | null> {
  return between(workspace, patchBetween);
}

/** Names and commits come from the store, which others write to: what is no commit is never an argument. */
async function between<T>(
  workspace: WorkspaceView | null,
  work: (git: GitRunner, base: string, tip: string) => Promise<T>,
): Promise<T | null> {
  const { branch, repository, base, tip } = workspace ?? {};
  if (!branch || !repository || !base || !tip || !COMMIT.test(base) || !COMMIT.test(tip)) return null;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    const git = await openGitRunner({ folder: repository }, signal);
    return git && (await work(git, base, tip));
  } catch (error) {
    // The checkout may be gone, on another machine, or slow: how the run stands can be said without it.
    if (error instanceof OuroborosError || signal.aborted) return null;
    throw error;
  }
}

function lines(count: string): number | null {
  return /^\d+$/.test(count) ? Number(count) : null;
}
