import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { criterionMatrix } from "../../domain/evolution/criterion-history.ts";
import { criterionMatrixText, criterionTrends } from "../../views/criterion-history-text.ts";
import { viewLineage } from "../../views/lineage.ts";
import { lineageText } from "../../views/lineage-text.ts";
import { loadLineage } from "../../views/load-lineage.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";

export type LineageShowFlags = SharedFlags & { readonly matrix: boolean };

/** `ouroboros lineage show LINEAGE`: its generations, and how each criterion has come along. */
export function lineageShow(_: Cli, flags: LineageShowFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async ({ store }) => {
    const lineage = await loadLineage(store, id);
    if (isRefusal(lineage)) return lineage;
    const matrix = criterionMatrix(lineage.generations);
    const criteria = flags.matrix ? criterionMatrixText(matrix) : criterionTrends(matrix);
    return { json: { ...viewLineage(lineage), matrix }, text: `${lineageText(lineage)}\n\n${criteria}\n` };
  });
}
