import { existsSync } from "node:fs";
import { runTool } from "./system-tool.ts";

/**
 * Takes files out of the page cache, so that the next read comes from the disk. Written-back pages only can be dropped,
 * hence the flush before. Throws when pages stay: a warm start must never be printed as a cold one.
 */
export function dropPages(paths: readonly string[]): void {
  const files = paths.filter((path) => existsSync(path));
  runTool("sync", "--data", ...files);
  for (const file of files) {
    runTool("dd", `of=${file}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0");
  }
  const left = files.filter((file) => residentBytes(file) > 0);
  if (left.length > 0) throw new Error(`Cannot drop the cached pages of ${left.join(", ")}: something still uses them`);
}

/** How much of a file is in memory, as the kernel says (mincore). */
export function residentBytes(path: string): number {
  return Number(runTool("fincore", "--bytes", "--noheadings", "--output", "RES", path));
}

/** Reads files through once, so that the next read comes from memory. */
export function warmPages(paths: readonly string[]): void {
  for (const path of paths.filter((path) => existsSync(path))) {
    runTool("dd", `if=${path}`, "of=/dev/null", "bs=1M");
  }
}
