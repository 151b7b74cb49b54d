import { stat } from "node:fs/promises";
import { type Refusal, refuse } from "../../base/refusal.ts";

/** Refuses a folder that is not there, before anything is begun in it. */
export async function checkFolder(cwd: string): Promise<Refusal | undefined> {
  return (await isFolder(cwd))
    ? undefined
    : refuse("folder_missing", `There is no folder ${cwd}`, "Name the project's folder");
}

export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
