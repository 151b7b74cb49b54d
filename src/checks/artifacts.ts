import { lstat, readdir, realpath } from "node:fs/promises";
import { basename, isAbsolute, join, relative } from "node:path";
import { isMissing } from "./plain-file.ts";

/** What is wrong with an expected file of the folder; null when it is there, inside, and holds something. */
export async function artifactFaultIn(folder: string, path: string): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const whole = await realpath(join(folder, path));
    const way = relative(root, whole);
    if (/^\.\.(?:[/\\]|$)/.test(way) || isAbsolute(way)) return "it leads out of the project";
    const found = await lstat(whole);
    if (found.isDirectory()) return (await readdir(whole)).length > 0 ? null : "it is an empty folder";
    if (!found.isFile()) return "it is no file";
    return found.size > 0 || MAY_BE_EMPTY.test(basename(path)) ? null : "it is empty";
  } catch (error) {
    if (isMissing(error)) return "it is not there";
    throw error;
  }
}

/** Names of files that say all they have to say by being there. */
const MAY_BE_EMPTY = /^(?:__init__\.pyi?|py\.typed|\.(?:git)?keep|\.nojekyll|\.npmignore)$/i;
