import type { StoredEvent } from "../domain/event.ts";
import { query, type SqlValue } from "./engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "./row.ts";
import { SCOPE_CONDITIONS } from "./session/session-scopes.ts";
import { loadSession } from "./session/sessions.ts";
import type { Store } from "./store.ts";

export interface EventFilter {
  /** All scopes of this session; undefined for the whole store. */
  readonly sessionId?: string | undefined;
  /** Exactly this type. */
  readonly eventType?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Events, newest first by commit order, and whether more follow. Undecodable rows are among them, marked as such. */
export async function queryEvents(
  store: Store,
  filter: EventFilter,
): Promise<{ events: StoredEvent[]; more: boolean }> {
  const args: Record<string, SqlValue> = { limit: filter.limit + 1, offset: filter.offset };
  const rowids = await matchingRowids(store, filter, args);
  // The page is chosen from covering indexes alone; only its own rows are fetched.
  const page = `SELECT row_id FROM (${rowids}) ORDER BY row_id DESC LIMIT :limit OFFSET :offset`;
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (${page}) ORDER BY rowid DESC`;
  const rows = await query(store.database, sql, args);
  return { events: rows.slice(0, filter.limit).map(toStoredEvent), more: rows.length > filter.limit };
}

async function matchingRowids(store: Store, filter: EventFilter, args: Record<string, SqlValue>): Promise<string> {
  const ofType = "SELECT rowid AS row_id FROM events WHERE event_type = :type";
  if (filter.eventType !== undefined) args.type = filter.eventType;
  if (filter.sessionId === undefined) {
    return filter.eventType === undefined ? "SELECT rowid AS row_id FROM events" : ofType;
  }
  const loaded = await loadSession(store, filter.sessionId);
  args.session = filter.sessionId;
  args.execution = loaded?.session.execution_id ?? null;
  const scopes = SCOPE_CONDITIONS.map((condition) => `SELECT rowid AS row_id FROM events WHERE ${condition}`);
  const ofSession = scopes.join(" UNION ALL ");
  return filter.eventType === undefined ? ofSession : `SELECT row_id FROM (${ofSession}) INTERSECT ${ofType}`;
}

/** Events after a rowid in commit order, for following along. */
export async function eventsAfter(store: Store, rowid: number, limit: number): Promise<StoredEvent[]> {
  const sql = `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid > ? ORDER BY rowid LIMIT ?`;
  return (await query(store.database, sql, [rowid, limit])).map(toStoredEvent);
}
