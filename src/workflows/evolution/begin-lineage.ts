import { newShortId } from "../../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { GENERATION_STARTED, LINEAGE_CREATED } from "../../domain/evolution/lineage-events.ts";
import { type Seed, toSeed } from "../../domain/seed/seed.ts";
import type { SeedDocument } from "../../domain/seed/seed-document.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import { fromYaml } from "../../domain/seed/seed-yaml.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { beginLineage } from "../../store/lineages.ts";
import { importSeed } from "../seed/import-seed.ts";

/** Ids become parts of branches; upstream's users choose them. */
const LINEAGE_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;

/** Begins a lineage with its first seed; one of this id that is there already goes on as it is. */
export async function startLineage(
  context: SessionContext,
  asked: {
    readonly lineageId?: string | undefined;
    readonly seedText: string;
    readonly execute: boolean;
    readonly by: string;
  },
): Promise<Lineage | Refusal> {
  const { lineageId = newShortId("lin"), seedText, execute, by } = asked;
  if (!LINEAGE_ID.test(lineageId)) {
    const message = `${JSON.stringify(lineageId.slice(0, 100))} cannot be a lineage's id`;
    return refuse("bad_lineage_id", message, "Use up to 80 letters, digits, _ and -");
  }
  const imported = await importSeed(context, { text: seedText, by });
  if (isRefusal(imported)) return imported;
  const document = fromYaml(imported.yaml);
  if (isRefusal(document)) return document;
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  const phase = execute ? "executing" : "seeding";
  return beginLineage(context.store, lineageId, [
    [LINEAGE_CREATED, { goal: seed.goal, execute, by }],
    [GENERATION_STARTED, { generation_number: 1, phase, ...seedFacts(document, seed) }],
  ]);
}

/** What a generation's rows say of its seed; JSON is YAML, and upstream's readers want it. */
export function seedFacts(document: SeedDocument, { seed_id, metadata, ontology }: Seed) {
  const fields = ontology?.fields.map(({ type, ...field }) => ({ ...field, field_type: type })) ?? [];
  return {
    seed_id,
    seed_hash: seedHash(document),
    seed_json: JSON.stringify(document),
    parent_seed_id: metadata.parent_seed_id,
    ontology_snapshot: ontology && { name: ontology.name, description: ontology.description, fields },
  };
}
