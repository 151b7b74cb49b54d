import { open } from "node:fs/promises";
import { join } from "node:path";
import { MAX_SEED_BYTES } from "../../domain/seed.ts";
import { getBlob } from "../../store/blobs.ts";
import type { SessionContext } from "../session-context.ts";

/**
 * The text of a session's seed: from the store for runs of ours, from upstream's `seeds/` folder by its id else; undefined
 * when it is in neither.
 */
export async function findSeed(
  context: SessionContext,
  { seedHash, seedId }: { readonly seedHash: string | null; readonly seedId: string | null },
): Promise<string | undefined> {
  const stored = seedHash === null ? undefined : await getBlob(context.store, seedHash);
  if (stored) return new TextDecoder().decode(stored);
  // The id comes out of the store, which others write to: it names a file in that folder or nothing.
  if (seedId === null || !/^[\w-]+$/.test(seedId)) return undefined;
  return readSeedFile(join(context.home, "seeds", `${seedId}.yaml`));
}

/** A text file of at most a seed's size; undefined when there is none, or it is larger. */
export async function readSeedFile(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    return size > MAX_SEED_BYTES ? undefined : await file.readFile("utf8");
  } catch {
    return undefined; // No such seed, or none that may be read: the caller asks for it.
  }
}
