import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { cancelJob } from "../../sessions/jobs/cancel-job.ts";
import { jobStatus } from "../../views/job.ts";
import { describeJob, JOB_ID, JOB_OUTPUT, withoutNulls } from "../job-answer.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_cancel_job`: a person's cancellation of a job and of the session it runs. */
export const ouroborosCancelJob = defineTool({
  name: "ouroboros_cancel_job",
  title: "Cancel job",
  description: "Cancels a background job, and for good the session it runs. Ask the person first.",
  toolset: "sessions",
  effect: "acts",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({ job_id: JOB_ID }),
  output: v.looseObject({ ...JOB_OUTPUT, outcome: v.picklist(["already_ended", "cancelled", "cancel_requested"]) }),
  async run({ job_id }, { context, signal }) {
    const request = { jobId: job_id, reason: "Cancelled by user", by: "mcp_tool", signal };
    const done = await cancelJob(context, request);
    if (isRefusal(done)) return done;
    const job = await jobStatus(context, job_id);
    if (isRefusal(job)) return job;
    const value = withoutNulls({ ...job, outcome: done.outcome, outcome_note: done.note });
    return { value, text: `Job ${job_id}: ${done.note}\n${describeJob(job, "summary")}` };
  },
});
