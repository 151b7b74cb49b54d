import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Refusal, refuse } from "../base/refusal.ts";
import { writeWhole } from "../base/write-whole.ts";
import { isSeedId } from "../domain/seed/seed-id.ts";

/** Where the file of a seed is, in upstream's folder; undefined for an id that may name no file. */
export function seedFile(home: string, seedId: string): string | undefined {
  return isSeedId(seedId) ? join(home, "seeds", `${seedId}.yaml`) : undefined;
}

/**
 * Writes a seed where upstream looks for it, for this user only, and gives the file's path. All of it is there or nothing; a
 * file with other words in it is left alone, since seeds do not change.
 */
export async function writeSeedFile(home: string, seedId: string, yaml: string): Promise<string | Refusal> {
  const path = seedFile(home, seedId);
  if (path === undefined) {
    return refuse("bad_seed_id", `Cannot name a file after the seed id ${JSON.stringify(seedId)}`, SEED_ID_HINT);
  }
  const present = await readFile(path, "utf8").catch(() => undefined);
  if (present === yaml) return path;
  if (present !== undefined) {
    return refuse("seed_exists", `Another seed ${seedId} is in ${path} already`, "Give this seed another id", { path });
  }
  await mkdir(join(home, "seeds"), { recursive: true, mode: 0o700 });
  await writeWhole(path, yaml);
  return path;
}

/** What to do about an id that is none. */
export const SEED_ID_HINT = "Use letters, digits, _ and - only, at most 128, such as seed_0a1b2c3d4e5f";
