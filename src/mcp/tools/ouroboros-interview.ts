import * as v from "valibot";
import { INTERVIEW_ACTIONS } from "../../workflows/interview/interview-call.ts";
import { INTERVIEW_OUTPUT } from "../interview-answer.ts";
import { holdInterview } from "../interview-tool.ts";
import { defineTool } from "../tool.ts";

const Text = v.pipe(v.string(), v.minLength(1));

/** `ouroboros_interview`: from a vague wish to something clear enough to build, one question at a time. */
export const ouroborosInterview = defineTool({
  name: "ouroboros_interview",
  title: "Interview",
  description:
    "Turns a wish into requirements, one question at a time. Start with initial_context; then pass each answer with session_id and round. Every reply says what is clear, what is missing and what to do next.",
  toolset: "authoring",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: true,
  input: v.object({
    action: v.optional(v.pipe(v.picklist(INTERVIEW_ACTIONS), v.description("Inferred when absent"))),
    initial_context: v.optional(v.pipe(Text, v.description("The wish, in the person's words"))),
    context_file: v.optional(v.pipe(Text, v.description("Text file below cwd to begin with"))),
    session_id: v.optional(v.pipe(Text, v.description("Interview to go on with"))),
    answer: v.optional(
      v.pipe(Text, v.description("Mark what no person said: [from-code], [from-research], [decide_later]")),
    ),
    round: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Round it answers or amends"))),
    last_question: v.optional(v.pipe(Text, v.description("The question as you put it"))),
    interview_id: v.optional(v.pipe(Text, v.description("Id for a new interview"))),
    cwd: v.optional(v.pipe(Text, v.description("Project folder"))),
  }),
  output: INTERVIEW_OUTPUT,
  run: (input, call) => holdInterview("developer", "ouroboros_interview", input, call),
});
