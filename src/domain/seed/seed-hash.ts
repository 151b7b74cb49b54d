import * as v from "valibot";
import { canonicalJson } from "../../base/canonical-json.ts";
import { sha256 } from "../../base/sha256.ts";
import type { SeedDocument } from "./seed-document.ts";
import { SeedShape } from "./seed-shape.ts";

/** Metadata that says how a seed came about and not what it demands. */
const VOLATILE = new Set([
  "seed_id",
  "version",
  "created_at",
  "ambiguity_score",
  "interview_id",
  "parent_seed_id",
  "generation_mode",
  "degraded",
  "recovery_reason",
]);

/**
 * The hash of what a seed demands: SHA-256, as 64 hexadecimal digits, of the canonical JSON of its shape. That is everything
 * in it, unknown keys too, less the `VOLATILE` metadata; so neither the order of keys nor the spelling (text or object,
 * alias, default or left out) matters, while the order of lists does. Only for a document `toSeed` accepts.
 */
export function seedHash(document: SeedDocument): string {
  const { metadata, ...specification } = v.parse(SeedShape, document);
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !VOLATILE.has(key)));
  return sha256(canonicalJson({ ...specification, metadata: kept }));
}
