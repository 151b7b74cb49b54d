import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { QA_TYPES } from "../../domain/evaluation/qa.ts";
import { parseSeed } from "../../domain/seed/seed.ts";
import { judgeQuality } from "../../workflows/evaluation/qa.ts";
import { SEED_CONTENT, SomeText } from "../evaluation-tool.ts";
import { PATIENCE_MS } from "../interview-tool.ts";
import { defineTool } from "../tool.ts";

const NAME = "ouroboros_qa";
const Score = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Entry = v.looseObject({ iteration: v.number(), score: v.number(), verdict: v.string() });

/** `ouroboros_qa`: how far an artifact is from a quality bar. */
export const ouroborosQa = defineTool({
  name: NAME,
  title: "QA",
  description:
    "Holds an artifact against a quality bar: score, what lies between them, what to do about it. The verdict follows from the score. Nothing is run.",
  toolset: "evaluation",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    artifact: v.pipe(SomeText, v.description("Its text")),
    quality_bar: v.pipe(SomeText, v.description("What it has to be like")),
    artifact_type: v.optional(v.pipe(v.picklist(QA_TYPES), v.description("What it is")), "code"),
    reference: v.optional(v.pipe(SomeText, v.description("Something to hold it against"))),
    pass_threshold: v.optional(v.pipe(Score, v.description("Passes from here on")), 0.8),
    qa_session_id: v.optional(v.pipe(SomeText, v.description("From the round before"))),
    iteration_history: v.optional(
      v.pipe(v.array(Entry), v.description("The iteration_entry of each round before")),
      [],
    ),
    seed_content: v.optional(SEED_CONTENT),
  }),
  output: v.looseObject({
    status: v.picklist(["judged", "needs_host"]),
    qa_session_id: v.string(),
    score: v.optional(v.number()),
    verdict: v.optional(v.picklist(["pass", "revise", "fail"])),
    loop_action: v.optional(v.picklist(["done", "continue", "escalate"])),
    work: v.optional(v.looseObject({ work_id: v.string() })),
  }),
  async run(input, { context, signal }) {
    const { seed_content, pass_threshold, qa_session_id, iteration_history, ...about } = input;
    const seed = seed_content === undefined ? undefined : parseSeed(seed_content);
    if (isRefusal(seed)) return seed;
    const earlier = iteration_history.map(({ iteration, score, verdict }) => ({ iteration, score, verdict }));
    const request = { question: { ...about, seed, earlier }, threshold: pass_threshold, qaSessionId: qa_session_id };
    const caller = { hasHost: true, continuation: { tool: NAME, arguments: input }, patienceMs: PATIENCE_MS };
    const done = await judgeQuality(context, request, caller, signal);
    if (isRefusal(done)) return done;
    const { status, qa_session_id: id } = done;
    if (done.status === "needs_host") {
      const faults = done.work.faults.map((fault) => `\nNot taken: ${fault}`).join("");
      const text = `Judge it yourself by the work order below and hand the result to ouroboros_submit with this work_id.${faults}`;
      return { value: { status, qa_session_id: id, work: { ...done.work } }, text };
    }
    const { result } = done;
    const text = [
      `${result.verdict}: ${result.score.toFixed(2)} of ${result.pass_threshold} (round ${result.iteration}, then ${result.loop_action})`,
      ...result.differences.map((one) => `- ${one}`),
      ...result.suggestions.map((one) => `→ ${one}`),
    ];
    return { value: { status, qa_session_id: id, by: done.by, ...result }, text: text.join("\n") };
  },
});
