import { newId } from "../base/ids.ts";
import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Payload, StoredEvent } from "../domain/event.ts";
import { type Appended, append } from "./append.ts";
import { query } from "./engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "./row.ts";
import type { Store } from "./store.ts";

/** Which stream. */
export interface Scope {
  readonly aggregateType: string;
  readonly aggregateId: string;
}

/** A stream as it stands: its events in commit order, and where it ends, for an append that expects just that. */
export interface Stream {
  readonly events: readonly StoredEvent[];
  readonly newestRowid: number;
}

/** Reads a whole stream; an empty one ends at 0. */
export async function readStream(store: Store, aggregateType: string, aggregateId: string): Promise<Stream> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE aggregate_type = ? AND aggregate_id = ? ORDER BY rowid`;
  const events = (await query(store.database, sql, [aggregateType, aggregateId])).map(toStoredEvent);
  return { events, newestRowid: events.at(-1)?.rowid ?? 0 };
}

/** Ids of the streams that one of these event types began, newest first. */
export async function streamsBegunBy(
  store: Store,
  eventTypes: readonly string[],
  limit: number,
): Promise<readonly string[]> {
  const marks = eventTypes.map(() => "?").join(", ");
  const sql = `SELECT aggregate_id FROM events WHERE event_type IN (${marks})
GROUP BY aggregate_id ORDER BY max(rowid) DESC LIMIT ?`;
  const rows = await query(store.database, sql, [...eventTypes, limit]);
  return rows.map((row) => String(row.aggregate_id));
}

/** A row to be: its type and what it says. */
export type Draft = readonly [eventType: string, payload: Payload];

/** Others may write to the stream while we decide; what they write rarely changes what was decided. */
const MOST_TRIES = 20;

/**
 * Changes a stream: `decide` sees it folded as it stands and says what is to be written, or why not. When somebody else has written
 * meanwhile it is asked again, so that of two who take the same step one is recorded. `busy` when others never stop.
 */
export async function changeStream<T>(
  store: Store,
  scope: Scope,
  fold: (events: readonly StoredEvent[]) => T,
  decide: (now: T) => readonly Draft[] | Refusal,
): Promise<T | Refusal | "busy"> {
  const { aggregateType, aggregateId } = scope;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const { events, newestRowid } = await readStream(store, aggregateType, aggregateId);
    const now = fold(events);
    const drafts = decide(now);
    if (isRefusal(drafts)) return drafts;
    if (drafts.length === 0) return now;
    const written = await appendDrafts(store, scope, newestRowid, drafts);
    if (written === "written") return fold((await readStream(store, aggregateType, aggregateId)).events);
  }
  return "busy";
}

/** Appends rows to a stream that still ends where it was read; 0 for one that is not there yet. */
export function appendDrafts(
  store: Store,
  { aggregateType, aggregateId }: Scope,
  newestRowid: number,
  drafts: readonly Draft[],
): Promise<Appended> {
  const stream = { aggregate_type: aggregateType, aggregate_id: aggregateId };
  const events = drafts.map(([event_type, payload]) => ({
    id: newId(),
    ...stream,
    event_type,
    payload,
    at: store.stamp(),
  }));
  return append(store, { kind: "newest", aggregateType, aggregateId, rowid: newestRowid }, events);
}
