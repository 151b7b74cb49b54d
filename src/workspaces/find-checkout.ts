import { lstat, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { type Refusal, refuse } from "../base/refusal.ts";
import { type GitRunner, openGitRunner } from "../process/git-runner.ts";

/** A checkout around a folder. */
export interface Checkout {
  /** Its root, without links in its path. */
  readonly top: string;
  /** The folder's place in it; empty for the root. */
  readonly prefix: string;
  /** What belongs to this checkout alone (HEAD, index). */
  readonly gitFolder: string;
  /** What all of a repository's checkouts share (objects, refs). */
  readonly common: string;
}

/** The checkout that a folder lies in; null where it lies in none; a refusal where there is one that cannot be worked with. */
export async function findCheckout(folder: string, signal: AbortSignal): Promise<Checkout | Refusal | null> {
  const at = await findGitFolder(folder);
  const git = await openGitRunner({ folder }, signal);
  if (git === null) return gitMissing();
  const { code, out, errors } = await git.run(["rev-parse", "--is-bare-repository", "--is-inside-git-dir"]);
  if (code !== 0) {
    if (/dubious ownership|unsafe repository/.test(errors)) return foreign(at ?? folder);
    if (at === null && /not a git repository/.test(errors)) return null;
    return refuse(
      "repository_unreadable",
      `git cannot work with the repository at ${at ?? folder}: ${errors.trim()}`,
      `Run git status in ${folder} and put right what it names; or run with --in-place.`,
    );
  }
  if (out.toString("utf8").includes("true")) {
    return refuse(
      "no_checkout",
      `${folder} is a repository's own folder, not a checkout of it.`,
      "Start the run in a checkout: git worktree add <folder>, or git clone.",
    );
  }
  const [top, prefix, gitFolder, common] = [
    await git.run(["rev-parse", "--show-toplevel"]).then(lineOf),
    await git.run(["rev-parse", "--show-prefix"]).then(lineOf),
    await git.run(["rev-parse", "--absolute-git-dir"]).then(lineOf),
    await git.run(["rev-parse", "--git-common-dir"]).then(lineOf),
  ];
  // A configuration may name any folder as the work tree, and everything in that would be taken for the project.
  if (at === null || top === "" || (await realpath(top)) !== at) {
    return refuse(
      "odd_work_tree",
      `The repository around ${folder} says that its files are in ${top || "no folder at all"}.`,
      "Take core.worktree out of its configuration, or run with --in-place.",
    );
  }
  // A home under git is no project, and what lies in it is not what is kept there. The home is the one git goes by.
  const home = process.env.HOME || homedir();
  if (holds(at, await realpath(home).catch(() => home))) return null;
  // What the repository around it ignores is no part of it: a worktree would be empty there.
  if (prefix !== "" && (await isIgnored(git))) return null;
  return { top: at, prefix, gitFolder, common: await realpath(resolve(folder, common)) };
}

/** Asked in the folder itself: ignored as a whole, and nothing in it is tracked all the same. */
async function isIgnored(git: GitRunner): Promise<boolean> {
  // This command refuses to take paths literally; "." means the same either way.
  const { code } = await git.run(["check-ignore", "--quiet", "--", "."], { env: { GIT_LITERAL_PATHSPECS: "0" } });
  if (code !== 0) return false;
  const { out } = await git.run(["ls-files", "-z", "--", "."]);
  return out.length === 0;
}

/** Does the one folder hold the other, or is it the same? */
export function holds(outer: string, inner: string): boolean {
  const way = relative(outer, inner);
  return way === "" || !(way === ".." || /^\.\.[/\\]/.test(way) || isAbsolute(way));
}

/** Without git there is neither a branch nor a diff. */
export function gitMissing(): Refusal {
  return refuse(
    "git_missing",
    "Work is kept on a branch of its own, and there is no git on the search path to keep it with.",
    "Install git, or run with --in-place: agents then work in the folder itself, with no way back.",
  );
}

function foreign(top: string): Refusal {
  return refuse(
    "foreign_repository",
    `The repository at ${top} belongs to another user of this machine, and git does not work with it.`,
    `If you trust it: git config --global --add safe.directory '${top}'. Or run with --in-place.`,
    { folder: top },
  );
}

/** The nearest folder upwards that has something of git's name, which is where git itself begins to look. */
async function findGitFolder(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await lstat(join(at, ".git")).catch(() => null);
    if (found !== null) return at;
    if (dirname(at) === at) return null;
  }
}

function lineOf({ out }: { readonly out: Buffer }): string {
  return out.toString("utf8").replace(/\n$/, "");
}
