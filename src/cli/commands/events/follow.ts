import { delay } from "../../../base/delay.ts";
import type { StoredEvent } from "../../../domain/event.ts";
import { query } from "../../../store/engine/database.ts";
import { eventsAfter, queryEvents } from "../../../store/event-queries.ts";
import { loadSession } from "../../../store/session/sessions.ts";
import type { Store } from "../../../store/store.ts";
import { EXIT } from "../../exit-code.ts";

export interface Following {
  readonly sessionId: string | undefined;
  readonly eventType: string | undefined;
  /** Begin with this many of the newest events there are. */
  readonly past: number;
  readonly signal: AbortSignal;
}

const AT_ONCE = 500;
const FILE_POLL_MS = 150;
const SERVER_POLL_MS = 1_000;

/** Writes events as they are committed, in commit order (one writer at a time makes rowids that order), until interrupted. */
export async function follow(
  store: Store,
  { sessionId, eventType, past, signal }: Following,
  write: (event: StoredEvent) => Promise<void>,
): Promise<number> {
  let reached = await newestRowid(store);
  if (past > 0) {
    const { events } = await queryEvents(store, { sessionId, eventType, limit: past, offset: 0 });
    reached = Math.max(reached, events[0]?.rowid ?? 0);
    for (const event of events.reverse()) await write(event);
  }
  let execution = await executionOf(store, sessionId);
  const pause = store.database.engine === "file" ? FILE_POLL_MS : SERVER_POLL_MS;
  while (!signal.aborted) {
    const events = await eventsAfter(store, reached, AT_ONCE);
    for (const event of events) {
      reached = event.rowid;
      if (execution === null && event.aggregate_id === sessionId) execution = await executionOf(store, sessionId);
      const wanted = eventType === undefined || event.event_type === eventType;
      if (wanted && isOf(event, sessionId, execution) && !signal.aborted) await write(event);
    }
    if (events.length < AT_ONCE) await delay(pause, signal);
  }
  return EXIT.ok;
}

async function newestRowid(store: Store): Promise<number> {
  const [row] = await query(store.database, "SELECT max(rowid) AS top FROM events");
  return Number(row?.top ?? 0);
}

/** A session may name its execution only later, with its start event. */
async function executionOf(store: Store, sessionId: string | undefined): Promise<string | null> {
  return sessionId === undefined ? null : ((await loadSession(store, sessionId))?.session.execution_id ?? null);
}

/** The scopes of a session, as src/store/session-scopes.ts has them for SQL. */
function isOf(event: StoredEvent, sessionId: string | undefined, execution: string | null): boolean {
  if (sessionId === undefined) return true;
  const { aggregate_type: type, aggregate_id: id } = event;
  if (id === sessionId) return type === "session" || type === "execution";
  if (type !== "execution" || execution === null) return false;
  return id === execution || id.startsWith(`${execution}_`) || id.startsWith(`${execution}:`);
}
