import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { WAIT_FOR } from "../../domain/job-news.ts";
import { jobWait as waitFor } from "../../views/job-wait.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { look } from "../open.ts";
import { oneLine } from "../render.ts";
import { jobExitCode, jobFields, jobLine } from "./job/job-text.ts";

export type JobWaitFlags = SharedFlags & {
  readonly cursor?: number | undefined;
  readonly timeoutSeconds?: number | undefined;
  readonly waitFor?: keyof typeof WAIT_FOR | undefined;
};

/** Far enough for any run, near enough for a timer. */
const A_WEEK_MS = 7 * 24 * 3600 * 1000;

/**
 * `ouroboros job wait ID`: until the job has ended, or for what --wait-for names; how far it is goes to stderr. Exit code
 * 0 when what was waited for has come, 1 for an end that is no success, 3 when the time was over first.
 */
export function jobWait(cli: Cli, flags: JobWaitFlags, id: string): Promise<Answer | Refusal | number> {
  return look<Answer | Refusal | number>(flags, async (context) => {
    const { signal } = cli.interruption;
    const view = await waitFor(context, {
      jobId: id,
      cursor: flags.cursor ?? 0,
      timeoutMs: flags.timeoutSeconds === undefined ? A_WEEK_MS : flags.timeoutSeconds * 1000,
      waitFor: WAIT_FOR[flags.waitFor ?? "terminal"],
      stream: "progress",
      signal,
      tell: (job) => cli.errors.write(`${oneLine(jobLine(job))}\n`),
    });
    if (isRefusal(view)) return view;
    if (signal.aborted) return EXIT.interrupted;
    const exitCode = view.changed && !view.is_terminal ? EXIT.ok : jobExitCode(view);
    return { json: view, text: jobFields(cli.style, view), exitCode };
  });
}
