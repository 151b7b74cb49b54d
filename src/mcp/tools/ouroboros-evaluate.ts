import * as v from "valibot";
import { EVALUATION_OUTPUT, runEvaluation, SEED_CONTENT, SomeText } from "../evaluation-tool.ts";
import { defineTool } from "../tool.ts";

const NAME = "ouroboros_evaluate";

/** `ouroboros_evaluate`: whether work does what its seed asks, by checks and by a judge that cites lines. */
export const ouroborosEvaluate = defineTool({
  name: NAME,
  title: "Evaluate",
  description:
    "Judges the work of a run, or of a folder, by its seed: runs the project's and the seed's checks, then asks a judge that cites lines. The verdict follows from what was found, and is unverified where nobody saw it.",
  toolset: "evaluation",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    session_id: v.optional(v.pipe(SomeText, v.description("The run (orch_… or exec_…)"))),
    artifact: v.optional(v.pipe(SomeText, v.description("What is said of the work: a hint, no evidence"))),
    seed_content: v.optional(SEED_CONTENT),
    acceptance_criterion: v.optional(v.pipe(SomeText, v.description("Where there is no seed"))),
    acceptance_criteria: v.optional(v.pipe(v.array(SomeText), v.description("Or several"))),
    artifact_type: v.optional(v.pipe(v.picklist(["code", "docs", "config"]), v.description("Ignored"))),
    trigger_consensus: v.optional(v.pipe(v.boolean(), v.description("Ask several")), false),
    working_dir: v.optional(v.pipe(SomeText, v.description("The folder, where no run is named"))),
    checks_only: v.optional(v.pipe(v.boolean(), v.description("Ask no judge")), false),
  }),
  output: v.looseObject(EVALUATION_OUTPUT),
  run(input, call) {
    const { acceptance_criterion, acceptance_criteria = [], trigger_consensus, checks_only, ...asked } = input;
    const criteria = [...(acceptance_criterion === undefined ? [] : [acceptance_criterion]), ...acceptance_criteria];
    const more = { criteria, consensus: trigger_consensus, checksOnly: checks_only };
    return runEvaluation(NAME, input, { ...asked, ...more }, call);
  },
});
