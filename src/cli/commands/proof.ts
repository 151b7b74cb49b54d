import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { getBlob } from "../../store/blobs.ts";
import { proofPage } from "../../views/proof.ts";
import { evidenceOnRecord } from "../../workflows/evaluation/evidence-on-record.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";

/** `ouroboros proof ID`: an evaluation as a page of Markdown. */
export function proof(_cli: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const found = await evidenceOnRecord(context, id);
    if (isRefusal(found)) return found;
    const { evaluation, subject } = found;
    if (!evaluation) return refuse("no_evidence", `${id} was not evaluated`, `Evaluate it: ouroboros evaluate ${id}`);
    const text = await getBlob(context.store, subject.seed_text);
    const seed = text && parseSeed(new TextDecoder().decode(text));
    const goal = !seed || isRefusal(seed) ? "a seed that is not in this store" : seed.goal;
    const page = proofPage(evaluation, goal);
    return { json: { evaluation_id: evaluation.evaluation_id, markdown: page }, text: page };
  });
}
