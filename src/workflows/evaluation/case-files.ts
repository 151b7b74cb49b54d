import { readFile, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { ReadLine } from "../../domain/evaluation/citations.ts";

const MOST_FILES = 30;
const MOST_BYTES = 2_000_000;

/** The texts of these files of a folder, as far as they are texts and lie in it; no link leads out of it. */
export async function readTexts(
  folder: string,
  paths: readonly string[],
  most = MOST_FILES,
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const root = await realpath(folder);
  const found: { path: string; text: string }[] = [];
  for (const path of paths) {
    if (found.length === most) break;
    const file = await realpath(join(root, path)).catch(() => null);
    if (file === null || relative(root, file).split(sep)[0] === "..") continue;
    const facts = await stat(file);
    if (!facts.isFile() || facts.size > MOST_BYTES) continue;
    const bytes = await readFile(file);
    if (!bytes.includes(0)) found.push({ path, text: bytes.toString("utf8") });
  }
  return found;
}

/** Looks lines up in files that were read. */
export function lineReader(files: readonly { readonly path: string; readonly text: string }[]): ReadLine {
  const lines = new Map(files.map(({ path, text }) => [path, text.split("\n")]));
  return (path, line) => lines.get(path)?.[line - 1] ?? null;
}
