import { failpoint } from "../../base/failpoint.ts";
import { query } from "../engine/database.ts";
import { storedText } from "../row.ts";
import { breathe } from "../session/catch-up.ts";
import type { Store } from "../store.ts";
import { BULKY_TYPES } from "./retention.ts";

/** Bodies that nothing in the store names any more, and the row up to which it was looked through for that. */
export interface Unreferred {
  readonly hashes: readonly string[];
  readonly bytes: number;
  readonly lookedTo: number;
}

const ROWS_AT_ONCE = 500;
const BODIES_A_BATCH = 100;
const HASH = /[0-9a-f]{64}/g;

/** Who names a store's bodies: events of a type, work orders (`work orders`), or nobody (`nobody`). */
export interface BlobUse {
  readonly by: string;
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Looks rows through for the bodies they name; a body goes to the first that does. Bulky rows name none that we have written,
 * and are nearly all there is to read: only before bodies are dropped they are looked at, too. Without bodies nothing is read.
 */
export async function blobUses(
  store: Store,
  signal: AbortSignal,
  where: "every row" | "lasting rows",
): Promise<{ uses: BlobUse[]; unreferred: Unreferred }> {
  const left = await bodies(store);
  const uses = new Map<string, { blobs: number; bytes: number }>();
  const use = (hash: string, by: string): void => {
    const bytes = left.get(hash);
    if (bytes === undefined) return;
    left.delete(hash);
    const known = uses.get(by) ?? { blobs: 0, bytes: 0 };
    uses.set(by, { blobs: known.blobs + 1, bytes: known.bytes + bytes });
  };
  for (const hash of left.size === 0 ? [] : await namedByOrders(store)) use(hash, "work orders");
  const types =
    where === "every row" ? "" : `AND event_type NOT IN (${BULKY_TYPES.map((type) => `'${type}'`).join(", ")})`;
  let lookedTo = 0;
  while (left.size > 0 && !signal.aborted) {
    const rows = await query(
      store.database,
      `SELECT rowid AS row_id, event_type, CAST(payload AS BLOB) AS payload FROM events WHERE rowid > ? ${types} ORDER BY rowid LIMIT ${ROWS_AT_ONCE}`,
      [lookedTo],
    );
    for (const row of rows) {
      for (const [hash] of storedText(row.payload).matchAll(HASH)) use(hash, String(row.event_type));
    }
    const last = rows.at(-1);
    if (!last) break;
    lookedTo = Number(last.row_id);
    await breathe();
  }
  const hashes = signal.aborted ? [] : [...left.keys()];
  const bytes = hashes.reduce((sum, hash) => sum + (left.get(hash) ?? 0), 0);
  if (hashes.length > 0) uses.set("nobody", { blobs: hashes.length, bytes });
  const listed = [...uses].map(([by, count]) => ({ by, ...count })).sort((a, b) => b.bytes - a.bytes);
  return { uses: listed, unreferred: { hashes, bytes, lookedTo } };
}

/**
 * Drops bodies that were put there before a time and that nobody names, also not since it was looked: a body may stand
 * there for a moment before the event that names it.
 */
export async function dropBlobs(store: Store, { hashes, lookedTo }: Unreferred, before: string): Promise<number> {
  let dropped = 0;
  for (let from = 0; from < hashes.length; from += BODIES_A_BATCH) {
    const batch = JSON.stringify(hashes.slice(from, from + BODIES_A_BATCH));
    failpoint("compact:blobs:before");
    const [gone] = await store.database.write([
      {
        sql: `DELETE FROM ouro_blob WHERE hash IN (SELECT value FROM json_each(?)) AND created_at < ?
AND NOT EXISTS (SELECT 1 FROM events WHERE rowid > ? AND instr(payload, ouro_blob.hash) > 0)
AND NOT EXISTS (SELECT 1 FROM ouro_work WHERE ouro_blob.hash IN (body_hash, result_hash) OR instr(superseded, ouro_blob.hash) > 0)`,
        args: [batch, before, lookedTo],
      },
    ]);
    failpoint("compact:blobs:after");
    dropped += gone?.rowsAffected ?? 0;
    await breathe();
  }
  return dropped;
}

/** How many of them were put there before that time. */
export async function countOlder(store: Store, { hashes }: Unreferred, before: string): Promise<number> {
  if (hashes.length === 0) return 0;
  const sql = "SELECT count(*) AS n FROM ouro_blob WHERE hash IN (SELECT value FROM json_each(?)) AND created_at < ?";
  const [row] = await query(store.database, sql, [JSON.stringify(hashes), before]);
  return Number(row?.n);
}

async function bodies(store: Store): Promise<Map<string, number>> {
  const rows = await query(store.database, "SELECT hash, bytes FROM ouro_blob");
  return new Map(rows.map((row) => [String(row.hash), Number(row.bytes)]));
}

async function namedByOrders(store: Store): Promise<string[]> {
  const rows = await query(store.database, "SELECT body_hash, result_hash, faults, superseded FROM ouro_work");
  return rows.flatMap((row) =>
    [row.body_hash, row.result_hash, row.faults, row.superseded].flatMap(
      (text) => String(text ?? "").match(HASH) ?? [],
    ),
  );
}
