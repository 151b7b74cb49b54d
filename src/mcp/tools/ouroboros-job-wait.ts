import * as v from "valibot";
import { isRefusal } from "../../base/refusal.ts";
import { WAIT_FOR, type WaitFor } from "../../domain/job-news.ts";
import type { JobView } from "../../views/job.ts";
import { jobWait } from "../../views/job-wait.ts";
import { describeJob, describeProgress, JOB_ID, JOB_OUTPUT, JOB_VIEWS, VIEW, withoutNulls } from "../job-answer.ts";
import { defineTool, type ToolCall } from "../tool.ts";

/** Hosts end a call that takes longer than a minute, some earlier. */
const LONGEST_SECONDS = 40;

const STREAMS = {
  progress: "progress",
  default: "progress",
  execution: "progress",
  linked: "linked",
  events: "linked",
  all: "linked",
  children: "linked",
  subagents: "linked",
} as const;

/** `ouroboros_job_wait`: waits for news of a job, never long; the cursor takes the next call on from there. */
export const ouroborosJobWait = defineTool({
  name: "ouroboros_job_wait",
  title: "Wait for a job",
  description:
    "Waits until a job has news after `cursor`, has ended, or the time is over; call it again with the cursor it returns. Reads only.",
  toolset: "sessions",
  effect: "reads",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  alwaysLoad: false,
  input: v.object({
    job_id: JOB_ID,
    cursor: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(0), v.description("From the answer before; 0 at first")),
      0,
    ),
    timeout_seconds: v.optional(
      v.pipe(v.number(), v.description(`Wait at most this long; ${LONGEST_SECONDS} at most`)),
      30,
    ),
    view: VIEW,
    stream: v.optional(
      v.pipe(v.picklist(Object.keys(STREAMS) as (keyof typeof STREAMS)[]), v.description("linked: also the events")),
      "progress",
    ),
    wait_for: v.optional(
      v.pipe(
        v.picklist(Object.keys(WAIT_FOR) as (keyof typeof WAIT_FOR)[]),
        v.description("What counts as news: any event (raw), a criterion's outcome, trouble, a phase, the end"),
      ),
      "raw",
    ),
  }),
  output: v.looseObject({ ...JOB_OUTPUT, changed: v.boolean(), wait_timed_out: v.boolean() }),
  async run(input, { context, signal, progress }) {
    const timeout_seconds = Math.min(LONGEST_SECONDS, Math.max(0, input.timeout_seconds));
    const waitFor: WaitFor = WAIT_FOR[input.wait_for];
    const job = await jobWait(context, {
      jobId: input.job_id,
      cursor: input.cursor,
      timeoutMs: timeout_seconds * 1000,
      waitFor,
      stream: STREAMS[input.stream],
      signal,
      tell: (view, waitedMs) => tell(progress, view, waitedMs / 1000, timeout_seconds),
    });
    if (isRefusal(job)) return job;
    const value = {
      ...job,
      timeout_seconds,
      timeout_seconds_requested: input.timeout_seconds,
      timeout_seconds_capped: timeout_seconds !== input.timeout_seconds,
    };
    if (job.changed) return { value: withoutNulls(value), text: describeJob(job, input.view) };
    if (JOB_VIEWS[input.view] !== "compact") {
      return { value: withoutNulls(value), text: `${describeJob(job, input.view)}\nNo news after the cursor.` };
    }
    const { job_id, status, is_terminal, result_available, cursor, changed, wait_timed_out } = job;
    const short = { job_id, status, is_terminal, result_available, cursor, changed, wait_timed_out };
    return { value: short, text: `unchanged cursor=${cursor}` };
  },
});

/** Progress has to grow with each notification: time does, whatever the job does. */
function tell(progress: ToolCall["progress"], view: JobView, waited: number, total: number): Promise<void> {
  return progress(Math.min(waited, total), total, describeProgress(view));
}
