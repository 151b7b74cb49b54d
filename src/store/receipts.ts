import { mustBeWritable } from "./append.ts";
import { query } from "./engine/database.ts";
import type { Store } from "./store.ts";

/** One start of a server, as it is kept for `doctor`. */
export interface StoredReceipt {
  readonly receiptId: string;
  readonly startedAt: string;
  readonly settledAt: string;
  readonly machine: string | null;
  readonly pid: number;
  readonly version: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const KEPT = 200;

/** Keeps the receipt of a start, and forgets the oldest beyond the last 200. */
export async function putReceipt(store: Store, receipt: StoredReceipt): Promise<void> {
  mustBeWritable(store);
  await store.database.write([
    {
      sql: `INSERT INTO ouro_receipt (receipt_id, started_at, settled_at, machine, pid, version, body)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (receipt_id) DO UPDATE SET settled_at = excluded.settled_at, body = excluded.body`,
      args: [
        receipt.receiptId,
        receipt.startedAt,
        receipt.settledAt,
        receipt.machine,
        receipt.pid,
        receipt.version,
        JSON.stringify(receipt.body),
      ],
    },
    {
      sql: `DELETE FROM ouro_receipt WHERE receipt_id IN (
SELECT receipt_id FROM ouro_receipt ORDER BY started_at DESC, receipt_id LIMIT -1 OFFSET ${KEPT})`,
    },
  ]);
}

/** The latest receipts, newest first. */
export async function listReceipts(store: Store, limit: number): Promise<Record<string, unknown>[]> {
  const rows = await query(store.database, "SELECT body FROM ouro_receipt ORDER BY started_at DESC LIMIT ?", [limit]);
  return rows.map((row) => JSON.parse(String(row.body)));
}
