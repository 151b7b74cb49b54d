import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { type Refusal, refuse } from "../../base/refusal.ts";

/** The whole path somebody means, `~` being their home. */
export function expandedPath(path: string): string {
  return resolve(path.replace(/^~(?=[/\\]|$)/, homedir()));
}

/** The real path of a folder somebody named. */
export async function knownFolder(path: string): Promise<string | Refusal> {
  const given = expandedPath(path);
  try {
    const folder = await realpath(given);
    if ((await stat(folder)).isDirectory()) return folder;
  } catch {
    // Said below: it is not there, or not for us.
  }
  return refuse("no_folder", `Cannot look at ${given}: it is no folder that can be read`, "Give the path of a folder");
}
