import { toTimestamp } from "../../domain/timestamp.ts";
import { query } from "../engine/database.ts";
import type { Store } from "../store.ts";

/** Rows of the latest days and the bytes of what they say, by their stored times. */
export interface Growth {
  readonly days: number;
  readonly rows: number;
  readonly bytes: number;
}

/** How much has come in the latest days; null in a store without the index by time, where all rows would be read for it. */
export async function storeGrowth(store: Store, days: number): Promise<Growth | null> {
  if (store.shape.missingIndexes.includes("ix_events_timestamp")) return null;
  const [clock] = await query(store.database, "SELECT unixepoch('subsec') AS now");
  const since = toTimestamp(Number(clock?.now) * 1e6 - days * 86_400e6);
  const sql = "SELECT count(*) AS n, coalesce(sum(octet_length(payload)), 0) AS bytes FROM events WHERE timestamp >= ?";
  const [row] = await query(store.database, sql, [since]);
  return { days, rows: Number(row?.n), bytes: Number(row?.bytes) };
}
