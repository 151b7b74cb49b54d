import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { EVALUATION_OUTPUT, runEvaluation, SEED_CONTENT, SomeText } from "../evaluation-tool.ts";
import { defineTool } from "../tool.ts";

const NAME = "ouroboros_checklist_verify";

/** `ouroboros_checklist_verify`: every criterion of a seed, one by one. */
export const ouroborosChecklistVerify = defineTool({
  name: NAME,
  title: "Verify checklist",
  description:
    "Evaluates every criterion of a seed and lists each with its verdict, who decided and the evidence. Nothing is done to the work.",
  toolset: "evaluation",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    session_id: v.pipe(SomeText, v.description("The run; any name for a folder")),
    seed_content: SEED_CONTENT,
    artifact: v.optional(v.pipe(SomeText, v.description("What is said of the work"))),
    artifact_type: v.optional(v.pipe(v.picklist(["code", "docs", "config"]), v.description("Ignored"))),
    working_dir: v.optional(v.pipe(SomeText, v.description("The folder, where no run is named"))),
  }),
  output: v.looseObject({ ...EVALUATION_OUTPUT, checklist_verify: v.literal(true), seed_goal: v.string() }),
  async run(input, call) {
    const seed = parseSeed(input.seed_content);
    if (isRefusal(seed)) return seed;
    const asked = { ...input, criteria: [], consensus: false, checksOnly: false };
    const answer = await runEvaluation(NAME, input, asked, call);
    if (isRefusal(answer)) return answer;
    return { ...answer, value: { ...answer.value, checklist_verify: true as const, seed_goal: seed.goal } };
  },
});
