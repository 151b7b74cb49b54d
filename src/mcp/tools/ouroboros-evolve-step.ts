import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { PERSONA_NAMES } from "../../domain/run/stagnation.ts";
import { advance } from "../../workflows/evolution/advance.ts";
import { stepAside } from "../../workflows/evolution/step-aside.ts";
import { hostCall, LINEAGE_INPUT, lineageOf, stepAnswer } from "../evolution-step.ts";
import { projectFolder } from "../project-folder.ts";
import { defineTool } from "../tool.ts";
import { withConsent } from "../with-consent.ts";

const NAME = "ouroboros_evolve_step";

/** `ouroboros_evolve_step`: one generation of a lineage, as far as that goes within one call. */
export const ouroborosEvolveStep = defineTool({
  name: NAME,
  title: "Evolve step",
  description:
    "Takes a lineage one generation further: reflect, carry out, judge. You do the thinking (needs_host), agents the work (running: wait for the job, then call again). Call until action is not continue.",
  toolset: "evolution",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    ...LINEAGE_INPUT,
    persona: v.optional(
      v.pipe(v.picklist(PERSONA_NAMES), v.description("It stands still: think this way from now on")),
    ),
  }),
  output: v.looseObject({
    status: v.picklist(["needs_host", "running", "stepped"]),
    lineage_id: v.string(),
  }),
  async run(input, call) {
    const { context, signal } = call;
    const cwd = projectFolder(input.project_dir);
    if (isRefusal(cwd)) return cwd;
    const begun = await lineageOf(context, input);
    if (isRefusal(begun)) return begun;
    const { persona, parallel } = input;
    // A form's answer comes back with the whole call: what was turned then is turned already.
    const isTurned = begun.generations.at(-1)?.turns.at(-1)?.kind === "lateral";
    const turned =
      persona === undefined || (isTurned && call.said)
        ? begun
        : await stepAside(context, begun, begun.ending?.pattern ?? null, persona);
    if (isRefusal(turned)) return turned;
    const evolution = hostCall(call, { tool: NAME, lineageId: turned.lineage_id, cwd, parallel });
    const advanced = await withConsent(call, () => advance(context, turned.lineage_id, evolution, signal));
    return isRefusal(advanced) ? advanced : stepAnswer(context, advanced);
  },
});
