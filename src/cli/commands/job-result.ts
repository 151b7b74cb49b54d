import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { jobResult as resultOf } from "../../views/job-result.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, oneLine } from "../render.ts";
import { jobExitCode, jobFields } from "./job/job-text.ts";

/** `ouroboros job result ID`: the text a job ended with; exit code 3 while it has none, 1 where it is no success. */
export function jobResult({ style }: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const view = await resultOf(context, id);
    if (isRefusal(view)) return view;
    const result = view.result_text?.split(/\r?\n/).map(oneLine);
    const text = result === undefined ? jobFields(style, view) : lines(result);
    return { json: view, text, exitCode: jobExitCode(view) };
  });
}
