import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { newId } from "../base/ids.ts";
import { gitFailure } from "../process/git-runner.ts";
import type { WorkTree } from "./stage-tree.ts";

const BATCH = 200;
const LIST = "list.json";
const KeptFiles = v.array(v.object({ path: v.string(), there: v.boolean() }));

/**
 * Puts files as they are in a commit into the place of those that lie there. What lay there is kept byte by byte, and
 * completely, before the first of them is touched: `bringBack` ends it from any process, however often it is tried.
 */
export async function swapFiles(at: WorkTree, keep: string, commit: string, files: readonly string[]): Promise<void> {
  for (const file of files) checkPath(file);
  await refuseSwapped(keep);
  const units = [...new Set(await Promise.all(files.map((file) => unitOf(at.top, file))))];
  const unfinished = `${keep}.${newId()}`;
  await mkdir(unfinished, { recursive: true });
  const kept: v.InferOutput<typeof KeptFiles> = [];
  for (const path of units) {
    const there = await isThere(join(at.top, path));
    if (there) await copyExactly(join(at.top, path), join(unfinished, String(kept.length)));
    kept.push({ path, there });
  }
  await writeFile(join(unfinished, LIST), JSON.stringify(kept));
  await rename(unfinished, keep);
  await putFiles(at, commit, files);
}

/** Puts back what `swapFiles` kept, if there is something kept. */
export async function bringBack(top: string, keep: string): Promise<void> {
  const text = await readFile(join(keep, LIST), "utf8").catch(() => null);
  if (text === null) return;
  const kept = v.parse(KeptFiles, JSON.parse(text));
  for (const [at, { path, there }] of kept.entries()) {
    await removeInside(top, path);
    if (!there) continue;
    await makeFolders(top, dirname(path));
    await copyExactly(join(keep, String(at)), join(top, path));
  }
  const done = `${keep}.${newId()}`;
  await rename(keep, done);
  await rm(done, { recursive: true, force: true });
}

/** Files that are only here for a check are nobody's work. */
export async function refuseSwapped(keep: string): Promise<void> {
  if (await isThere(keep)) throw new Error("A check has its own files in place here: undo that first");
}

async function putFiles(at: WorkTree, commit: string, files: readonly string[]): Promise<void> {
  const git = await at.git();
  const index = join(at.scratch, `.index-${newId()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    for (let from = 0; from < files.length; from += BATCH) {
      const listing = ["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit];
      const { code, out, errors } = await git.run([...listing, ...files.slice(from, from + BATCH)]);
      if (code !== 0) throw gitFailure("ls-tree", code, errors);
      await git.must(["update-index", "-z", "--index-info"], { input: out, env });
    }
    const { code, out, errors } = await git.run(["ls-files", "-z"], { env });
    if (code !== 0) throw gitFailure("ls-files", code, errors);
    const there = out.toString("utf8").split("\0");
    for (const file of files) {
      if (!there.some((path) => path === file || path.startsWith(`${file}/`))) await removeInside(at.top, file);
    }
    await git.must(["checkout-index", "--force", "--quiet", "--all"], { env });
  } finally {
    await rm(index, { force: true });
  }
}

/** The part of a path that has to be kept for it: up to the first that is no folder, since that will make room for one. */
async function unitOf(top: string, file: string): Promise<string> {
  const parts = file.split("/");
  for (let count = 1; count < parts.length; count++) {
    const path = parts.slice(0, count).join("/");
    const found = await lstat(join(top, path)).catch(() => null);
    if (!found?.isDirectory()) return path;
  }
  return file;
}

/** Removes what a path names, if the way to it is folders only: through a link it would be somebody else's. */
async function removeInside(top: string, path: string): Promise<void> {
  if ((await unitOf(top, path)) === path) await rm(join(top, path), { recursive: true, force: true });
}

async function makeFolders(top: string, folder: string): Promise<void> {
  const unit = folder === "." ? folder : await unitOf(top, `${folder}/.`);
  const found = await lstat(join(top, unit)).catch(() => null);
  if (found !== null && !found.isDirectory()) await rm(join(top, unit));
  await mkdir(join(top, folder), { recursive: true });
}

function copyExactly(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
}

function checkPath(file: string): void {
  const parts = file.split("/");
  const odd = parts.some((part) => part === "" || part === "." || part === ".." || part.toLowerCase() === ".git");
  if (odd || file.includes("\0")) throw new Error(`Not a path inside a checkout: ${JSON.stringify(file)}`);
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
