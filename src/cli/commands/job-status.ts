import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { jobStatus as statusOf } from "../../views/job.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { jobFields } from "./job/job-text.ts";

/** `ouroboros job status ID` */
export function jobStatus({ style }: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const view = await statusOf(context, id);
    return isRefusal(view) ? view : { json: view, text: jobFields(style, view) };
  });
}
