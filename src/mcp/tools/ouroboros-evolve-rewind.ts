import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { viewLineage } from "../../views/lineage.ts";
import { lineageText } from "../../views/lineage-text.ts";
import { rewindLineage } from "../../workflows/evolution/rewind-lineage.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_evolve_rewind`: back to an earlier generation. */
export const ouroborosEvolveRewind = defineTool({
  name: "ouroboros_evolve_rewind",
  title: "Evolve rewind",
  description:
    "Takes a lineage and its branch back to an earlier generation, to go on from there. What came after is kept on its own branches; no file in the project is touched.",
  toolset: "evolution",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    lineage_id: v.pipe(v.string(), v.minLength(1), v.description("lin_…")),
    to_generation: v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Below the present one")),
  }),
  output: v.looseObject({ lineage_id: v.string(), from_generation: v.number(), to_generation: v.number() }),
  async run({ lineage_id, to_generation }, { context, signal }) {
    const done = await rewindLineage(context, { lineageId: lineage_id, to: to_generation, by: "mcp_tool" }, signal);
    if (isRefusal(done)) return done;
    const { lineage, from, to, branch_note } = done;
    const note = branch_note === null ? [] : [branch_note];
    const value = { ...viewLineage(lineage), from_generation: from, to_generation: to, branch_note };
    return { value, text: [`Rewound from generation ${from} to ${to}.`, ...note, lineageText(lineage)].join("\n") };
  },
});
