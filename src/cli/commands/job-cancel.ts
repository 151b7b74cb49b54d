import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { cancelJob } from "../../sessions/jobs/cancel-job.ts";
import { jobStatus } from "../../views/job.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines } from "../render.ts";

/** `ouroboros job cancel ID`: the job and the session it runs, for good. */
export function jobCancel(
  { interruption }: Cli,
  flags: SharedFlags & { readonly reason?: string | undefined },
  id: string,
): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const { signal } = interruption;
    const request = { jobId: id, reason: flags.reason ?? "Cancelled by user", by: "user", signal };
    const done = await cancelJob(context, request);
    if (isRefusal(done)) return done;
    const job = await jobStatus(context, id);
    if (isRefusal(job)) return job;
    return { json: { ...job, ...done }, text: lines([`${id}: ${done.note}. It is now ${job.status}.`]) };
  });
}
