import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as posix from "node:path/posix";

const MOST_FOLDERS = 5_000;
/** What package managers fill, and git. */
const LEFT_OUT = /^(?:\.git|node_modules|\.?venv|\.tox|\.nox|vendor|target|__pycache__)$/;

/** The plain files of a project, ignored ones too, whatever packages bring along left out. */
export async function* walkProject(top: string): AsyncGenerator<string> {
  const folders = ["."];
  for (let count = 0; count < folders.length && count < MOST_FOLDERS; count++) {
    const folder = folders[count] ?? ".";
    for (const entry of await readdir(join(top, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isFile()) yield path;
      if (entry.isDirectory() && !LEFT_OUT.test(entry.name)) folders.push(path);
    }
  }
}
