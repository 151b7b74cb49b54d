import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { OuroborosError } from "../base/errors.ts";
import { type GitRunner, openGitRunner } from "../process/git-runner.ts";
import { type Checkout, gitMissing, holds } from "./find-checkout.ts";
import { readRef } from "./refs.ts";
import type { WorkTree } from "./stage-tree.ts";

/** A run's part of a repository: its refs, and the folder in which its worktrees are. */
export interface RunRepository {
  readonly runId: string;
  readonly checkout: Checkout;
  /** Full names of refs. A bench's branch is beside the run's: a ref cannot be file and folder. */
  readonly branch: string;
  readonly baseRef: string;
  benchBranch(name: string): string;
  benchBase(name: string): string;
  /** `<home>/worktrees/<repository>/<run>`. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** git for refs and objects, with the settings it was first opened with: no file passes through them. */
  git(): Promise<GitRunner>;
  /** git for the files of one of the worktrees, with the settings of this moment. */
  gitAt(top: string, gitFolder: string): Promise<GitRunner>;
  /** The commit of the run's branch. */
  tip(): Promise<string>;
  /** The project's checkout itself, which is read and never written. */
  readonly project: WorkTree;
  /** Where the user has installed what the project needs: its checkout, or the folder it was copied from. */
  readonly packages: string;
}

/** Ids and names become parts of refs and folders; a dot parts the two. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;

/** Names everything that a run has in a repository. */
export async function openRunRepository(
  runId: string,
  checkout: Checkout,
  home: string,
  signal: AbortSignal,
  packages = checkout.top,
): Promise<RunRepository> {
  checkName(runId);
  const { top, gitFolder } = checkout;
  const folder = join(worktreesOf(checkout, home), runId);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const branch = `refs/heads/ooo/${runId}`;
  const gitAt = (workTree: string, own: string) => gitFor(workTree, own, signal);
  const git = keepFirst(() => gitAt(top, gitFolder));
  return {
    runId,
    checkout,
    branch,
    baseRef: `refs/ouroboros/${runId}/base`,
    benchBranch: (name) => `${branch}.${checkName(name)}`,
    benchBase: (name) => `refs/ouroboros/${runId}/bench/${checkName(name)}`,
    folder,
    signal,
    git,
    gitAt,
    packages,
    async tip() {
      const tip = await readRef(await git(), branch);
      if (tip !== null) return tip;
      throw new OuroborosError(
        "branch_missing",
        `The branch ${branch.slice("refs/heads/".length)} of the run ${runId} is gone from ${top}.`,
        `Bring it back (git branch ooo/${runId} <commit>), or start another run.`,
      );
    },
    project: {
      top,
      git: () => gitAt(top, gitFolder),
      index: join(gitFolder, "index"),
      scratch: folder,
      leftOut: holds(top, home) ? [pattern(relative(top, home))] : [],
      whose: "users",
    },
  };
}

/** Where the worktrees of a repository's runs are, in a folder of each run. */
export function worktreesOf({ top, common }: Checkout, home: string): string {
  const readable =
    basename(top)
      .replaceAll(/[^A-Za-z0-9_-]+/g, "_")
      .slice(0, 40) || "project";
  const short = createHash("sha256").update(common).digest("hex").slice(0, 8);
  return join(home, "worktrees", `${readable}-${short}`);
}

/** One that fails is not kept. */
function keepFirst<T>(open: () => Promise<T>): () => Promise<T> {
  let first: Promise<T> | null = null;
  return () => {
    first ??= open().catch((error: unknown) => {
      first = null;
      throw error;
    });
    return first;
  };
}

async function gitFor(top: string, gitFolder: string, signal: AbortSignal): Promise<GitRunner> {
  const git = await openGitRunner({ folder: top, gitFolder, workTree: top }, signal);
  if (git !== null) return git;
  const { code, message, next } = gitMissing();
  throw new OuroborosError(code, message, next);
}

/** The name itself, if it can be part of a ref and a folder's name everywhere. */
export function checkName(name: string): string {
  if (PLAIN.test(name)) return name;
  throw new Error(`Not a name for a branch and a folder: ${JSON.stringify(name)}`);
}

function pattern(path: string): string {
  return `/${path
    .split(sep)
    .join("/")
    .replaceAll(/[\\*?[\]]/g, "\\$&")}/`;
}
