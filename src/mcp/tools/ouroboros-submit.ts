import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { submitWork } from "../../sessions/submit-work.ts";
import { answerFaults } from "../answer-faults.ts";
import { defineTool } from "../tool.ts";

const WORDS = {
  accepted: "Accepted",
  already_accepted: "This result was accepted before",
  superseded: "Kept, but not used: somebody else claimed this work meanwhile. Drop it and go on with something else",
} as const;

/** `ouroboros_submit`: the host's answer to work that a tool handed out; what waited for it goes on, and its answer comes back. */
export const ouroborosSubmit = defineTool({
  name: "ouroboros_submit",
  title: "Submit work",
  description:
    "Hands in the result of work that a tool answered with as needs_host, and returns what the waiting tool then says. Follow the work's instructions and answer_schema. A result that does not fit is refused with what to correct; submit it again.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  alwaysLoad: false,
  input: v.object({
    work_id: v.pipe(v.string(), v.minLength(1), v.description("From needs_host (work_…)")),
    result: v.pipe(v.unknown(), v.description("A value that fits the work's answer_schema")),
    claim_epoch: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.description("Only for work you claimed: the claim's number")),
    ),
  }),
  output: v.object({
    outcome: v.picklist(["accepted", "already_accepted", "superseded"]),
    work_id: v.string(),
    kind: v.string(),
    tool: v.optional(v.string()),
    answer: v.optional(v.record(v.string(), v.unknown())),
  }),
  async run({ work_id, result, claim_epoch }, { context, callTool }) {
    const submitted = await submitWork(
      context.store,
      { workId: work_id, result, claimEpoch: claim_epoch },
      answerFaults,
    );
    if (isRefusal(submitted)) return submitted;
    const { outcome, kind, continuation } = submitted;
    const value = { outcome, work_id, kind };
    if (!continuation) return { value, text: `${WORDS[outcome]}.` };
    const { tool } = continuation;
    const answer = await callTool(tool, continuation.arguments);
    if (isRefusal(answer)) {
      const message = `${WORDS[outcome]}, and then ${tool} said: ${answer.message}`;
      return refuse(answer.code, message, answer.next, { ...answer.facts, ...value, tool });
    }
    const again = v.safeParse(AskedAgain, answer.value);
    if (again.success && again.output.work.work_id === work_id) return notTaken(work_id, again.output.work.faults);
    return {
      value: { ...value, tool, answer: answer.value },
      text: `${WORDS[outcome]}. ${tool} goes on:\n${answer.text}`,
      links: answer.links ?? [],
      ...(answer.asks && { asks: answer.asks }),
    };
  },
});

/** The tool behind it knows more than a schema can say, and has the same work done once more. */
const AskedAgain = v.object({
  status: v.literal("needs_host"),
  work: v.object({ work_id: v.string(), faults: v.pipe(v.array(v.string()), v.minLength(1)) }),
});

function notTaken(work_id: string, faults: readonly string[]): Refusal {
  return refuse(
    "bad_result",
    `This result for ${work_id} was not taken: ${faults.join("; ")}`,
    "Correct it and submit it again under the same work_id: nothing is lost",
    { work_id, faults },
  );
}
