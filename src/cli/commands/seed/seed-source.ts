import { existsSync } from "node:fs";
import { isRefusal, type Refusal, refuse } from "../../../base/refusal.ts";
import { parseSeed } from "../../../domain/seed/seed.ts";
import { isSeedId } from "../../../domain/seed/seed-id.ts";
import { readSeedFile } from "../../../sessions/resume/seed-lookup.ts";
import { type FoundSeed, findSeed } from "../../../workflows/seed/find-seed.ts";
import type { SharedFlags } from "../../command.ts";
import { look } from "../../open.ts";

/** Seeds named by their ids or by files; the store is opened only for ids, and all of them are read before anything is said. */
export async function readSources(
  flags: SharedFlags,
  names: readonly string[],
): Promise<readonly FoundSeed[] | Refusal> {
  const found: FoundSeed[] = [];
  for (const name of names) {
    const seed = isFileName(name) ? await fromFile(name) : await look(flags, (context) => findSeed(context, name));
    if (isRefusal(seed)) return seed;
    found.push(seed);
  }
  return found;
}

/** The refusal of a file from which no seed could be read: the commonest reason is that there is none. */
export function unreadableSeed(path: string, next = "Name a file with a seed"): Refusal {
  const shown = JSON.stringify(path.slice(0, 200));
  const message = existsSync(path) ? `Cannot read a seed from ${shown}` : `There is no file ${shown}`;
  return refuse("bad_seed", message, next);
}

/** A text with a dot or a slash in it can be no id. */
function isFileName(name: string): boolean {
  return !isSeedId(name) && /[./\\]/.test(name);
}

async function fromFile(path: string): Promise<FoundSeed | Refusal> {
  const yaml = await readSeedFile(path);
  if (yaml === undefined) {
    return unreadableSeed(path, "Name a file with a seed, or a seed's id; `ouroboros seed list` shows them");
  }
  const seed = parseSeed(yaml);
  return isRefusal(seed) ? seed : { yaml, seed, record: null };
}
