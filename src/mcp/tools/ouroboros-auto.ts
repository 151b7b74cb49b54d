import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { MOST_ROUNDS } from "../../domain/auto/auto-bounds.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { advanceAuto } from "../../workflows/auto/advance-auto.ts";
import { startAuto } from "../../workflows/auto/start-auto.ts";
import { AutoAsked, autoAnswer } from "../auto-answer.ts";
import { PATIENCE_MS } from "../interview-tool.ts";
import { projectFolder } from "../project-folder.ts";
import { defineTool } from "../tool.ts";
import { withConsent } from "../with-consent.ts";

const NAME = "ouroboros_auto";
const Text = v.pipe(v.string(), v.minLength(1));
const Input = {
  goal: v.optional(v.pipe(Text, v.description("In a sentence"))),
  cwd: v.optional(v.pipe(Text, v.description("Absolute project folder"))),
  resume: v.optional(v.pipe(Text, v.description("Go on with this one (auto_…) instead"))),
  answer: v.optional(v.pipe(Text, v.description("With resume: the person's word on pending_question"))),
  user_preferences: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description("Decided already, by name"))),
  max_interview_rounds: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST_ROUNDS), v.description("12 unless told")),
  ),
  skip_run: v.optional(v.pipe(v.boolean(), v.description("Stop at the seed")), false),
  pipeline_timeout_seconds: v.optional(
    v.pipe(v.number(), v.minValue(60), v.maxValue(86_400), v.description("Work in all")),
  ),
};

/** `ouroboros_auto`: from one sentence to a branch whose work was checked. */
export const ouroborosAuto = defineTool({
  name: NAME,
  title: "Auto",
  description:
    "From one sentence to a checked branch: questions are decided without the person and listed as assumptions, then it is built and judged in the background. You do the thinking (needs_host). Only what the person alone can say comes back as pending_question. Costs tokens.",
  toolset: "evolution",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  alwaysLoad: false,
  input: v.looseObject(Input),
  output: v.looseObject({
    status: v.picklist(["needs_host", "running", "blocked", "failed", "complete"]),
    auto_session_id: v.string(),
    phase: v.string(),
    job_id: v.nullable(v.string()),
  }),
  async run(input, call) {
    const { context, signal, said, progress } = call;
    const { goal = "", resume, user_preferences: preferences, skip_run: skipRun } = input;
    const host = readHostBinding(process.env);
    const cwd = projectFolder(input.cwd);
    if (isRefusal(cwd)) return cwd;
    const asked = v.safeParse(AutoAsked, said?.state);
    const { max_interview_rounds, pipeline_timeout_seconds: seconds } = input;
    const bounds = { max_interview_rounds, hours: seconds === undefined ? undefined : seconds / 3_600 };
    const request = { goal, cwd, preferences, skipRun, bounds, by: "mcp_tool" };
    // A form comes back with the same call: what it began then is gone on with now.
    const known = asked.success ? asked.output.auto : resume;
    const begun = known === undefined ? await withConsent(call, () => startAuto(context, request)) : { auto_id: known };
    if (isRefusal(begun)) return begun;
    const { auto_id } = begun;
    const words = asked.success ? said?.answer : input.answer;
    const round = asked.success ? asked.output.round : undefined;
    let told = 0;
    const advanced = await advanceAuto(
      context,
      auto_id,
      {
        by: "mcp_tool",
        host,
        hasHost: true,
        continuation: { tool: NAME, arguments: { resume: auto_id } },
        deadline: performance.now() + PATIENCE_MS,
        answer: words ? { text: words, round } : undefined,
        tell: (message) => progress(++told, undefined, message),
      },
      signal,
    );
    if (isRefusal(advanced)) return advanced;
    const ignored = Object.keys(input).filter((name) => !Object.hasOwn(Input, name));
    return autoAnswer(advanced, { ignored, mayAsk: !asked.success });
  },
});
