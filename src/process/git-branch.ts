import { lstat, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * The branch that is checked out in a folder or above it, or null. Read from git's own files (gitrepository-layout), so
 * that nothing of the project's configuration is run for it.
 */
export async function readGitBranch(folder: string): Promise<string | null> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const head = (await readText(join(at, ".git", "HEAD"))) ?? (await readLinkedHead(at));
    if (head !== null) return /^ref: refs\/heads\/(\S+)/.exec(head)?.[1] ?? null;
    // As git does: what stands in its place and leads nowhere is no reason to take the repository above it.
    if (dirname(at) === at || (await isThere(join(at, ".git")))) return null;
  }
}

/** In a worktree or submodule `.git` is a file that names the real folder. */
async function readLinkedHead(folder: string): Promise<string | null> {
  const link = /^gitdir: (.+)$/m.exec((await readText(join(folder, ".git"))) ?? "")?.[1];
  return link === undefined ? null : readText(join(resolve(folder, link.trim()), "HEAD"));
}

async function readText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).slice(0, 4096);
  } catch {
    return null; // Not a repository, or not one we may read: then there is no branch to tell.
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
