import { OuroborosError } from "../../base/errors.ts";
import { readConfig } from "../../config.ts";
import { systemProcesses } from "../../process/liveness.ts";
import { backUpStore } from "../../store/backup.ts";
import { StoreError } from "../../store/engine/store-error.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { lines } from "../render.ts";
import { partialOf, removePartial } from "./store/backup-file.ts";

/**
 * `ouroboros store backup-child`: the part of a backup that blocks its process. It says each step on a line of its own
 * and leaves the finished copy under its unfinished name, which its parent knows by this process's number.
 */
export async function storeBackupChild({ output }: Cli, flags: SharedFlags, file: string): Promise<Answer> {
  const { target } = await readConfig({ db: flags.db });
  if (target.kind === "remote") throw new Error("A server's store cannot be copied as a file");
  const partial = partialOf(file, process.pid);
  const starter = process.ppid;
  try {
    const done = await backUpStore(target.path, partial, async (step) => {
      mustBeWanted(starter);
      await output.write(lines([JSON.stringify({ step })]));
    });
    mustBeWanted(starter);
    return { json: done, text: "" };
  } catch (error) {
    await removePartial(partial);
    if (!(error instanceof StoreError) || error.code !== "store_full") throw error;
    const next = "Free some space there, or name a file on another disk; the store itself is as it was";
    throw new OuroborosError(error.code, `Cannot copy the store to ${file}: its disk is full`, next, error);
  }
}

/** Between two long calls is the only time to notice that the command that wanted the backup was killed. */
function mustBeWanted(starter: number): void {
  if (process.ppid === starter && systemProcesses.exists(starter)) return;
  throw new OuroborosError("interrupted", "Cannot go on with the backup: its command is gone", "Start it again");
}
