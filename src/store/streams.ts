import type { StoredEvent } from "../domain/event.ts";
import { query } from "./engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "./row.ts";
import type { Store } from "./store.ts";

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
