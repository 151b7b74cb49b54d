import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isHeavyFolder } from "./heavy-folders.ts";

/** The plain files of a project, relative to its root and with `/` between folders; what could not be listed is said. */
export interface Listing {
  readonly files: readonly string[];
  /** There are more files than are listed. */
  readonly cut: boolean;
  /** The time ran out. */
  readonly late: boolean;
}

export const MOST_FILES = 200_000;
const DEEPEST = 40;
const AT_ONCE = 16;

/** Lists a folder that is no checkout: without the well-known heavy folders, and never through a link. */
export async function walkListing(root: string, deadline: AbortSignal): Promise<Listing> {
  const files: string[] = [];
  let level = [""];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return { files, cut: true, late: false };
    const deeper: string[] = [];
    for (let from = 0; from < level.length; from += AT_ONCE) {
      if (deadline.aborted) return { files, cut: true, late: true };
      const folders = level.slice(from, from + AT_ONCE);
      const listed = await Promise.all(folders.map((folder) => entriesOf(join(root, folder))));
      for (const [at, entries] of listed.entries()) {
        const within = folders[at] === "" ? "" : `${folders[at]}/`;
        // Links and special files are neither: they are not followed, opened or counted.
        for (const entry of entries) {
          if (entry.isFile()) files.push(within + entry.name);
          else if (entry.isDirectory() && !isHeavyFolder(entry.name)) deeper.push(within + entry.name);
        }
      }
      if (files.length > MOST_FILES) return { files: files.slice(0, MOST_FILES), cut: true, late: false };
    }
    level = deeper;
  }
  return { files, cut: false, late: false };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
