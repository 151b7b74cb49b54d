import { listReceipts } from "../../../store/receipts.ts";
import type { Store } from "../../../store/store.ts";

const STARTS = 5;

/** How many rows that cannot be decoded were met: while catching up just now, or by one of the latest starts. */
export async function metQuarantined(store: Store, now: number): Promise<number> {
  const starts = await listReceipts(store, STARTS);
  const met = starts.map(({ quarantined }) => (typeof quarantined === "number" ? quarantined : 0));
  return Math.max(now, ...met);
}
