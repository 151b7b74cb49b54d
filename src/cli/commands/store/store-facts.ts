import { stat } from "node:fs/promises";
import { query } from "../../../store/engine/database.ts";
import type { StoreTarget } from "../../../store/engine/store-target.ts";
import type { StoreShape } from "../../../store/schema.ts";
import { countSessions } from "../../../store/session/sessions.ts";
import type { Store } from "../../../store/store.ts";

/** Sizes of a store's files; null for a server's. By stat alone: opening the file here would drop this process's locks on it. */
export async function sizesOf(target: StoreTarget): Promise<{ file_bytes: number; wal_bytes: number } | null> {
  if (target.kind === "remote") return null;
  return { file_bytes: await sizeOf(target.path), wal_bytes: await sizeOf(`${target.path}-wal`) };
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined); // a log that is not there holds nothing
  return found?.size ?? 0;
}

/** A store's shape under the names it is shown with. */
export function toShape(shape: StoreShape) {
  return {
    generation: shape.generation,
    spelling: shape.spelling,
    missing_indexes: shape.missingIndexes,
    has_terminal_guards: shape.hasTerminalGuards,
    schema_version: shape.schemaVersion,
    min_reader: shape.minReader,
  };
}

/** How much stands in a store. */
export async function countRows(store: Store) {
  const sessions = await countSessions(store);
  const [events, leases, blobs, receipts] = await Promise.all([
    query(store.database, "SELECT count(*) AS n FROM events"),
    query(store.database, "SELECT count(*) AS n FROM ouro_lease"),
    query(store.database, "SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM ouro_blob"),
    query(store.database, "SELECT count(*) AS n FROM ouro_receipt"),
  ]);
  return {
    events: Number(events[0]?.n),
    sessions,
    leases: Number(leases[0]?.n),
    blobs: Number(blobs[0]?.n),
    blob_bytes: Number(blobs[0]?.bytes),
    receipts: Number(receipts[0]?.n),
  };
}
