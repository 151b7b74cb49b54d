import { type Guard, isOwner } from "../append.ts";
import { query } from "../engine/database.ts";
import { caughtUp } from "../session/catch-up.ts";
import type { Term } from "../session/conclude-session.ts";
import type { Store } from "../store.ts";
import { ORDER_ROWS, type Order, orderOf } from "./work-rows.ts";

const AT_MOST = 500;

/** Orders of a kind that wait for an answer, the oldest first: of one session, or of all that are not over. */
export async function openOrders(store: Store, kind: string, sessionId?: string): Promise<Order[]> {
  const whose =
    "session_id = coalesce(:session, session_id) AND (:session IS NOT NULL OR session_id IN (SELECT s.session_id FROM ouro_session AS s WHERE s.status IN ('running', 'paused')))";
  const sql = `${ORDER_ROWS} WHERE kind = :kind AND result_hash IS NULL AND open_until > unixepoch('subsec') AND ${whose}
ORDER BY ouro_work.created_at, ouro_work.rowid LIMIT ${AT_MOST}`;
  const rows = await caughtUp(store, () => query(store.database, sql, { kind, session: sessionId ?? null }));
  return rows.flatMap((row) => orderOf(row) ?? []);
}

/** Closes a session's open orders of a kind except those that its owner waits for. */
export async function withdrawOthers(
  store: Store,
  { sessionId, epoch, ownerId }: Term,
  { kind, awaited }: { readonly kind: string; readonly awaited: readonly string[] },
): Promise<void> {
  const { sql, args } = isOwner(sessionId, epoch, ownerId);
  const withdrawal = `UPDATE ouro_work SET open_until = unixepoch('subsec') WHERE session_id = ? AND kind = ? AND result_hash IS NULL
AND open_until > unixepoch('subsec') AND work_id NOT IN (SELECT value FROM json_each(?)) AND ${sql}`;
  await store.database.write([{ sql: withdrawal, args: [sessionId, kind, JSON.stringify(awaited), ...args] }]);
}

/** Holds while none of these orders has an answer. */
export function noneAnswered(workIds: readonly string[]): Guard {
  return {
    sql: "NOT EXISTS (SELECT 1 FROM ouro_work WHERE work_id IN (SELECT value FROM json_each(?)) AND result_hash IS NOT NULL)",
    args: [JSON.stringify(workIds)],
  };
}

/** Whether one of these orders has an answer by now. */
export async function isAnswered(store: Store, workIds: readonly string[]): Promise<boolean> {
  const { sql, args } = noneAnswered(workIds);
  return (await query(store.database, `SELECT 1 WHERE NOT (${sql})`, [...args])).length === 1;
}
