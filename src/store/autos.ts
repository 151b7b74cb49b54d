import { nextForId } from "../base/id-kind.ts";
import { type Refusal, refuse } from "../base/refusal.ts";
import { type Auto, foldAuto } from "../domain/auto/auto.ts";
import { AUTO_STARTED } from "../domain/auto/auto-events.ts";
import type { Store } from "./store.ts";
import { appendDrafts, changeStream, type Draft, readStream, type Scope, streamsBegunBy } from "./streams.ts";

const AGGREGATE = "auto";

/** The stream of an auto, for what is recorded beside it. */
export function autoScope(autoId: string): Scope {
  return { aggregateType: AGGREGATE, aggregateId: autoId };
}

/** Reads an auto; undefined when this store has none of this id. */
export async function readAuto(store: Store, autoId: string): Promise<Auto | undefined> {
  return foldAuto(autoId, (await readStream(store, AGGREGATE, autoId)).events);
}

/** Autos, the one that was begun last first. */
export async function listAutos(store: Store, limit: number): Promise<readonly Auto[]> {
  const ids = await streamsBegunBy(store, [AUTO_STARTED], limit);
  const found = await Promise.all(ids.map((id) => readAuto(store, id)));
  return found.filter((one) => one !== undefined);
}

/** Begins an auto with its first row. */
export async function beginAuto(store: Store, autoId: string, draft: Draft): Promise<void> {
  await appendDrafts(store, autoScope(autoId), 0, [draft]);
}

/**
 * Changes an auto: `decide` sees it as it stands and says what is to be written. When somebody else has written meanwhile it is
 * asked again, so that of two who take the same step one is recorded.
 */
export async function changeAuto(
  store: Store,
  autoId: string,
  decide: (auto: Auto) => readonly Draft[],
): Promise<Auto | Refusal> {
  const changed = await changeStream(
    store,
    autoScope(autoId),
    (events) => foldAuto(autoId, events),
    (now) => (now ? decide(now) : unknownAuto(autoId)),
  );
  if (changed !== "busy") return changed ?? unknownAuto(autoId);
  return refuse("auto_busy", `Cannot change ${autoId}: others keep writing to it`, "Look at it, then call again", {
    auto_session_id: autoId,
  });
}

/** There is no such auto. */
export function unknownAuto(autoId: string): Refusal {
  return refuse(
    "not_found",
    `There is no auto ${JSON.stringify(autoId.slice(0, 100))} in this store`,
    nextForId(autoId, ["auto_"], "Begin one with a goal; `ouroboros auto list` shows those that exist"),
  );
}
