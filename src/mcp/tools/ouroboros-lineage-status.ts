import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { viewLineage } from "../../views/lineage.ts";
import { lineageText } from "../../views/lineage-text.ts";
import { loadLineage } from "../../views/load-lineage.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_lineage_status`: the generations of a lineage. */
export const ouroborosLineageStatus = defineTool({
  name: "ouroboros_lineage_status",
  title: "Lineage status",
  description: "Shows the generations of a lineage: phase, score, verdict, branch, what was done about it. Reads only.",
  toolset: "evolution",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({ lineage_id: v.pipe(v.string(), v.minLength(1), v.description("lin_…")) }),
  output: v.looseObject({ lineage_id: v.string(), status: v.string(), goal: v.string() }),
  async run({ lineage_id }, { context }) {
    const lineage = await loadLineage(context.store, lineage_id);
    return isRefusal(lineage) ? lineage : { value: { ...viewLineage(lineage) }, text: lineageText(lineage) };
  },
});
