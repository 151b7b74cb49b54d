import * as v from "valibot";
import { PERSONA_NAMES } from "../../domain/run/stagnation.ts";
import { lateralMinds, lateralPrompt } from "../../prompts/lateral.ts";
import { loadMind } from "../../prompts/nine-minds/load-mind.ts";
import { personaText } from "../../workflows/evolution/think-as.ts";
import { defineTool } from "../tool.ts";

const Text = v.pipe(v.string(), v.minLength(1));
const PATTERNS = ["spinning", "oscillation", "no_drift", "diminishing_returns"] as const;

/** `ouroboros_lateral_think`: another way to think about what is stuck. */
export const ouroborosLateralThink = defineTool({
  name: "ouroboros_lateral_think",
  title: "Lateral think",
  description: "Returns a prompt to think about an impasse another way; you do the thinking. Reads only.",
  toolset: "evolution",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    problem_context: v.pipe(Text, v.description("What is stuck")),
    current_approach: v.pipe(Text, v.description("What is being tried")),
    persona: v.optional(v.pipe(v.picklist([...PERSONA_NAMES, "all"]), v.description("Who thinks"))),
    personas: v.optional(v.pipe(v.array(v.picklist(PERSONA_NAMES)), v.description("Or several"))),
    stagnation_pattern: v.optional(v.pipe(v.picklist(PATTERNS), v.description("Or whoever suits it"))),
    failed_attempts: v.optional(v.pipe(v.array(v.string()), v.description("What has failed")), []),
  }),
  output: v.looseObject({ persona: v.string(), personas: v.array(v.string()), questions_count: v.number() }),
  async run({ problem_context, current_approach, failed_attempts, ...wanted }, { context }) {
    const impasse = { problem_context, current_approach, failed_attempts };
    const minds = lateralMinds(wanted);
    const prompts = await Promise.all(
      minds.map(async (persona) => {
        const mind = await loadMind(persona);
        const prompt = lateralPrompt(impasse, mind, await personaText(context.home, persona));
        return { persona, approach_summary: mind.title, questions_count: mind.asks.length, prompt };
      }),
    );
    const value = {
      persona: minds.length === 1 ? (minds[0] ?? "") : "all",
      personas: [...minds],
      approach_summary: prompts.map(({ approach_summary }) => approach_summary).join(", "),
      questions_count: prompts.reduce((sum, { questions_count }) => sum + questions_count, 0),
      prompts,
    };
    return { value, text: prompts.map(({ prompt }) => prompt).join("\n\n---\n\n") };
  },
});
