import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { conductingWithin } from "../../domain/evolution/conducting.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { startConductor } from "../../workflows/evolution/start-conductor.ts";
import { LINEAGE_INPUT, lineageOf } from "../evolution-step.ts";
import { projectFolder } from "../project-folder.ts";
import { defineTool } from "../tool.ts";
import { withConsent } from "../with-consent.ts";

const Positive = v.pipe(v.number(), v.minValue(0));

/** `ouroboros_ralph`: a lineage that goes on by itself. */
export const ouroborosRalph = defineTool({
  name: "ouroboros_ralph",
  title: "Ralph",
  description:
    "Has a lineage go on in the background, generation after generation, until its outcome is reached or a bound. Needs a mind besides you; without one it says how you drive it. Costs tokens; follow it with ouroboros_job_wait.",
  toolset: "evolution",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    ...LINEAGE_INPUT,
    max_generations: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10), v.description("Generations in all")),
      10,
    ),
    max_total_seconds: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400), v.description("Work in all")),
    ),
    max_tokens: v.optional(v.pipe(Positive, v.description("As agents report them"))),
    max_cost_usd: v.optional(v.pipe(Positive, v.description("As agents report it"))),
  }),
  output: v.looseObject({
    status: v.picklist(["running", "drive_it_yourself"]),
    lineage_id: v.string(),
    job_id: v.nullable(v.string()),
  }),
  async run(input, call) {
    const { context } = call;
    const cwd = projectFolder(input.project_dir);
    if (isRefusal(cwd)) return cwd;
    const lineage = await lineageOf(context, input);
    if (isRefusal(lineage)) return lineage;
    const { lineage_id } = lineage;
    const { max_generations, max_total_seconds, max_tokens: tokens, max_cost_usd: cost_usd, parallel } = input;
    const hours = max_total_seconds === undefined ? undefined : max_total_seconds / 3_600;
    const request = {
      conducting: conductingWithin(lineage_id, { generations: max_generations, hours, tokens, cost_usd }),
      cwd,
      by: "mcp_tool",
      host: readHostBinding(process.env),
      parallel: parallel ? undefined : 1,
    };
    const started = await withConsent(call, () => startConductor(context, request));
    if (isRefusal(started)) {
      if (started.code !== "mind_unavailable") return started;
      const next = `ouroboros_evolve_step {"lineage_id":"${lineage_id}"}`;
      const text = `Nobody here can think without you (${started.message}), so drive it yourself: call ${next}, do what it asks, and again until action is not continue. At most ${max_generations} generations.`;
      const value = {
        status: "drive_it_yourself" as const,
        lineage_id,
        job_id: null,
        max_generations,
        next_step: next,
      };
      return { value, text };
    }
    const { outcome, session_id, job_id } = started;
    const text = [
      `${outcome === "attached" ? "It is at work already" : "It goes on in the background, also when this window closes"}: ${session_id}.`,
      ...(job_id === null ? [] : [`Follow: ouroboros_job_wait {"job_id":"${job_id}"}`]),
      `Look: ouroboros_lineage_status {"lineage_id":"${lineage_id}"}`,
      `Cancel: ouroboros_cancel_execution {"execution_id":"${session_id}"}`,
    ].join("\n");
    return { value: { status: "running" as const, lineage_id, job_id, session_id, outcome, max_generations }, text };
  },
});
