import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { jobResult } from "../../views/job-result.ts";
import { describeJob, JOB_ID, JOB_OUTPUT, withoutNulls } from "../job-answer.ts";
import { defineTool } from "../tool.ts";

/** `ouroboros_job_result`: what a job came to; of one that is under way, how to wait for it. */
export const ouroborosJobResult = defineTool({
  name: "ouroboros_job_result",
  title: "Job result",
  description: "Returns what a finished job came to; of a running one, how it stands. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({ job_id: JOB_ID }),
  output: v.looseObject({ ...JOB_OUTPUT, result_text: v.optional(v.string()), is_error: v.boolean() }),
  async run({ job_id }, { context }) {
    const job = await jobResult(context, job_id);
    if (isRefusal(job)) return job;
    const head = job.note === null ? job.status : `${job.status} (${job.note})`;
    const text =
      job.result_text === null
        ? `No result yet: the job is ${head}.\n${describeJob(job, "summary")}`
        : `Job ${job.job_id}: ${head}\n\n${job.result_text}`;
    return { value: withoutNulls({ ...job }), text };
  },
});
