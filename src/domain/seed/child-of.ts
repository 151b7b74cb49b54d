import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { asChild, inheritDecisions, type PartDecision } from "./child-seed.ts";
import { mutateOntology } from "./mutate-ontology.ts";
import { type Reflection, reflectionFaults } from "./reflection.ts";
import { type Seed, toSeed } from "./seed.ts";
import { changesOf, contractOf, type SeedChange } from "./seed-changes.ts";
import { type SeedDelta, seedDelta } from "./seed-delta.ts";
import type { SeedDocument } from "./seed-document.ts";
import { SeedShape } from "./seed-shape.ts";

export interface EvolvedSeed {
  readonly document: SeedDocument;
  readonly seed: Seed;
  readonly delta: SeedDelta;
  readonly changes: readonly SeedChange[];
  readonly decided: readonly PartDecision[];
}

/**
 * The next generation's seed. What stays keeps its key, whatever becomes of its words and its check. Refused where it would
 * ask for less than its parent (`bad_reflection`, with every fault), and where nothing in it is another (`no_change`).
 */
export function childOf(
  parent: SeedDocument,
  reflection: Reflection,
  { parentId, at, passing }: { readonly parentId: string; readonly at: string; readonly passing: ReadonlySet<string> },
): EvolvedSeed | Refusal {
  const before = toSeed(parent);
  if (isRefusal(before)) return before;
  const faults = reflectionFaults(before, reflection, passing);
  if (faults.length > 0) {
    return refuse(
      "bad_reflection",
      `Cannot make a child of ${parentId}: ${faults.join("; ")}`,
      "Reflect again with these faults in view",
      { faults },
    );
  }
  const changes = changesOf(before, reflection);
  if (changes.length === 0) {
    return refuse(
      "no_change",
      `Nothing in the reflection differs from ${parentId}`,
      "Carry the same seed out again, or take a lateral step",
      { seed_id: parentId },
    );
  }
  const changed = keyed({
    ...parent,
    goal: reflection.refined_goal,
    constraints: reflection.refined_constraints,
    acceptance_criteria: criteriaOf(parent, before, reflection),
    ...mutateOntology(parent, reflection.ontology_mutations),
  });
  if (isRefusal(changed)) return changed;
  const decided = inheritDecisions(before, changed.seed, { by: "reflection", sources: [`evolved, from ${parentId}`] });
  const document = asChild(changed.document, {
    parentId,
    at,
    mode: "evolved",
    decided,
    said: { evolution: { changes } },
  });
  const seed = toSeed(document);
  return isRefusal(seed) ? seed : { document, seed, delta: seedDelta(before, seed), changes, decided };
}

/** With the keys it has written down, so that they outlive what comes after. */
function keyed(document: SeedDocument & { readonly acceptance_criteria: readonly object[] }) {
  const seed = toSeed(document);
  if (isRefusal(seed)) return seed;
  const criteria = document.acceptance_criteria.map((one, index) => ({
    ...one,
    semantic_ac_key: seed.criteria[index]?.key ?? null,
  }));
  return { document: { ...document, acceptance_criteria: criteria }, seed };
}

/** In the parent's order, new ones behind. */
function criteriaOf(parent: SeedDocument, { criteria }: Seed, { criteria: refined, removed }: Reflection): object[] {
  const shapes = v.parse(SeedShape, parent).acceptance_criteria;
  const gone = new Set(removed.map(({ key }) => key));
  const kept = criteria.flatMap(({ key }, index) => {
    const one = refined.find((other) => other.key === key);
    const shape = shapes[index];
    if (one === undefined || shape === undefined) return [];
    const depends_on = shape.depends_on.filter((other) => !gone.has(other));
    return [{ ...shape, semantic_ac_key: key, depends_on, ...contractOf(one, shape) }];
  });
  return [...kept, ...refined.filter(({ key }) => key === null).map((one) => contractOf(one, undefined))];
}
