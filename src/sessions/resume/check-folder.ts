import { stat } from "node:fs/promises";
import { type Refusal, refuse } from "../../base/refusal.ts";

/** Refuses a folder that is not there, before anything is begun in it. */
export async function checkFolder(cwd: string): Promise<Refusal | undefined> {
  const isFolder = await stat(cwd).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? undefined : refuse("folder_missing", `There is no folder ${cwd}`, "Name the project's folder");
}
