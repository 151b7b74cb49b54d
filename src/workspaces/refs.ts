import { delay } from "../base/delay.ts";
import { type GitRunner, gitFailure } from "../process/git-runner.ts";

const MOST_TRIES = 12;

/** The commit a name stands for; null where there is none. */
export async function readRef(git: GitRunner, name: string): Promise<string | null> {
  const { code, out } = await git.run(["rev-parse", "--verify", "--quiet", `${name}^{commit}`]);
  return code === 0 ? out.toString("utf8").trim() : null;
}

/**
 * Moves a ref, or makes it where `from` is null, if it still is where it was seen; false when somebody was faster. This is
 * the only lock there is, and git's own: a moment's lock of another writer is waited out.
 */
export function moveRef(git: GitRunner, ref: string, to: string, from: string | null): Promise<boolean> {
  return change(git, ["update-ref", "--no-deref", ref, to, from ?? ""], ref, from);
}

/** The same for removing one. */
export function removeRef(git: GitRunner, ref: string, from: string): Promise<boolean> {
  return change(git, ["update-ref", "--no-deref", "-d", ref, from], ref, from);
}

async function change(git: GitRunner, args: readonly string[], ref: string, from: string | null): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const { code, errors } = await git.run(args);
    if (code === 0) return true;
    if ((await readRef(git, ref)) !== from) return false;
    if (tries === MOST_TRIES) throw gitFailure("update-ref", code, errors);
    await jitter(tries);
  }
}

/** A pause that grows, and differs between those that stand in each other's way. */
export function jitter(tries: number): Promise<void> {
  return delay(Math.random() * Math.min(2_000, 20 * 2 ** tries));
}

/** Is everything of the one commit in the other? */
export async function contains(git: GitRunner, commit: string, part: string): Promise<boolean> {
  const { code, errors } = await git.run(["merge-base", "--is-ancestor", part, commit]);
  if (code === 0 || code === 1) return code === 0;
  throw gitFailure("merge-base", code, errors);
}

/** The tree of a commit. */
export function treeOf(git: GitRunner, commit: string): Promise<string> {
  return git.must(["rev-parse", "--verify", `${commit}^{tree}`]);
}

/** Makes a commit in the user's name; no hook runs and no ref moves. */
export function commitTree(git: GitRunner, tree: string, parents: readonly string[], message: string): Promise<string> {
  const args = ["commit-tree", tree, ...parents.flatMap((parent) => ["-p", parent]), "-F", "-"];
  return git.must(args, { input: `${message.trimEnd()}\n`, env: git.settings.identity });
}

/** Paths that differ between two trees, sorted. */
export async function pathsBetween(git: GitRunner, from: string, to: string): Promise<string[]> {
  const options = ["-r", "-z", "--name-only", "--no-renames", "--no-ext-diff"];
  return splitNul(await git.must(["diff-tree", ...options, from, to]));
}

/** The difference between two trees as a patch that `git apply` takes. */
export function patchBetween(git: GitRunner, from: string, to: string): Promise<string> {
  const options = [
    "-r",
    "-p",
    "--binary",
    "--full-index",
    "--find-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
  ];
  return git.must(["diff-tree", ...options, from, to]).then((text) => (text === "" ? "" : `${text}\n`));
}

/** Records that end with NUL. */
export function splitNul(text: string): string[] {
  return text.split("\0").filter((record) => record !== "");
}
