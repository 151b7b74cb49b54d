import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal, refuse } from "../base/refusal.ts";
import type { NewEvent, StoredEvent } from "../domain/event.ts";
import { evolveLineage, type Lineage } from "../domain/evolution/lineage.ts";
import { LINEAGE_CREATED } from "../domain/evolution/lineage-events.ts";
import { append } from "./append.ts";
import type { Draft } from "./interviews.ts";
import type { Store } from "./store.ts";
import { readStream, streamsBegunBy } from "./streams.ts";

const AGGREGATE = "lineage";
const MOST_TRIES = 20;

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
    const { events, newestRowid } = await readStream(store, AGGREGATE, lineageId);
    const present = folded(events);
    if (present) return present;
    await append(
      store,
      { kind: "newest", ...lineageScope(lineageId), rowid: newestRowid },
      toEvents(store, lineageId, drafts),
    );
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
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const { events, newestRowid } = await readStream(store, AGGREGATE, lineageId);
    const lineage = folded(events);
    if (!lineage) return unknownLineage(lineageId);
    const drafts = decide(lineage);
    if (isRefusal(drafts)) return drafts;
    if (drafts.length === 0) return lineage;
    const expected = { kind: "newest", ...lineageScope(lineageId), rowid: newestRowid } as const;
    const written = await append(store, expected, toEvents(store, lineageId, drafts));
    if (written === "written") return (await readLineage(store, lineageId)) ?? unknownLineage(lineageId);
  }
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
    "Begin it with seed_content; `ouroboros lineage list` shows those that exist",
    { lineage_id: lineageId },
  );
}

function folded(events: readonly StoredEvent[]): Lineage | undefined {
  return events.reduce<Lineage | undefined>(evolveLineage, undefined);
}

function toEvents(store: Store, lineageId: string, drafts: readonly Draft[]): NewEvent[] {
  const scope = { aggregate_type: AGGREGATE, aggregate_id: lineageId };
  return drafts.map(([event_type, payload]) => ({ id: newId(), ...scope, event_type, payload, at: store.stamp() }));
}
