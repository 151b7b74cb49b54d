import { query } from "../engine/database.ts";
import { caughtUp } from "../session/catch-up.ts";
import type { Store } from "../store.ts";

/**
 * Who holds sessions: by a live lease, and of those that are not over by one whose time has run out without having been
 * let go of. Seats, such as the sweeper's, stand under names that no session has.
 */
export async function heldAndLapsed(store: Store): Promise<{ held: string[]; lapsed: string[] }> {
  const isOpen = "session_id IN (SELECT s.session_id FROM ouro_session AS s WHERE s.status IN ('running', 'paused'))";
  const sql = `SELECT session_id, expires_at > unixepoch('subsec') AS is_live FROM ouro_lease WHERE expires_at IS NOT NULL
AND session_id NOT LIKE '@%' AND (expires_at > unixepoch('subsec') OR ${isOpen}) ORDER BY session_id`;
  const rows = await caughtUp(store, () => query(store.database, sql));
  const of = (live: number) => rows.filter((row) => Number(row.is_live) === live).map((row) => String(row.session_id));
  return { held: of(1), lapsed: of(0) };
}
