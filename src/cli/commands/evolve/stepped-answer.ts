import { viewLineage } from "../../../views/lineage.ts";
import { lineageText } from "../../../views/lineage-text.ts";
import type { Advanced } from "../../../workflows/evolution/evolution-call.ts";
import type { Answer } from "../../command.ts";
import { EXIT } from "../../exit-code.ts";
import { lines, oneLine } from "../../render.ts";

type Stepped = Extract<Advanced, { readonly status: "stepped" }>;

/** What a step came to; bad news where the lineage is over and its outcome is not reached. */
export function steppedAnswer({ lineage, judgement, branch_note }: Stepped): Answer {
  const { action, reason, message } = judgement;
  const view = viewLineage(lineage);
  const json = { ...view, action, reason, message, branch_note };
  const branch = view.branch === null ? [] : [`Branch: ${view.branch}`];
  const note = branch_note === null ? [] : [oneLine(branch_note)];
  const text = `${lineageText(lineage)}\n${lines([...branch, ...note, oneLine(`${action} (${reason}): ${message}`)])}`;
  const isFine = action === "continue" || action === "converged" || action === "ontology_stable";
  return { json, text, exitCode: isFine ? EXIT.ok : EXIT.failure };
}
