import { lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { delay } from "../base/delay.ts";
import { OuroborosError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { gitFailure } from "../process/git-runner.ts";
import { jitter } from "./refs.ts";
import type { RunRepository } from "./repository.ts";
import { MOST_TRIES, worktreeCommand } from "./worktree-command.ts";

/** A worktree's files, and what git keeps of it in the repository. */
export interface WorktreeFolder {
  readonly top: string;
  readonly gitFolder: string;
}

/** Begins the names of folders that are on their way out. */
const GONE = ".gone-";

const LOCK_PATIENCE_MS = 10_000;
/** Nobody needs a moment's file for so long. */
const LEFT_AFTER_MS = 3_600_000;

/** The worktree of this name as it was left, or a new one of its branch. A half-made one is made again. */
export async function makeWorktree(run: RunRepository, name: string, branch: string): Promise<WorktreeFolder> {
  const top = join(run.folder, name);
  for (let tries = 1; ; tries++) {
    const gitFolder = await findWorktree(run, top);
    if (gitFolder !== null && (await isWhole(top, gitFolder))) {
      await waitForLocks(gitFolder, run.signal);
      return { top, gitFolder };
    }
    await setAside(run, name);
    const git = await run.gitAt(run.checkout.top, run.checkout.gitFolder);
    // Through every step of its own git marks a worktree as locked; that mark goes last.
    const made = await git.run(["worktree", "add", "--quiet", top, branch.slice("refs/heads/".length)]);
    if (made.code !== 0 && tries === MOST_TRIES) throw gitFailure("worktree add", made.code, made.errors);
    if (made.code !== 0) await jitter(tries + 2);
  }
}

/** Where git keeps what it knows of a worktree; null where it knows none in that folder. */
export async function findWorktree(run: RunRepository, top: string): Promise<string | null> {
  const all = join(run.checkout.common, "worktrees");
  const wanted = join(await realpath(run.folder), top.slice(run.folder.length + 1), ".git");
  for (const id of await readdir(all).catch(() => [])) {
    const link = await readFile(join(all, id, "gitdir"), "utf8").catch(() => null);
    if (link === null) continue;
    const place = resolve(join(all, id), link.replace(/\n$/, ""));
    if (place === wanted || place === join(top, ".git")) return join(all, id);
  }
  return null;
}

/** Removes a worktree: what its branch does not hold of it is lost. Others, the user's above all, are not looked at. */
export async function removeWorktree(run: RunRepository, name: string): Promise<void> {
  await setAside(run, name);
  await sweepGone(run);
}

/** Removes what was on its way out when somebody died. */
export async function sweepGone(run: RunRepository): Promise<void> {
  for (const entry of await readdir(run.folder).catch(() => [])) {
    const path = join(run.folder, entry);
    const left = /^\.(?:index|part)-/.test(entry) && Date.now() - (await lstat(path)).mtimeMs > LEFT_AFTER_MS;
    if (left || entry.startsWith(GONE)) await rm(path, { recursive: true, force: true });
  }
}

/** Renamed at once, so that whoever still writes into it writes into nothing; then git forgets it. */
async function setAside(run: RunRepository, name: string): Promise<void> {
  const top = join(run.folder, name);
  const gitFolder = await findWorktree(run, top);
  await rename(top, join(run.folder, `${GONE}${newId()}`)).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  });
  if (gitFolder === null) return;
  const git = await run.git();
  // Twice, since a half-made one is locked by git itself; it only knows that one, so no other can be meant.
  const isGone = async () => (await findWorktree(run, top)) === null;
  await worktreeCommand(git, ["remove", "--force", "--force", top], isGone);
}

/** Was it made to its end? Its link is put right where somebody took it for a repository of their own. */
async function isWhole(top: string, gitFolder: string): Promise<boolean> {
  const lock = await readFile(join(gitFolder, "locked"), "utf8").catch(() => null);
  const found = await lstat(top).catch(() => null);
  const index = await lstat(join(gitFolder, "index")).catch(() => null);
  if (lock?.trim() === "initializing" || !found?.isDirectory() || index === null) return false;
  const link = join(top, ".git");
  const text = `gitdir: ${gitFolder}\n`;
  const there = await lstat(link).catch(() => null);
  if (there?.isFile() && (await readFile(link, "utf8")).startsWith("gitdir: ")) {
    const named = (await readFile(link, "utf8")).slice("gitdir: ".length).replace(/\n$/, "");
    if ((await realpath(resolve(top, named)).catch(() => null)) === (await realpath(gitFolder))) return true;
  }
  await rm(link, { recursive: true, force: true });
  await writeFile(link, text);
  return true;
}

/** A git whose caller was killed goes on to its end; one that was killed itself leaves its locks behind. */
export async function waitForLocks(gitFolder: string, signal: AbortSignal): Promise<void> {
  for (const lock of ["index.lock", "HEAD.lock"].map((name) => join(gitFolder, name))) {
    const deadline = performance.now() + LOCK_PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      const found = await lstat(lock).catch(() => null);
      if (found === null) break;
      if (performance.now() > deadline || Date.now() - found.mtimeMs > LOCK_PATIENCE_MS) {
        await rm(lock, { force: true });
        break;
      }
      await delay(50, signal);
    }
  }
}

/** Makes sure of the folder agents work in, and that no link leads out of the worktree on the way to it. */
export async function enterPrefix(top: string, prefix: string): Promise<string> {
  const folder = join(top, prefix);
  await mkdir(folder, { recursive: true });
  const expected = join(await realpath(top), prefix).replace(/[/\\]$/, "");
  const found = await realpath(folder);
  if (found === expected) return folder.replace(/[/\\]$/, "");
  throw new OuroborosError(
    "folder_moved",
    `${folder} is a link that leads to ${found}, out of its worktree.`,
    "Look at what the branch has there: somebody has put a link in the place of the folder.",
  );
}
