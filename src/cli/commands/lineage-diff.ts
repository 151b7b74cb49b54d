import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { generationDelta } from "../../domain/evolution/generation-delta.ts";
import { lineageDeltaText } from "../../views/lineage-delta-text.ts";
import { generationOf, loadLineage } from "../../views/load-lineage.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";

/** `ouroboros lineage diff LINEAGE A B`: score, criteria that turned, and the seed's changes between two generations. */
export function lineageDiff(_: Cli, flags: SharedFlags, id: string, a: number, b: number): Promise<Answer | Refusal> {
  return look(flags, async ({ store }) => {
    const lineage = await loadLineage(store, id);
    if (isRefusal(lineage)) return lineage;
    const [from, to] = [generationOf(lineage, a), generationOf(lineage, b)];
    if (isRefusal(from)) return from;
    if (isRefusal(to)) return to;
    const delta = generationDelta(from, to);
    return { json: delta, text: `${lineageDeltaText(delta)}\n` };
  });
}
