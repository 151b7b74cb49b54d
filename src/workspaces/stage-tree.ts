import { copyFile, lstat, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "../base/ids.ts";
import { type GitRunner, gitFailure } from "../process/git-runner.ts";
import { joinNul, listPaths, readable } from "./path-lists.ts";

/** Files on the disk, and how git is asked about them. */
export interface WorkTree {
  readonly top: string;
  /** git with the settings as they stand at this moment: whoever works here may have changed them. */
  git(): Promise<GitRunner>;
  /** The index that says what is tracked here. It is never written to. */
  readonly index: string;
  /** A folder of ours for a moment's files. */
  readonly scratch: string;
  /** Patterns of what belongs to nobody's work, such as our own home. */
  readonly leftOut: readonly string[];
  /** `ours`: a bench, where repositories that somebody made inside are work as well. `users`: the project's checkout, taken over as git would. */
  readonly whose: "ours" | "users";
}

/** A tree made of everything that lies in a folder. */
export interface Staged {
  readonly tree: string;
  /** The index of that tree, in the scratch folder: whoever asked for it moves it into place or removes it. */
  readonly index: string;
  readonly untracked: number;
  /** Repositories inside that are not part of it. */
  readonly nested: readonly string[];
  /** Changed files that were taken as they were before: only a filter that does not run here knows what to keep of them. */
  readonly filtered: readonly string[];
}

/** Folders that any build makes anew, and that nobody keeps: a project without a list of what to ignore would drown in them. */
export const REMADE = ["node_modules", ".venv", "__pycache__", ".tox", ".pytest_cache", ".mypy_cache", ".gradle"];

const DEEPEST = 20;

/**
 * Makes a tree of all tracked files as they are and all untracked ones that are not ignored. It works on a copy of the index,
 * and by paths: the everyday commands look into submodules, where filters run that nobody here has switched off.
 */
export async function stageTree(at: WorkTree): Promise<Staged> {
  const git = await at.git();
  const index = join(at.scratch, `.index-${newId()}`);
  await copyIndex(at.index, index);
  try {
    const env = { GIT_INDEX_FILE: index };
    const { changed, gone } = await differing(git, env);
    const others = await listPaths(git, ["ls-files", "-z", "--others", ...excludes(at)], env);
    const nested = others.filter((path) => path.endsWith("/"));
    const inside = at.whose === "ours" ? await filesOfNested(at, git, nested) : [];
    const untracked = [...others.filter((path) => !path.endsWith("/")), ...inside];
    const filtered = at.whose === "users" ? await filteredOff(git, [...changed, ...untracked]) : new Set<string>();
    const taken = [...changed, ...untracked].filter((path) => !filtered.has(path));
    // By itself: of a folder that became a link git would not hear otherwise.
    await update(git, ["--force-remove"], gone, env);
    await update(git, ["--add", "--remove", "--replace"], taken, env);
    const tree = await git.must(["write-tree"], { env });
    const left = at.whose === "users" ? nested : [];
    return {
      tree,
      index,
      untracked: untracked.length,
      nested: left.map(readable),
      filtered: [...filtered].map(readable),
    };
  } catch (error) {
    await rm(index, { force: true });
    throw error;
  }
}

/** The tree alone. */
export async function currentTree(at: WorkTree): Promise<string> {
  const { tree, index } = await stageTree(at);
  await rm(index, { force: true });
  return tree;
}

function excludes(at: Pick<WorkTree, "leftOut">): string[] {
  return [
    "--exclude-standard",
    ...REMADE.map((name) => `--exclude=${name}/`),
    ...at.leftOut.map((one) => `--exclude=${one}`),
  ];
}

/** With its time: git takes a file for unchanged only if it is older than the index. */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { atime, mtime } = await stat(from);
    await copyFile(from, to);
    await utimes(to, atime, mtime);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return; // Nothing is tracked yet.
    throw error;
  }
}

async function differing(
  git: GitRunner,
  env: Readonly<Record<string, string>>,
): Promise<{ changed: string[]; gone: string[] }> {
  const [changed, gone] = [[] as string[], [] as string[]];
  const fields = await listPaths(git, ["diff-files", "-z", "--name-status", "--ignore-submodules=all"], env);
  for (let at = 0; at + 1 < fields.length; at += 2) {
    (fields[at] === "D" ? gone : changed).push(fields[at + 1] ?? "");
  }
  return { changed, gone };
}

async function update(
  git: GitRunner,
  how: readonly string[],
  paths: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  if (paths.length === 0) return;
  await git.must(["update-index", "-z", ...how, "--stdin"], { input: joinNul(paths), env });
}

/** What somebody's `git init` inside of a bench would otherwise hide. */
async function filesOfNested(at: WorkTree, git: GitRunner, nested: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  const queue = nested.map((path) => ({ path, depth: 0 }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { path, depth } = next;
    const folder = join(at.top, readable(path));
    const found = await lstat(folder).catch(() => null);
    if (depth > DEEPEST || !found?.isDirectory()) continue;
    const place = ["-C", folder, `--work-tree=${folder}`];
    const env = { GIT_INDEX_FILE: join(at.scratch, ".index-none") };
    for (const file of await listPaths(git, [...place, "ls-files", "-z", "--others", ...excludes(at)], env)) {
      if (file.endsWith("/")) queue.push({ path: path + file, depth: depth + 1 });
      else files.push(path + file);
    }
  }
  return files;
}

async function filteredOff(git: GitRunner, paths: readonly string[]): Promise<Set<string>> {
  const { filtersOff } = git.settings;
  if (filtersOff.size === 0 || paths.length === 0) return new Set();
  const { code, out, errors } = await git.run(["check-attr", "-z", "--stdin", "filter"], { input: joinNul(paths) });
  if (code !== 0) throw gitFailure("check-attr", code, errors);
  const fields = out.toString("latin1").split("\0");
  return new Set(fields.filter((_, at) => at % 3 === 0 && filtersOff.has(fields[at + 2] ?? "")));
}
