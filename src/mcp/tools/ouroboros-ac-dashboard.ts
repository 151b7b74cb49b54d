import * as v from "valibot";
import { isRefusal, refuse } from "../../base/refusal.ts";
import { criterionMatrix } from "../../domain/evolution/criterion-history.ts";
import { completedGenerations } from "../../domain/evolution/lineage.ts";
import { criterionMatrixText, criterionTrends } from "../../views/criterion-history-text.ts";
import { loadLineage } from "../../views/load-lineage.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_ac_dashboard`: criteria through the generations of a lineage. */
export const ouroborosAcDashboard = defineTool({
  name: "ouroboros_ac_dashboard",
  title: "Criteria through generations",
  description: "Shows how each criterion of a lineage came along: stable, flaky, failing, new, with trend. Reads only.",
  toolset: "evolution",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    lineage_id: v.pipe(v.string(), v.minLength(1), v.description("lin_…")),
    mode: v.optional(
      v.pipe(v.picklist(["summary", "full", "ac"]), v.description("full: generation by generation; ac: one")),
      "summary",
    ),
    ac_index: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description("For ac, from 1"))),
  }),
  output: v.looseObject({ lineage_id: v.string(), mode: v.string(), generations: v.array(v.number()) }),
  async run({ lineage_id, mode, ac_index }, { context }) {
    const lineage = await loadLineage(context.store, lineage_id);
    if (isRefusal(lineage)) return lineage;
    const matrix = criterionMatrix(lineage.generations);
    const { generations } = matrix;
    const common = { lineage_id, mode, generations: [...generations] };
    if (mode !== "ac") {
      const text = mode === "full" ? criterionMatrixText(matrix) : criterionTrends(matrix);
      return { value: { ...common, criteria: matrix.criteria }, text };
    }
    // As they stand in the latest generation that was evaluated: the order of the table is by how they do.
    const keys = completedGenerations(lineage).findLast(({ evaluation }) => evaluation)?.evaluation?.criteria ?? [];
    const key = keys[(ac_index ?? 0) - 1]?.key;
    const criterion = matrix.criteria.find((one) => one.key === key);
    if (!criterion) {
      return refuse(
        "bad_arguments",
        `There is no criterion ${ac_index ?? "without ac_index"}`,
        `Pass 1 to ${keys.length}`,
      );
    }
    const text = criterionMatrixText({ generations, criteria: [criterion] });
    const why = criterion.reason === null ? "" : `\n${criterion.reason}`;
    return {
      value: { ...common, criteria: [criterion] },
      text: `${criterion.class}, ${criterion.trend}\n${text}${why}`,
    };
  },
});
