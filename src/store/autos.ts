import { newId } from "../base/ids.ts";
import { type Refusal, refuse } from "../base/refusal.ts";
import { type Auto, foldAuto } from "../domain/auto/auto.ts";
import { AUTO_STARTED } from "../domain/auto/auto-events.ts";
import type { NewEvent } from "../domain/event.ts";
import { append } from "./append.ts";
import type { Draft } from "./interviews.ts";
import type { Scope } from "./orders/mind-calls.ts";
import type { Store } from "./store.ts";
import { readStream, streamsBegunBy } from "./streams.ts";

const AGGREGATE = "auto";
const MOST_TRIES = 20;

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
  await append(store, { kind: "newest", ...autoScope(autoId), rowid: 0 }, toEvents(store, autoId, [draft]));
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
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const { events, newestRowid } = await readStream(store, AGGREGATE, autoId);
    const auto = foldAuto(autoId, events);
    if (!auto) return unknownAuto(autoId);
    const drafts = decide(auto);
    if (drafts.length === 0) return auto;
    const expected = { kind: "newest", ...autoScope(autoId), rowid: newestRowid } as const;
    const written = await append(store, expected, toEvents(store, autoId, drafts));
    if (written === "written") return (await readAuto(store, autoId)) ?? unknownAuto(autoId);
  }
  return refuse("auto_busy", `Cannot change ${autoId}: others keep writing to it`, "Look at it, then call again", {
    auto_session_id: autoId,
  });
}

/** There is no such auto. */
export function unknownAuto(autoId: string): Refusal {
  return refuse(
    "not_found",
    `There is no auto ${JSON.stringify(autoId.slice(0, 100))} in this store`,
    "Begin one with a goal; `ouroboros auto list` shows those that exist",
  );
}

function toEvents(store: Store, autoId: string, drafts: readonly Draft[]): NewEvent[] {
  const scope = { aggregate_type: AGGREGATE, aggregate_id: autoId };
  return drafts.map(([event_type, payload]) => ({ id: newId(), ...scope, event_type, payload, at: store.stamp() }));
}
