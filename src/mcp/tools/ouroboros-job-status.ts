import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { jobStatus } from "../../views/job.ts";
import { describeJob, JOB_ID, JOB_OUTPUT, VIEW, withoutNulls } from "../job-answer.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_job_status`: one background job, as its rows, its session and its owner tell it now. */
export const ouroborosJobStatus = defineTool({
  name: "ouroboros_job_status",
  title: "Job status",
  description: "Shows how a background job stands now, at once. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({ job_id: JOB_ID, view: VIEW }),
  output: v.looseObject(JOB_OUTPUT),
  async run({ job_id, view }, { context }) {
    const job = await jobStatus(context, job_id);
    if (isRefusal(job)) return job;
    return { value: withoutNulls({ ...job }), text: describeJob(job, view) };
  },
});
