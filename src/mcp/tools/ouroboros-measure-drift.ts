import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { measureDriftOf } from "../../workflows/evaluation/drift.ts";
import { SEED_CONTENT, SomeText } from "../evaluation-tool.ts";
import { PATIENCE_MS } from "../interview-tool.ts";
import { defineTool } from "../tool.ts";

const NAME = "ouroboros_measure_drift";

/** `ouroboros_measure_drift`: how far an output has gone from its seed. */
export const ouroborosMeasureDrift = defineTool({
  name: NAME,
  title: "Measure drift",
  description:
    "How far an output or a report is from its seed: goal .5, constraints .3, ontology .2; up to 0.3 is acceptable. By its words alone, or with a judge as well.",
  toolset: "evaluation",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    session_id: v.pipe(SomeText, v.description("Whose output it is")),
    current_output: v.pipe(SomeText, v.description("The output, or a report of it")),
    seed_content: SEED_CONTENT,
    constraint_violations: v.optional(v.pipe(v.array(SomeText), v.description("Constraints known to be broken")), []),
    current_concepts: v.optional(v.pipe(v.array(SomeText), v.description("What it deals with, in names")), []),
    judged: v.optional(v.pipe(v.boolean(), v.description("Have a mind judge as well")), false),
  }),
  output: v.looseObject({
    status: v.picklist(["measured", "needs_host"]),
    session_id: v.string(),
    combined_drift: v.optional(v.number()),
    is_acceptable: v.optional(v.boolean()),
    work: v.optional(v.looseObject({ work_id: v.string() })),
  }),
  async run(input, { context, signal }) {
    const { session_id, current_output, seed_content, constraint_violations, current_concepts, judged } = input;
    const seed = parseSeed(seed_content);
    if (isRefusal(seed)) return seed;
    const caller = { hasHost: true, continuation: { tool: NAME, arguments: input }, patienceMs: PATIENCE_MS };
    const about = { output: current_output, violations: constraint_violations, concepts: current_concepts };
    const request = { seed, sessionId: session_id, ...about };
    const done = await measureDriftOf(context, request, judged ? caller : null, signal);
    if (isRefusal(done)) return done;
    const { status } = done;
    const ids = { status, session_id, seed_id: seed.seed_id };
    if (done.status === "needs_host") {
      const text = "Judge it by the work order below and hand the result to ouroboros_submit with this work_id.";
      return { value: { ...ids, work: { ...done.work } }, text };
    }
    const { drift, judged_by } = done;
    const text = [
      `Drift ${drift.combined_drift.toFixed(2)}, ${drift.is_acceptable ? "acceptable" : "not acceptable"} (up to ${drift.threshold}): goal ${drift.goal_drift.toFixed(2)}, constraints ${drift.constraint_drift.toFixed(2)}, ontology ${drift.ontology_drift.toFixed(2)}`,
      ...drift.suggestions.map((one) => `- ${one}`),
    ];
    return { value: { ...ids, judged_by, ...drift }, text: text.join("\n") };
  },
});
