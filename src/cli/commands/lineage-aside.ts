import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Persona } from "../../domain/run/stagnation.ts";
import { viewLineage } from "../../views/lineage.ts";
import { lineageText } from "../../views/lineage-text.ts";
import { loadLineage } from "../../views/load-lineage.ts";
import { stepAside } from "../../workflows/evolution/step-aside.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";

export type LineageAsideFlags = SharedFlags & { readonly persona?: Persona | undefined };

/** `ouroboros lineage aside LINEAGE`: has one that stands still go on with another way of thinking. */
export function lineageAside(_: Cli, flags: LineageAsideFlags, id: string): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const lineage = await loadLineage(context.store, id);
    if (isRefusal(lineage)) return lineage;
    const aside = await stepAside(context, lineage, lineage.ending?.pattern ?? null, flags.persona);
    if (isRefusal(aside)) return aside;
    return { json: viewLineage(aside), text: `${lineageText(aside)}\n` };
  });
}
