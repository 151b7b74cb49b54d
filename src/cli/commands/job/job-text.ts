import type { JobStatus } from "../../../domain/job.ts";
import type { JobView } from "../../../views/job.ts";
import { EXIT } from "../../exit-code.ts";
import { fields } from "../../render.ts";
import type { Colour, Style } from "../../style.ts";

const COLOURS: Partial<Record<JobStatus, Colour>> = {
  running: "green",
  cancel_requested: "yellow",
  interrupted: "yellow",
  failed: "red",
  completed: "dim",
  cancelled: "dim",
};

/** The colour a job's status is shown in. */
export function jobColour(status: JobStatus): Colour | undefined {
  return COLOURS[status];
}

/** One job as named values. */
export function jobFields(style: Style, view: JobView): string {
  return fields(style, [
    ["Job", view.job_id],
    ["Type", view.job_type],
    ["Status", view.status],
    ["Why", view.note],
    ["Message", view.message],
    ["Error", view.error],
    ["Phase", view.current_phase],
    ["Activity", view.activity],
    ["Criteria", criteria(view)],
    ["Session", view.session_id],
    ["Execution", view.execution_id],
    ["Lineage", view.lineage_id],
    ["Created", utc(view.created_at)],
    ["Updated", utc(view.updated_at)],
    ["Cursor", view.cursor],
  ]);
}

/** One line on how far a job is. */
export function jobLine(view: JobView): string {
  const parts = [view.status, view.current_phase, criteria(view), view.activity, view.message];
  return `${view.job_id}: ${parts.filter((part) => part !== null).join(", ")}`;
}

/** What the shell is told of a job that was waited for: 3 while it is under way, 1 for an end that is no success. */
export function jobExitCode({ status, is_terminal }: JobView): number {
  if (!is_terminal) return EXIT.notReady;
  return status === "completed" ? EXIT.ok : EXIT.failure;
}

function criteria({ ac_completed, ac_total }: JobView): string | null {
  return ac_completed === null || ac_total === null ? null : `${ac_completed} of ${ac_total} done`;
}

function utc(iso: string): string {
  return `${iso.replace("T", " ").slice(0, 19)} UTC`;
}
