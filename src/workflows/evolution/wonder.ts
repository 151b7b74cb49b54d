import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { PHASE_CHANGED, WONDER_DEGRADED } from "../../domain/evolution/lineage-events.ts";
import { storyInput, WONDER_INSTRUCTIONS, WonderAnswer } from "../../prompts/wonder.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { stillThinking } from "../still-thinking.ts";
import { askAbout } from "./ask-about.ts";
import type { EvolutionCall, Phased } from "./evolution-call.ts";
import { storyOf } from "./generation-story.ts";
import { currentGeneration, heldUp, tellGeneration } from "./tell-generation.ts";
import { thinkAs } from "./think-as.ts";

/** What is not understood after the last generation. Where nobody can say, what is open speaks for itself. */
export async function wonder(
  context: SessionContext,
  lineage: Lineage,
  call: EvolutionCall,
  signal: AbortSignal,
): Promise<Phased | Refusal> {
  const story = storyOf(lineage);
  if (isRefusal(story)) return story;
  const at = { generation: currentGeneration(lineage), phase: "wondering" } as const;
  const question = {
    role: "standard",
    kind: "evolution.wonder",
    instructions: await thinkAs(context.home, lineage, WONDER_INSTRUCTIONS),
    input: storyInput(story),
    schema: WonderAnswer,
  } as const;
  const on = (answer: WonderAnswer) =>
    tellGeneration(context, lineage, at, [
      PHASE_CHANGED,
      { phase: "reflecting", wonder_questions: answer.questions, partial_state: { wonder: answer } },
    ]);
  const asked = await askAbout(context, lineage, call, question, ({ value }) => on(value), signal);
  if (asked === null) return stillThinking(lineage.lineage_id, { lineage_id: lineage.lineage_id });
  if (!isRefusal(asked))
    return "needs" in asked ? { status: "needs_host", lineage, work: asked.needs } : { lineage: asked };
  if (asked.code !== "mind_unavailable" && asked.code !== "mind_bad_answer") return heldUp(lineage, asked);
  const degraded = await tellGeneration(context, lineage, at, [WONDER_DEGRADED, { error: asked.message }]);
  if (isRefusal(degraded)) return degraded;
  const open = story.results.filter(({ verdict }) => verdict !== "pass");
  const questions = open
    .slice(0, 8)
    .map(({ key, verdict }) => `Why is ${key} ${verdict === "fail" ? "not met" : "not seen to hold"}?`);
  const gone = await on({ questions, ontology_tensions: [], should_continue: true, reasoning: asked.message });
  return isRefusal(gone) ? gone : { lineage: gone };
}
