import { nextForId } from "../base/id-kind.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { StoredEvent } from "../domain/event.ts";
import { evolveLineage, type Lineage } from "../domain/evolution/lineage.ts";
import { LINEAGE_CREATED } from "../domain/evolution/lineage-events.ts";
import type { Store } from "./store.ts";
import { changeStream, type Draft, readStream, streamsBegunBy } from "./streams.ts";

const AGGREGATE = "lineage";

/** The stream of a lineage, for what is recorded beside it. */
export function lineageScope(lineageId: string) {
  return { aggregateType: AGGREGATE, aggregateId: lineageId };
}

/** Reads a lineage; undefined when this store has none of this id. */
export async function readLineage(store: Store, lineageId: string): Promise<Lineage | undefined> {
  return folded((await readStream(store, AGGREGATE, lineageId)).events);
}

/** Lineages, the one that was begun last first. */
export async function listLineages(store: Store, limit: number): Promise<readonly Lineage[]> {
  const ids = await streamsBegunBy(store, [LINEAGE_CREATED], limit);
  const found = await Promise.all(ids.map((id) => readLineage(store, id)));
  return found.filter((one) => one !== undefined);
}

/** Begins a lineage with its first rows; one of this id that is there already is left as it is. */
export async function beginLineage(store: Store, lineageId: string, drafts: readonly Draft[]): Promise<Lineage> {
  for (;;) {
    const begun = await changeStream(store, lineageScope(lineageId), folded, (present) => (present ? [] : drafts));
    if (begun && begun !== "busy" && !isRefusal(begun)) return begun;
  }
}

/**
 * Changes a lineage: `decide` sees it as it stands and says what is to be written, or why not. When somebody else has written
 * meanwhile it is asked again, so that of two who take the same step one is recorded.
 */
export async function changeLineage(
  store: Store,
  lineageId: string,
  decide: (lineage: Lineage) => readonly Draft[] | Refusal,
): Promise<Lineage | Refusal> {
  const changed = await changeStream(store, lineageScope(lineageId), folded, (now) =>
    now ? decide(now) : unknownLineage(lineageId),
  );
  if (changed !== "busy") return changed ?? unknownLineage(lineageId);
  return refuse(
    "lineage_busy",
    `Cannot change ${lineageId}: others keep writing to it`,
    "Look at its status, then call again",
    {
      lineage_id: lineageId,
    },
  );
}

/** There is no such lineage. */
export function unknownLineage(lineageId: string): Refusal {
  return refuse(
    "not_found",
    `There is no lineage ${JSON.stringify(lineageId.slice(0, 100))} in this store`,
    nextForId(lineageId, ["lin_"], "Begin it with a seed; `ouroboros lineage list` shows those that exist"),
    { lineage_id: lineageId },
  );
}

function folded(events: readonly StoredEvent[]): Lineage | undefined {
  return events.reduce<Lineage | undefined>(evolveLineage, undefined);
}
