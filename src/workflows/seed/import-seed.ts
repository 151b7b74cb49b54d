import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { toSeed } from "../../domain/seed/seed.ts";
import type { SeedDocument } from "../../domain/seed/seed-document.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import { readSeed, type SeedRecord, saveSeed } from "../../store/seeds.ts";
import type { Store } from "../../store/store.ts";
import { type KeptFile, keepSeedFile } from "./keep-seed-file.ts";

export interface ImportedSeed extends KeptFile {
  readonly record: SeedRecord;
  /** As it is stored: every key of it is kept, also those nobody here knows. */
  readonly yaml: string;
  /** Which of upstream's generations wrote it: criteria as plain texts, or as objects. */
  readonly generation: "first" | "second";
  /** It named no id, so it was given one. */
  readonly named: boolean;
}

const Criteria = v.object({ acceptance_criteria: v.array(v.unknown()) });

/** Takes a seed of either generation into the store and into upstream's folder. `name` is its id if it names none itself. */
export async function importSeed(
  { store, home }: { readonly store: Store; readonly home: string },
  { text, name, by }: { readonly text: string; readonly name?: string | undefined; readonly by: string },
): Promise<ImportedSeed | Refusal> {
  const document = fromYaml(text);
  if (isRefusal(document)) return document;
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  if (name !== undefined && seed.seed_id !== null && seed.seed_id !== name) return otherId(name, seed.seed_id);
  const named = seed.seed_id === null;
  const id = name ?? `seed_${seedHash(document).slice(0, 12)}`;
  const saved = await saveSeed(store, { yaml: named ? toYaml(withId(document, id)) : text, createdBy: by });
  if (isRefusal(saved)) return saved;
  const stored = await readSeed(store, saved.seed_id);
  if (!stored) throw new Error(`The seed ${saved.seed_id} was saved and is not there`);
  const { yaml, ...record } = stored;
  const kept = await keepSeedFile(home, record.seed_id, yaml);
  return { record, yaml, generation: generationOf(document), named, ...kept };
}

function generationOf(document: SeedDocument): ImportedSeed["generation"] {
  const { acceptance_criteria } = v.parse(Criteria, document);
  return acceptance_criteria.every((one) => typeof one === "string") ? "first" : "second";
}

function withId(document: SeedDocument, seedId: string): SeedDocument {
  const { metadata } = document;
  const known = typeof metadata === "object" && metadata !== null ? metadata : {};
  return { ...document, metadata: { ...known, seed_id: seedId } };
}

function otherId(name: string, seedId: string): Refusal {
  return refuse(
    "bad_seed_id",
    `The file ${name}.yaml holds a seed of another id, ${JSON.stringify(seedId.slice(0, 200))}`,
    "Ask for it by that id, or take it in with `ouroboros seed import FILE`",
  );
}
