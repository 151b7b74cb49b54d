import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isHeavyFolder } from "./heavy-folders.ts";
import { isGitFolder, type Repository, readRepository } from "./repository.ts";

/** The checkouts below a folder; what was not looked at is said. */
export interface FoundRepositories {
  readonly repositories: readonly Repository[];
  readonly folders: number;
  /** There may be more: as many as are wanted were found, or the time ran out. */
  readonly truncated: { readonly count: boolean; readonly time: boolean };
}

interface FindOptions {
  readonly signal: AbortSignal;
  readonly maxDepth?: number;
  readonly deadlineMs?: number;
  readonly maxFolders?: number;
  /** Called now and then with how many folders have been looked at and how many checkouts found. */
  readonly onProgress?: (folders: number, found: number) => void;
}

const DEPTH = 3;
const DEADLINE_MS = 20_000;
const MOST_FOLDERS = 50_000;
const MOST_FOUND = 1_000;
const AT_ONCE = 16;
const PROGRESS_EVERY = 500;

/**
 * Finds the git checkouts below a folder, linked worktrees among them, from the nearest to the deepest. It does not look inside of what it
 * found, in bare repositories, heavy folders and those with a dot, and follows no link. Throws when the caller's signal aborts.
 */
export async function findRepositories(folder: string, options: FindOptions): Promise<FoundRepositories> {
  const { signal, maxDepth = DEPTH, deadlineMs = DEADLINE_MS, maxFolders = MOST_FOLDERS, onProgress } = options;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const repositories: Repository[] = [];
  let level = [await realpath(folder)];
  let folders = 0;
  let told = 0;
  for (let depth = 0; level.length > 0 && depth <= maxDepth; depth++) {
    const deeper: string[] = [];
    for (let from = 0; from < level.length; from += AT_ONCE) {
      signal.throwIfAborted();
      const tooMany = folders >= maxFolders || repositories.length >= MOST_FOUND;
      if (tooMany || deadline.aborted) {
        return { repositories, folders, truncated: { count: tooMany, time: deadline.aborted } };
      }
      const looked = await Promise.all(level.slice(from, from + AT_ONCE).map((path) => look(path, depth < maxDepth)));
      for (const { repository, below } of looked) {
        if (repository) repositories.push(repository);
        deeper.push(...below);
      }
      folders += looked.length;
      if (folders - told < PROGRESS_EVERY) continue;
      told = folders;
      onProgress?.(folders, repositories.length);
    }
    level = deeper;
  }
  onProgress?.(folders, repositories.length);
  return { repositories, folders, truncated: { count: false, time: false } };
}

async function look(folder: string, deeper: boolean): Promise<{ repository: Repository | null; below: string[] }> {
  const repository = await readRepository(folder);
  if (repository || !deeper || (await isGitFolder(folder))) return { repository, below: [] };
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !isHeavyFolder(entry.name));
  return { repository, below: folders.map(({ name }) => join(folder, name)).sort() };
}
