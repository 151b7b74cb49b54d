import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import * as v from "valibot";
import { messageOf, OuroborosError } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import { openGitRunner } from "../process/git-runner.ts";
import { gitMissing } from "./find-checkout.ts";
import { REMADE } from "./stage-tree.ts";

const MOST_BYTES = 2 * 2 ** 30;
const MOST_FILES = 200_000;
const MOST_NAMED = 5;
/** Among git's own files, so that it is in nobody's way. */
const NOTES = ".git/ouroboros-notes.json";

interface Entry {
  readonly path: string;
  readonly kind: "folder" | "file" | "link";
  readonly mode: number;
}

/** What is to be copied, and what is not. */
interface Found {
  readonly entries: readonly Entry[];
  readonly skipped: readonly string[];
}

/**
 * Copies a folder that has no repository to where a private one is made of it. Answers what a person should know of it,
 * also of a copy made before. It takes its name when it is whole, so whoever dies on the way leaves none.
 */
export async function copyProject(
  from: string,
  to: string,
  home: string,
  signal: AbortSignal,
): Promise<readonly string[] | Refusal> {
  const before = await readNotes(to);
  if (before !== null) return before;
  for (const left of await readdir(dirname(to)).catch(() => [])) {
    if (left.startsWith(".part-")) await rm(join(dirname(to), left), { recursive: true, force: true });
  }
  const part = join(dirname(to), `.part-${newId()}`);
  try {
    const found = await walk(from, await realpath(home), signal);
    if (isRefusal(found)) return found;
    await mkdir(part, { recursive: true, mode: 0o700 });
    for (const entry of found.entries) {
      signal.throwIfAborted();
      await copyEntry(entry, from, part);
    }
    // Last and from below: a folder that may not be written into is filled by then.
    for (const { path, kind, mode } of found.entries.toReversed())
      if (kind === "folder") await chmod(join(part, path), mode);
    const git = await openGitRunner({ folder: part }, signal);
    if (git === null) return gitMissing();
    await git.must(["init", "--quiet", "--template=", part]);
    await writeFile(join(part, NOTES), JSON.stringify(notesOf(found.skipped)));
    await rename(part, to);
    return notesOf(found.skipped);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    if (!(error instanceof Error && "code" in error) || error instanceof OuroborosError) throw error;
    const others = await readNotes(to);
    if (others !== null) return others;
    return refuse(
      "copy_failed",
      `${from} cannot be copied: ${messageOf(error)}`,
      "Put right what it names; or make a repository of it (git init), or run with --in-place.",
    );
  }
}

async function readNotes(to: string): Promise<string[] | null> {
  const text = await readFile(join(to, NOTES), "utf8").catch(() => null);
  return text === null ? null : v.parse(v.array(v.string()), JSON.parse(text));
}

/** Goes through it all before anything is written: a folder that is too large is found out at no cost. Links are not followed. */
async function walk(root: string, home: string, signal: AbortSignal): Promise<Found | Refusal> {
  const entries: Entry[] = [];
  const skipped: string[] = [];
  let bytes = 0;
  const queue = [root];
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    signal.throwIfAborted();
    for (const name of (await readdir(folder)).sort()) {
      const whole = join(folder, name);
      const path = relative(root, whole);
      const found = await lstat(whole);
      if (found.isDirectory() && (name === ".git" || REMADE.includes(name) || whole === home)) skipped.push(path);
      else if (found.isDirectory()) {
        entries.push({ path, kind: "folder", mode: found.mode & 0o777 });
        queue.push(whole);
      } else if (found.isFile() && name !== ".git") {
        entries.push({ path, kind: "file", mode: found.mode & 0o777 });
        bytes += found.size;
      } else if (found.isSymbolicLink()) entries.push({ path, kind: "link", mode: 0 });
      else skipped.push(path);
      if (bytes > MOST_BYTES || entries.length > MOST_FILES) return tooLarge(root);
    }
  }
  return { entries, skipped };
}

async function copyEntry({ path, kind, mode }: Entry, from: string, to: string): Promise<void> {
  const [source, target] = [join(from, path), join(to, path)];
  if (kind === "folder") await mkdir(target, { mode: mode | 0o700 });
  else if (kind === "link") await symlink(await readlink(source), target);
  else {
    // Shared with the original until one of the two changes, where the file system can do that.
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, mode);
  }
}

function notesOf(skipped: readonly string[]): string[] {
  if (skipped.length === 0) return [];
  const more = skipped.length > MOST_NAMED ? ` and ${skipped.length - MOST_NAMED} more` : "";
  const names = skipped.slice(0, MOST_NAMED).map((path) => JSON.stringify(path));
  return [`Not copied (made anew by a build, a repository's own, or no plain files): ${names.join(", ")}${more}.`];
}

function tooLarge(root: string): Refusal {
  return refuse(
    "folder_too_large",
    `${root} has no repository, and is too large to be copied (over 2 GB or ${MOST_FILES.toLocaleString("en")} files).`,
    "Make a repository of it (git init, and a .gitignore for what is not source), or run with --in-place.",
    { most_bytes: MOST_BYTES, most_files: MOST_FILES },
  );
}
