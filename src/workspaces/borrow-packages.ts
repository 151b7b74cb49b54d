import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../base/ids.ts";

/** What is installed beside a manifest, and what says which versions: a tool's folder, its manifest, its lock files. */
const INSTALLED = [
  {
    folder: "node_modules",
    manifest: "package.json",
    locks: ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"],
  },
  { folder: "vendor", manifest: "composer.json", locks: ["composer.lock"] },
] as const;
/** Packages of a workspace have folders of their own, such as `packages/a/node_modules`. */
const DEEPEST = 2;
const MOST_LOOKED_AT = 500;
/** Beyond that whoever needs them installs them: copying would take longer than most checks. */
const MOST_ENTRIES = 60_000;

/**
 * Gives a worktree the packages that are installed in the project's folder: they are under no version control, and without them hardly
 * a check could run. Copied (as clones where the file system can), so that nothing reaches the user's own; only where the
 * manifest and the locks are the same in both. What is there already is left alone.
 */
export async function borrowPackages(
  project: string,
  worktree: string,
  scratch: string,
  signal: AbortSignal,
): Promise<void> {
  const budget = { entries: MOST_ENTRIES, places: MOST_LOOKED_AT };
  for await (const place of placesIn(project, worktree, "", budget)) {
    for (const { folder, manifest, locks } of INSTALLED) {
      signal.throwIfAborted();
      const [from, to] = [join(project, place, folder), join(worktree, place, folder)];
      if (!(await isFolder(from)) || (await lstat(to).catch(() => null)) !== null) continue;
      const same = (name: string) => isSame(join(project, place, name), join(worktree, place, name));
      const isAlike = await Promise.all([manifest, ...locks].map(same));
      if (!isAlike.every(Boolean)) continue;
      const part = join(scratch, `.part-${newId()}`);
      try {
        if (await copyFolder(from, part, budget, signal)) await rename(part, to);
      } finally {
        await rm(part, { recursive: true, force: true });
      }
    }
  }
}

/** The folders that both have, the top first; not into what is installed itself. */
async function* placesIn(
  project: string,
  worktree: string,
  place: string,
  budget: { places: number },
  depth = 0,
): AsyncGenerator<string> {
  if (budget.places-- <= 0) return;
  yield place;
  if (depth === DEEPEST) return;
  for (const entry of await readdir(join(worktree, place), { withFileTypes: true })) {
    const isInstalled = INSTALLED.some(({ folder }) => folder === entry.name);
    if (!entry.isDirectory() || entry.name.startsWith(".") || isInstalled) continue;
    const inner = join(place, entry.name);
    if (await isFolder(join(project, inner))) yield* placesIn(project, worktree, inner, budget, depth + 1);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

/** The same text in both, or a file in neither. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => readFile(path, "latin1").catch(() => null)));
  return a === b;
}

/** False when it is more than the budget allows. Links are copied as they are. */
async function copyFolder(
  from: string,
  to: string,
  budget: { entries: number },
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  await mkdir(to, { recursive: true });
  const entries = await readdir(from, { withFileTypes: true });
  budget.entries -= entries.length;
  if (budget.entries < 0) return false;
  const files = entries.filter((entry) => entry.isFile());
  await Promise.all(files.map(({ name }) => copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE)));
  for (const entry of entries) {
    const [inner, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) await symlink(await readlink(inner), copy);
    if (entry.isDirectory() && !(await copyFolder(inner, copy, budget, signal))) return false;
  }
  return true;
}
