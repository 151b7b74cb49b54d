import { type Refusal, refuse } from "../base/refusal.ts";
import type { Generation } from "../domain/evolution/generation.ts";
import type { Lineage } from "../domain/evolution/lineage.ts";
import { readLineage, unknownLineage } from "../store/lineages.ts";
import type { Store } from "../store/store.ts";

/** A lineage by its id, or that there is none. */
export async function loadLineage(store: Store, lineageId: string): Promise<Lineage | Refusal> {
  return (await readLineage(store, lineageId)) ?? unknownLineage(lineageId);
}

/** A generation of a lineage by its number; those that a rewind gave up are found as well, the latest first. */
export function generationOf({ lineage_id, generations, rewinds }: Lineage, number: number): Generation | Refusal {
  const discarded = rewinds.toReversed().flatMap((rewind) => rewind.discarded);
  const found = [...generations, ...discarded].find((one) => one.number === number);
  if (found) return found;
  const there = generations.map((one) => one.number).join(", ");
  return refuse("not_found", `${lineage_id} has no generation ${number}`, `It has ${there || "none yet"}`, {
    lineage_id,
  });
}
