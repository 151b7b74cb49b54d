import { delay } from "../../base/delay.ts";
import { messageOf } from "../../base/errors.ts";
import { logLine } from "../../base/log.ts";
import { StoreError } from "../../store/engine/store-error.ts";

const PAUSE_MS = 1_000;
/** Longer than a server takes to be restarted, a laptop to find its network, or a person to make room on a disk. */
const FOR_MS = 15 * 60_000;
const PASSING = new Set(["store_unreachable", "store_busy", "store_full"]);

/** Does work on the store again and again while its trouble is one that passes; for work that is safe to repeat. */
export async function patiently<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const deadline = performance.now() + FOR_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof StoreError && PASSING.has(error.code);
      if (!passes || signal?.aborted || performance.now() > deadline) throw error;
      if (attempt === 1) logLine(`${messageOf(error)}. Trying again`);
      await delay(PAUSE_MS, signal);
    }
  }
}
