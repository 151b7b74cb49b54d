import * as v from "valibot";
import { JOB_STATUSES } from "../domain/job.ts";
import type { JobView } from "../views/job.ts";

/** How much of a job's text is wanted: upstream's three sizes under all its names. */
export const JOB_VIEWS = {
  full: "full",
  default: "full",
  tree: "full",
  verbose: "full",
  summary: "summary",
  compact: "compact",
  brief: "compact",
} as const;
type ViewName = keyof typeof JOB_VIEWS;

/** The arguments and the answer that the job tools share. */
export const JOB_ID = v.pipe(v.string(), v.minLength(1), v.description("Id of the job (job_…)"));
export const VIEW = v.optional(
  v.pipe(v.picklist(Object.keys(JOB_VIEWS) as ViewName[]), v.description("How much text: full, summary or compact")),
  "full",
);
export const JOB_OUTPUT = {
  job_id: v.string(),
  status: v.picklist(JOB_STATUSES),
  is_terminal: v.boolean(),
  result_available: v.boolean(),
  cursor: v.number(),
};

/** A value without its nulls: a job knows many things only sometimes. */
export function withoutNulls<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], null> } {
  const known = Object.entries(value).filter(([, one]) => one !== null);
  // A key that is left out reads as undefined, which every optional key of the schemas allows.
  return Object.fromEntries(known) as { [K in keyof T]: Exclude<T[K], null> };
}

/** How far a job is, on one line. */
export function describeProgress(view: JobView): string {
  const parts = [view.status, view.current_phase, criteria(view), view.activity, view.message];
  return parts.filter((part) => part !== null).join(", ");
}

/** A job in words. */
export function describeJob(view: JobView, name: ViewName): string {
  const size = JOB_VIEWS[name];
  if (size === "compact") {
    const parts = [view.job_id, view.status, view.current_phase, criteria(view), `cursor ${view.cursor}`];
    return parts.filter((part) => part !== null).join(" | ");
  }
  const lines: (readonly [string, string | number | null])[] = [
    ["Job", view.job_id],
    ["Status", view.note === null ? view.status : `${view.status} (${view.note})`],
    ["Progress", [view.current_phase, criteria(view), view.activity].filter((part) => part !== null).join(", ")],
    ["Message", view.message],
    ["Cursor", view.cursor],
  ];
  if (size === "full") {
    lines.splice(1, 0, ["Type", view.job_type]);
    lines.push(["Session", view.session_id], ["Execution", view.execution_id], ["Lineage", view.lineage_id]);
    lines.push(["Created", view.created_at], ["Updated", view.updated_at], ["Error", view.error]);
  }
  const shown = lines.filter(([, value]) => value !== null && value !== "");
  return [...shown.map(([label, value]) => `${label}: ${value}`), `Next: ${view.next}`].join("\n");
}

function criteria({ ac_completed, ac_total }: JobView): string | null {
  return ac_total === null ? null : `AC ${ac_completed ?? 0}/${ac_total}`;
}
