import type { Seed } from "../seed/seed.ts";
import { type SeedDelta, seedDelta } from "../seed/seed-delta.ts";
import type { CriterionVerdict } from "./evaluation-summary.ts";
import { type Generation, writtenSeed } from "./generation.ts";
import { ontologySimilarity } from "./ontology-similarity.ts";

/** A criterion that stands otherwise; null where it was or is none. */
interface TurnedCriterion {
  readonly key: string;
  readonly description: string;
  readonly from: CriterionVerdict | null;
  readonly to: CriterionVerdict | null;
}

/** The difference between two generations of a lineage. */
export interface GenerationDelta {
  readonly from: number;
  readonly to: number;
  readonly score: { readonly from: number | null; readonly to: number | null };
  readonly turned: readonly TurnedCriterion[];
  /** Null where one of them has recorded no ontology. */
  readonly similarity: number | null;
  /** Null where one of the seeds is not at hand. */
  readonly seed: SeedDelta | null;
}

/** What is different in the second. A seed is read from the generation's own rows where the caller has none. */
export function generationDelta(
  a: Generation,
  b: Generation,
  seeds: { readonly from?: Seed | null; readonly to?: Seed | null } = {},
): GenerationDelta {
  const from = seeds.from ?? writtenSeed(a);
  const to = seeds.to ?? writtenSeed(b);
  return {
    from: a.number,
    to: b.number,
    score: { from: a.evaluation?.score ?? null, to: b.evaluation?.score ?? null },
    turned: turned(a, b),
    similarity: a.ontology && b.ontology ? ontologySimilarity(a.ontology.fields, b.ontology.fields) : null,
    seed: from && to ? seedDelta(from, to) : null,
  };
}

function turned(a: Generation, b: Generation): TurnedCriterion[] {
  const [before, after] = [a, b].map((one) => new Map(one.evaluation?.criteria.map((result) => [result.key, result])));
  const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...keys].flatMap((key) => {
    const [old, fresh] = [before?.get(key), after?.get(key)];
    const [from, to] = [old?.verdict ?? null, fresh?.verdict ?? null];
    return from === to ? [] : [{ key, description: fresh?.description ?? old?.description ?? "", from, to }];
  });
}
