import { lstat, open, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** A checkout found on this machine; a linked worktree names the repository it belongs to. */
export interface Repository {
  readonly path: string;
  readonly name: string;
  readonly worktree_of: string | null;
}

/** The checkout a folder is or lies in, by git's own files; null where there is none, or what stands for one leads nowhere. */
export async function checkoutAround(folder: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if (await isThere(join(at, ".git"))) return (await readRepository(at)) === null ? null : at;
    if (dirname(at) === at) return null;
  }
}

/** The repository whose checkout this folder is, or null. Reads git's files only and runs nothing. */
export async function readRepository(folder: string): Promise<Repository | null> {
  const found = { path: folder, name: basename(folder), worktree_of: null };
  const own = join(folder, ".git");
  if (await isGitFolder(own)) return found;
  // In a worktree or a submodule `.git` is a file that names the real folder.
  const link = /^gitdir: ([^\n]+)\s*$/.exec((await readStart(own)) ?? "")?.[1];
  if (link === undefined) return null;
  const linked = resolve(folder, link.trim());
  const common = (await readStart(join(linked, "commondir")))?.trim();
  if (common === undefined) return (await isGitFolder(linked)) ? found : null;
  const shared = resolve(linked, common);
  if (!(await isGitFolder(shared))) return null;
  // A bare repository stands for itself.
  return { ...found, worktree_of: await whole(basename(shared) === ".git" ? dirname(shared) : shared) };
}

/** Is this git's own folder, or a bare repository? By what git itself looks for. */
export async function isGitFolder(folder: string): Promise<boolean> {
  const head = await readStart(join(folder, "HEAD"));
  return head !== null && (await isThere(join(folder, "objects"))) && (await isThere(join(folder, "refs")));
}

const LONGEST = 4096;

/** The start of a small plain file; null for whatever is none. */
async function readStart(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST), 0, LONGEST, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return null;
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function whole(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
