import { listJobs } from "../../views/job.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";
import { jobColour } from "./job/job-text.ts";

export type JobListFlags = SharedFlags & {
  readonly limit?: number | undefined;
  readonly cursor?: number | undefined;
};

const STANDARD_LIMIT = 20;

/** `ouroboros job list`: a page of them, newest first, each judged now. */
export function jobList({ style }: Cli, flags: JobListFlags): Promise<Answer> {
  return look(flags, async (context) => {
    const page = await listJobs(context, { limit: flags.limit ?? STANDARD_LIMIT, cursor: flags.cursor });
    const rows = table(
      style,
      [
        { heading: "STATUS", cell: (job) => job.status, colour: (job) => jobColour(job.status) },
        { heading: "JOB", cell: (job) => job.job_id },
        { heading: "TYPE", cell: (job) => job.job_type },
        { heading: "SESSION", cell: (job) => job.session_id ?? "" },
        { heading: "CREATED (UTC)", cell: (job) => job.created_at.replace("T", " ").slice(0, 19) },
        { heading: "MESSAGE", cell: (job) => job.note ?? job.message ?? "", grows: true },
      ],
      page.jobs,
    );
    const more = page.cursor === null ? [] : [`More: ouroboros job list --cursor ${page.cursor}`];
    const text = !style.forPeople ? rows : page.jobs.length === 0 ? lines(["No jobs."]) : rows + lines(more);
    return { json: page, text };
  });
}
