import { constants, open } from "node:fs/promises";
import { MAX_SEED_BYTES } from "../../domain/seed/seed-yaml.ts";
import { getBlob } from "../../store/blobs.ts";
import { seedFile } from "../../store/seed-files.ts";
import { readSeed } from "../../store/seeds.ts";
import type { SessionContext } from "../session-context.ts";

/**
 * The text of a session's seed: by its hash for runs of ours, else by its id, from the seeds in the store or from upstream's
 * `seeds/` folder; undefined when it is nowhere.
 */
export async function findSeed(
  context: SessionContext,
  { seedHash, seedId }: { readonly seedHash: string | null; readonly seedId: string | null },
): Promise<string | undefined> {
  const stored = seedHash === null ? undefined : await getBlob(context.store, seedHash);
  if (stored) return new TextDecoder().decode(stored);
  if (seedId === null) return undefined;
  const saved = await readSeed(context.store, seedId);
  if (saved) return saved.yaml;
  // The id comes out of the store, which others write to: it names a file in that folder or nothing.
  const path = seedFile(context.home, seedId);
  return path && readSeedFile(path);
}

/** A text file of at most a seed's size; undefined when there is none, or it is larger. */
export async function readSeedFile(path: string): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK, which Windows has not, opening a pipe waits for somebody to write into it.
    await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = await file.stat();
    return !stat.isFile() || stat.size > MAX_SEED_BYTES ? undefined : await file.readFile("utf8");
  } catch {
    return undefined; // No such seed, or none that may be read: the caller asks for it.
  }
}
