import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { claimWork } from "../../sessions/claim-work.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import { defineTool } from "../tool.ts";

const Id = v.pipe(v.string(), v.minLength(1));

/** `ouroboros_claim_work`: one step of a run for one of the host's agents, its own for half an hour at a time. */
export const ouroborosClaimWork = defineTool({
  name: "ouroboros_claim_work",
  title: "Claim work",
  description:
    "Takes one open step of a run that waits for the host (needs_host), for you or a sub-agent alone. Do it in cwd, then hand it in with ouroboros_submit and the claim_epoch. Several may claim at once: each gets another step. A claim lives 30 minutes.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    session_id: v.optional(v.pipe(Id, v.description("Only of this session"))),
    work_id: v.optional(v.pipe(Id, v.description("This very step (work_…)"))),
    claim_epoch: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.description("With work_id: extends the claim you hold")),
    ),
  }),
  output: v.object({
    work_id: v.string(),
    claim_epoch: v.number(),
    expires_at: v.string(),
    session_id: v.string(),
    cwd: v.string(),
    instructions: v.string(),
    input: v.string(),
    answer_schema: v.record(v.string(), v.unknown()),
    submit_with: v.string(),
    left: v.number(),
  }),
  async run({ session_id, work_id, claim_epoch }, { context }) {
    const by = readHostBinding(process.env).host_session_id ?? "an MCP host";
    const claimed = await claimWork(context, { sessionId: session_id, workId: work_id, claimEpoch: claim_epoch, by });
    if (isRefusal(claimed)) return claimed;
    const { cwd, expires_at, left } = claimed;
    const more = left === 0 ? "No other step is open." : `${left} more ${left === 1 ? "is" : "are"} open.`;
    return {
      value: { ...claimed },
      text: `Yours until ${expires_at}: ${claimed.work_id}, claim ${claimed.claim_epoch}, in ${cwd}. ${more}`,
    };
  },
});
