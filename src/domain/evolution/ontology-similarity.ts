import type { OntologyField } from "../seed/seed.ts";
import type { Generation } from "./generation.ts";

type Field = Pick<OntologyField, "name" | "type" | "description">;

/** How much two ontologies have in common, from 0 to 1, with upstream's weights: names, types of those, exactly equal ones. */
export function ontologySimilarity(before: readonly Field[], after: readonly Field[]): number {
  const old = new Map(before.map((field) => [field.name, field]));
  const fresh = new Map(after.map((field) => [field.name, field]));
  const pairs = [...old.values()].flatMap((a) => {
    const b = fresh.get(a.name);
    return b ? [{ a, b }] : [];
  });
  const all = old.size + fresh.size - pairs.length;
  if (all === 0) return 1;
  const sameType = pairs.filter(({ a, b }) => a.type === b.type);
  const equal = sameType.filter(({ a, b }) => a.description === b.description);
  // In whole numbers: ten equal fields are 1, and not 0.9999.
  return (5 * pairs.length + 3 * sameType.length + 2 * equal.length) / (10 * all);
}

/** The same of the last two of these generations; null where one of them has no ontology, unless both have the same seed. */
export function latestSimilarity(generations: readonly Generation[]): number | null {
  const [before, last] = generations.slice(-2);
  if (!before || !last) return null;
  if (before.ontology && last.ontology) return ontologySimilarity(before.ontology.fields, last.ontology.fields);
  return before.seed_hash !== null && before.seed_hash === last.seed_hash ? 1 : null;
}
