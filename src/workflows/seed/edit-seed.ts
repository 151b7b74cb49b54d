import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import { type Seed, toSeed } from "../../domain/seed/seed.ts";
import { type SeedDelta, seedDelta } from "../../domain/seed/seed-delta.ts";
import type { SeedDocument } from "../../domain/seed/seed-document.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml, toYaml } from "../../domain/seed/seed-yaml.ts";
import { toIsoTimestamp } from "../../domain/timestamp.ts";
import { type Decision, readSeed, type SeedRecord, saveSeed } from "../../store/seeds.ts";
import type { Store } from "../../store/store.ts";
import type { FoundSeed } from "./find-seed.ts";
import { type KeptFile, keepSeedFile } from "./keep-seed-file.ts";

/** A changed copy of a seed, read and compared, and not stored yet. */
export interface SeedEdit {
  readonly document: SeedDocument;
  readonly seed: Seed;
  readonly delta: SeedDelta;
  readonly decided: readonly Decision[];
}

export interface SavedChild extends KeptFile {
  readonly record: SeedRecord;
}

const Decisions = v.array(v.looseObject({ path: v.string(), by: v.string(), sources: v.array(v.string()) }));

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
  const decided = decisionsOf(parent, parentId, changed);
  const document = asChild(after, { parentId, at: toIsoTimestamp(store.stamp()), decided });
  const seed = toSeed(document);
  return isRefusal(seed) ? seed : { document, seed, delta: seedDelta(parent.seed, seed), decided };
}

/** Stores a child. Its parent stays what it is; the same edit made again is the same child. */
export async function saveEdit(
  { store, home }: { readonly store: Store; readonly home: string },
  { document, decided }: SeedEdit,
  by: string,
): Promise<SavedChild | Refusal> {
  const record = await saveSeed(store, { yaml: toYaml(document), createdBy: by, decided });
  if (isRefusal(record)) return record;
  // An earlier making of the same child has other times in it, and is the one that counts.
  const yaml = (await readSeed(store, record.seed_id))?.yaml ?? toYaml(document);
  return { record, ...(await keepSeedFile(home, record.seed_id, yaml)) };
}

function asChild(
  document: SeedDocument,
  { parentId, at, decided }: { parentId: string; at: string; decided: readonly Decision[] },
): SeedDocument {
  const { metadata } = document;
  const known = typeof metadata === "object" && metadata !== null ? metadata : {};
  const facts = {
    created_at: at,
    parent_seed_id: parentId,
    generation_mode: "edited",
    ...(decided.length === 0 ? {} : { decision_provenance: decided }),
  };
  const child = { ...document, metadata: { ...known, ...facts } };
  const seed_id = `seed_${sha256(`${parentId} ${seedHash(child)}`).slice(0, 12)}`;
  return { ...child, metadata: { ...known, seed_id, ...facts } };
}

/** What the parent says of its parts holds for those that stayed; whoever edited has decided the others. */
function decisionsOf({ seed, yaml }: FoundSeed, parentId: string, changed: Seed): Decision[] {
  const document = fromYaml(yaml);
  const said = isRefusal(document) ? null : seed.metadata.decision_provenance;
  const parsed = v.safeParse(Decisions, said);
  if (!parsed.success || parsed.output.length === 0) return [];
  const known = new Map(parsed.output.map(({ path, by, sources }) => [path, { by, sources }]));
  const before = new Map(
    partsOf(seed).flatMap(([path, text]) => {
      const decision = known.get(path);
      return decision ? [[text, decision] as const] : [];
    }),
  );
  return partsOf(changed).map(([path, text]) => {
    return { path, ...(before.get(text) ?? { by: "person", sources: [`edited, from ${parentId}`] }) };
  });
}

function partsOf({ goal, constraints, criteria }: Seed): (readonly [path: string, text: string])[] {
  return [
    ["goal", `goal ${goal}`],
    ...constraints.map((text, index) => [`constraints.${index}`, `constraint ${text}`] as const),
    ...criteria.map(({ description, verify_command }, index) => {
      return [`acceptance_criteria.${index}`, `criterion ${description} ${verify_command ?? ""}`] as const;
    }),
  ];
}
