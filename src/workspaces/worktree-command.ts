import { type GitRunner, gitFailure } from "../process/git-runner.ts";
import { jitter } from "./refs.ts";

/** How often git is asked to change worktrees that others are changing, too. */
export const MOST_TRIES = 6;

/**
 * Has git look at, or change, the worktrees of a repository; what it said. A git that comes upon a worktree which another one
 * is just making or removing fails over it, so it is asked again, unless what was wanted has come about (`isDone`).
 */
export async function worktreeCommand(
  git: GitRunner,
  args: readonly string[],
  isDone: () => Promise<boolean> = async () => false,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    const { code, out, errors } = await git.run(["worktree", ...args]);
    if (code === 0 || (await isDone())) return out.toString("utf8");
    if (tries === MOST_TRIES) throw gitFailure(`worktree ${args[0]}`, code, errors);
    await jitter(tries + 2);
  }
}

/** The folder in which somebody has a branch checked out; null where nobody has. */
export async function checkoutOf(git: GitRunner, branch: string): Promise<string | null> {
  const lines = (await worktreeCommand(git, ["list", "--porcelain"])).split("\n");
  const at = lines.indexOf(`branch ${branch}`);
  if (at < 0) return null;
  const where = lines.slice(0, at).findLast((line) => line.startsWith("worktree ")) ?? "worktree another checkout";
  return where.slice("worktree ".length);
}
