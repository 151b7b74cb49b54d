import { delay } from "../../../base/delay.ts";
import type { SessionContext } from "../../../sessions/session-context.ts";
import { newestRowidOfAll } from "../../../store/jobs/jobs.ts";
import { mustReadTree, type RunTree } from "../../../views/run-tree.ts";

const FILE_POLL_MS = 250;
const SERVER_POLL_MS = 1_000;
/** A dead owner leaves no row behind. */
const LOOK_AGAIN_MS = 2_000;

/** A run each time it stands differently, until it runs no more or nobody looks any more; at least once. */
export async function* lookOn(context: SessionContext, id: string, signal: AbortSignal): AsyncGenerator<RunTree> {
  const { store } = context;
  const pause = store.database.engine === "file" ? FILE_POLL_MS : SERVER_POLL_MS;
  let [picture, top, lookedAt] = ["", -1, 0];
  for (;;) {
    const newest = await newestRowidOfAll(store);
    if (newest !== top || performance.now() - lookedAt >= LOOK_AGAIN_MS) {
      [top, lookedAt] = [newest, performance.now()];
      const tree = await mustReadTree(context, id);
      const now = JSON.stringify({ ...tree, elapsed_seconds: null, cursor: null });
      if (now !== picture) yield tree;
      picture = now;
      if (tree.status !== "running") return;
    }
    if (signal.aborted) return;
    await delay(pause, signal);
  }
}
