import { join } from "node:path";
import { openGitRunner } from "../process/git-runner.ts";

/** A commit, and where it is to be looked for: a project, or the copy of one that a run was made for. */
interface Held {
  readonly cwd: string;
  readonly home: string;
  readonly commit: string;
  readonly copy_of: string | null;
}

const NAME = /^[A-Za-z0-9][\w-]*$/;
const COMMIT = /^[0-9a-f]{40,64}$/;

/** Is a commit part of a run's work, by that run's own branch on this machine? What the store says of it is not asked. */
export async function runHolds(
  runId: string,
  { cwd, home, commit, copy_of }: Held,
  signal: AbortSignal,
): Promise<boolean> {
  const names = copy_of === null ? [runId] : [runId, copy_of];
  if (!COMMIT.test(commit) || !names.every((name) => NAME.test(name))) return false;
  const folder = copy_of === null ? cwd : join(home, "workspaces", copy_of, "project");
  const git = await openGitRunner({ folder }, signal);
  const held = await git?.run(["merge-base", "--is-ancestor", commit, `refs/heads/ooo/${runId}`]);
  return held?.code === 0;
}
