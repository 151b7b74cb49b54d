import { type Refusal, refuse } from "../../base/refusal.ts";
import type { Payload } from "../../domain/event.ts";
import type { Generation, WorkingPhase } from "../../domain/evolution/generation.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changeLineage } from "../../store/lineages.ts";

/** The generation that is worked on. */
export function currentGeneration({ lineage_id, generations }: Lineage): Generation {
  const last = generations.at(-1);
  if (!last) throw new Error(`${lineage_id} has no generation yet`);
  return last;
}

/** Adds a row to a generation that still stands as it was seen, in that phase; otherwise somebody else has taken the step already. */
export async function tellGeneration(
  { store }: SessionContext,
  { lineage_id }: Lineage,
  at: { readonly generation: Generation; readonly phase: WorkingPhase },
  [eventType, said]: readonly [eventType: string, payload: Payload],
): Promise<Lineage | Refusal> {
  return changeLineage(store, lineage_id, (now) => {
    const last = now.generations.at(-1);
    const { number, phase, session_id } = at.generation;
    const isThere = last?.number === number && last.open_phase === at.phase;
    // A run that was named meanwhile is the generation's: nobody names another.
    const isSame = last?.phase === phase && last.session_id === session_id;
    return isThere && isSame ? [[eventType, { generation_number: last.number, ...said }]] : [];
  });
}

/** A phase cannot go on for now: the lineage stays where it is, and the same call goes on from there. */
export function heldUp(lineage: Lineage, refusal: Refusal): Refusal {
  const next = `${refusal.next.replace(/\.$/, "")}. The lineage is kept: call again with lineage_id ${lineage.lineage_id} to go on`;
  return refuse(refusal.code, refusal.message, next, {
    ...refusal.facts,
    lineage_id: lineage.lineage_id,
    recoverable: true,
  });
}
