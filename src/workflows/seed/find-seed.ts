import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nextForId } from "../../base/id-kind.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { parseSeed, type Seed } from "../../domain/seed/seed.ts";
import { isSeedId } from "../../domain/seed/seed-id.ts";
import { readSeedFile } from "../../sessions/resume/seed-lookup.ts";
import { SEED_ID_HINT, seedFile } from "../../store/seed-files.ts";
import { listSeeds, readSeed, type SeedRecord } from "../../store/seeds.ts";
import type { Store } from "../../store/store.ts";
import { importSeed } from "./import-seed.ts";

/** Where seeds are kept: the store, and upstream's folder in the Ouroboros home. */
export interface SeedHome {
  readonly store: Store;
  readonly home: string;
}

/** A seed somebody asked for: its text, what it says, and what the store knows of it. */
export interface FoundSeed {
  readonly yaml: string;
  readonly seed: Seed;
  /** Null for a file in a home whose store cannot be written. */
  readonly record: SeedRecord | null;
}

const MOST_SEEDS = 10_000;

/** A seed by its id or the beginning of one. One that is only in upstream's folder is taken into the store. */
export async function findSeed(where: SeedHome, id: string): Promise<FoundSeed | Refusal> {
  if (!isSeedId(id)) {
    return refuse("bad_seed_id", `Cannot look for the seed ${JSON.stringify(id.slice(0, 200))}`, SEED_ID_HINT);
  }
  const exact = await seedNamed(where, id);
  if (exact) return exact;
  const found = new Set([...(await storedIds(where.store)), ...(await seedIdsOnDisk(where.home))]);
  const meant = [...found].filter((one) => one.startsWith(id) || one.startsWith(`seed_${id}`)).sort();
  const [only] = meant;
  if (only === undefined) {
    const next = nextForId(id, ["seed_"], "`ouroboros seed list` shows those that exist");
    return refuse("not_found", `There is no seed ${id}`, next, { seed_id: id });
  }
  if (meant.length > 1) return ambiguous("seed", id, meant);
  return (await seedNamed(where, only)) ?? refuse("seed_gone", `The seed ${only} cannot be read`, "Import it anew");
}

/** Ids of the seeds in upstream's folder. */
export async function seedIdsOnDisk(home: string): Promise<readonly string[]> {
  const names = await readdir(join(home, "seeds")).catch((): string[] => []);
  const ids = names.filter((name) => name.endsWith(".yaml")).map((name) => name.slice(0, -".yaml".length));
  return ids.filter(isSeedId).sort().slice(0, MOST_SEEDS);
}

/** The refusal of an id's beginning that several have. */
export function ambiguous(what: string, given: string, candidates: readonly string[]): Refusal {
  const shown = candidates.slice(0, 10).join(", ");
  const more = candidates.length > 10 ? ` and ${candidates.length - 10} more` : "";
  const message = `${JSON.stringify(given)} is the beginning of ${candidates.length} ${what} ids: ${shown}${more}`;
  return refuse("ambiguous_id", message, "Give more of the id", { candidates: candidates.slice(0, 100) });
}

async function storedIds(store: Store): Promise<string[]> {
  return (await listSeeds(store, { limit: MOST_SEEDS })).map(({ seed_id }) => seed_id);
}

async function seedNamed({ store, home }: SeedHome, id: string): Promise<FoundSeed | Refusal | undefined> {
  const stored = await readSeed(store, id);
  if (stored) {
    const { yaml, ...record } = stored;
    return withSeed(yaml, record);
  }
  const path = seedFile(home, id);
  const text = path === undefined ? undefined : await readSeedFile(path);
  if (text === undefined) return undefined;
  if (store.access === "read") return withSeed(text, null);
  const imported = await importSeed({ store, home }, { text, name: id, by: "import" });
  return isRefusal(imported) ? imported : withSeed(imported.yaml, imported.record);
}

function withSeed(yaml: string, record: SeedRecord | null): FoundSeed | Refusal {
  const seed = parseSeed(yaml);
  return isRefusal(seed) ? seed : { yaml, seed, record };
}
