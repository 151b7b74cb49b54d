import { messageOf } from "../../base/errors.ts";
import { isRefusal } from "../../base/refusal.ts";
import { writeSeedFile } from "../../store/seed-files.ts";

/** The file of a seed that is in the store; null where none could be written, and why: the seed is safe without it. */
export interface KeptFile {
  readonly path: string | null;
  readonly fileProblem: string | null;
}

/** Writes a stored seed where upstream's programs look for it. */
export async function keepSeedFile(home: string, seedId: string, yaml: string): Promise<KeptFile> {
  try {
    const path = await writeSeedFile(home, seedId, yaml);
    return isRefusal(path) ? { path: null, fileProblem: path.message } : { path, fileProblem: null };
  } catch (error) {
    return { path: null, fileProblem: messageOf(error) };
  }
}
