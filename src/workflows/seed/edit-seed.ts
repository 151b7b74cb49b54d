import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { asChild, inheritDecisions } from "../../domain/seed/child-seed.ts";
import { type Seed, toSeed } from "../../domain/seed/seed.ts";
import { type SeedDelta, seedDelta } from "../../domain/seed/seed-delta.ts";
import type { SeedDocument } from "../../domain/seed/seed-document.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import { type Decision, readSeed, type SeedRecord, saveSeed } from "../../store/seeds.ts";
import type { Store } from "../../store/store.ts";
import { rememberSeedMadeHere } from "../../trust/made-here.ts";
import { seedConsent } from "../../trust/seed-consent.ts";
import type { FoundSeed } from "./find-seed.ts";
import { type KeptFile, keepSeedFile } from "./keep-seed-file.ts";

/** A changed copy of a seed, read and compared, and not stored yet. */
export interface SeedEdit {
  /** The text it was made from. */
  readonly parent: string;
  readonly document: SeedDocument;
  readonly seed: Seed;
  readonly delta: SeedDelta;
  readonly decided: readonly Decision[];
}

export interface SavedChild extends KeptFile {
  readonly record: SeedRecord;
}

/** Reads a changed copy of a seed as its child; refused when it demands nothing else than its parent. */
export function readEdit(store: Store, parent: FoundSeed, parentId: string, text: string): SeedEdit | Refusal {
  const [before, after] = [fromYaml(parent.yaml), fromYaml(text)];
  if (isRefusal(before)) return before;
  if (isRefusal(after)) return after;
  const changed = toSeed(after);
  if (isRefusal(changed)) return changed;
  if (seedHash(before) === seedHash(after)) {
    return refuse("no_change", `Nothing in it differs from ${parentId}`, "Change what the seed demands, then save it", {
      seed_id: parentId,
    });
  }
  const decided = inheritDecisions(parent.seed, changed, { by: "person", sources: [`edited, from ${parentId}`] });
  const document = asChild(after, { parentId, at: toIsoTimestamp(store.stamp()), mode: "edited", decided });
  const seed = toSeed(document);
  return isRefusal(seed) ? seed : { parent: parent.yaml, document, seed, delta: seedDelta(parent.seed, seed), decided };
}

/**
 * Stores a child. Its parent stays what it is; the same edit made again is the same child. Who has agreed to the parent has made
 * this one; else what it takes over from the parent is still somebody else's, and is asked about when it is run.
 */
export async function saveEdit(
  { store, home }: { readonly store: Store; readonly home: string },
  { parent, document, decided }: SeedEdit,
  by: string,
): Promise<SavedChild | Refusal> {
  const record = await saveSeed(store, { yaml: toYaml(document), createdBy: by, decided });
  if (isRefusal(record)) return record;
  if (!isRefusal(await seedConsent({ home, consent: "ask" }, parent))) await rememberSeedMadeHere(home, document);
  // An earlier making of the same child has other times in it, and is the one that counts.
  const yaml = (await readSeed(store, record.seed_id))?.yaml ?? toYaml(document);
  return { record, ...(await keepSeedFile(home, record.seed_id, yaml)) };
}
