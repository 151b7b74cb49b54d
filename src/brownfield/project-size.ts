import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { topOf } from "./languages.ts";
import { bounded } from "./quoted.ts";
import type { ProjectSummary } from "./summary.ts";

const SAMPLE = 500;
const AT_ONCE = 50;
const MOST_FOLDERS = 8;

/** How large a project is: its files are counted, their bytes extrapolated from a sample spread over all of them. */
export async function projectSize(
  root: string,
  files: readonly string[],
  deadline: AbortSignal,
): Promise<ProjectSummary["size"]> {
  const folders = new Map<string, number>();
  for (const path of files) {
    const at = path.indexOf("/");
    const folder = at === -1 ? "." : path.slice(0, at);
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const step = Math.max(1, files.length / SAMPLE);
  const sample = Array.from({ length: Math.min(SAMPLE, files.length) }, (_, at) => files[Math.floor(at * step)] ?? "");
  const sizes: number[] = [];
  for (let from = 0; from < sample.length && !deadline.aborted; from += AT_ONCE) {
    const found = await Promise.all(sample.slice(from, from + AT_ONCE).map((path) => sizeOf(join(root, path))));
    sizes.push(...found.filter((size) => size !== undefined));
  }
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return {
    files: files.length,
    sampled_files: sizes.length,
    bytes_estimate: sizes.length === 0 ? null : Math.round((bytes / sizes.length) * files.length),
    largest_folders: topOf(folders, MOST_FOLDERS).map(([folder, count]) => ({ folder: bounded(folder), files: count })),
  };
}

function sizeOf(path: string): Promise<number | undefined> {
  return lstat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
