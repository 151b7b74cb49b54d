import { newId } from "../../base/ids.ts";
import { mustBeWritable } from "../append.ts";
import type { Statement } from "../engine/database.ts";
import type { Store } from "../store.ts";
import { again, type Order, toOrder, writeWork } from "./work-rows.ts";

/** How long a host's claim holds by the store's clock; any call that carries it begins that time anew. */
export const CLAIM_SECONDS = 30 * 60;

export type Claim =
  | { readonly outcome: "claimed"; readonly order: Order }
  | { readonly outcome: "claimed_by_another" | "answered" | "expired" | "unknown" };

/** Takes an open order that nobody holds; of several who try at once, one gets it. */
export async function claimOrder(store: Store, workId: string, by: string): Promise<Claim> {
  mustBeWritable(store);
  const claimId = newId();
  const claim: Statement = {
    sql: `UPDATE ouro_work SET claim_epoch = claim_epoch + 1, claim_id = ?, claimed_by = ?, expires_at = unixepoch('subsec') + ?
WHERE work_id = ? AND result_hash IS NULL AND open_until > unixepoch('subsec')
AND (claim_id IS NULL OR expires_at <= unixepoch('subsec'))`,
    args: [claimId, by.toWellFormed(), CLAIM_SECONDS, workId],
  };
  const rows = await writeWork(store, workId, [claim]);
  const order = toOrder(rows);
  if (!order) return { outcome: "unknown" };
  if (rows?.rows[0]?.claim_id === claimId) return { outcome: "claimed", order };
  return { outcome: order.status === "open" ? "claimed_by_another" : order.status };
}

/** Begins a claim's time anew, also when it had run out but nobody has claimed since; false once somebody has. */
export async function extendClaim(store: Store, workId: string, claimEpoch: number): Promise<boolean> {
  mustBeWritable(store);
  const extension: Statement = {
    sql: `UPDATE ouro_work SET expires_at = unixepoch('subsec') + ?
WHERE work_id = ? AND claim_epoch = ? AND claim_id IS NOT NULL AND result_hash IS NULL`,
    args: [CLAIM_SECONDS, workId, claimEpoch],
  };
  const [extended] = await again(() => store.database.write([extension]));
  return extended?.rowsAffected === 1;
}
