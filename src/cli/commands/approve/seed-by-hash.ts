import { listSeeds } from "../../../store/seeds.ts";
import type { SharedFlags } from "../../command.ts";
import { look } from "../../open.ts";

const MOST_SEEDS = 10_000;

/** The id of the stored seed whose content hash begins so; undefined when there is none, or what is given is no hash. */
export async function seedByHash(flags: SharedFlags, given: string): Promise<string | undefined> {
  // Shorter ones are the beginnings of ids.
  if (!/^[0-9a-f]{16,64}$/.test(given)) return undefined;
  const seeds = await look(flags, ({ store }) => listSeeds(store, { limit: MOST_SEEDS }));
  // What is agreed to is hashed anew from the text that is shown.
  return seeds.find(({ content_hash }) => content_hash.startsWith(given))?.seed_id;
}
