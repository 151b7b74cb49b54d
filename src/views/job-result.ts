import { isRefusal, type Refusal } from "../base/refusal.ts";
import type { Payload } from "../domain/event.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import { type JobView, type SeenJob, seeJob } from "./job.ts";

/** What a job came to: its own words, or what its session tells. */
export interface JobResultView extends JobView {
  /** Null while the job is under way. */
  readonly result_text: string | null;
  readonly result_meta: Payload | null;
  /** Upstream's word for an end that is no success. */
  readonly is_error: boolean;
}

const MOST_CHARS = 20_000;

/** The result of a job; of one that is under way, how it stands. */
export async function jobResult(context: SessionContext, jobId: string): Promise<JobResultView | Refusal> {
  const seen = await seeJob(context, jobId);
  if (isRefusal(seen)) return seen;
  const { view, judged } = seen;
  return {
    ...view,
    result_text: view.is_terminal ? cut(resultText(seen)) : null,
    result_meta: judged.job.result_meta,
    is_error: view.is_terminal && view.status !== "completed",
  };
}

function resultText(seen: SeenJob): string {
  const { view, judged } = seen;
  const { result_text, error } = judged.job;
  return result_text ?? error ?? sessionText(seen) ?? view.note ?? view.message ?? `Job ${view.status}`;
}

function sessionText({ view, judged, progress }: SeenJob): string | null {
  const session = judged.session?.facts.session;
  if (!session) return null;
  const { liveness, why } = judged.session?.verdict ?? {};
  const isRunning = session.status === "running";
  const lines = [`Session ${session.session_id}: ${session.status}${isRunning ? ` (${liveness}: ${why})` : ""}`];
  if (session.reason !== null) lines.push(`Reason: ${session.reason}`);
  if (session.goal !== null) lines.push(`Goal: ${session.goal}`);
  if (view.ac_completed !== null && view.ac_total !== null) {
    lines.push(`Criteria: ${view.ac_completed} of ${view.ac_total} done`);
  }
  const criteria = progress?.keys.acceptance_criteria;
  if (Array.isArray(criteria)) lines.push(...criteria.flatMap(criterionLine));
  return lines.join("\n");
}

function criterionLine(criterion: unknown): string[] {
  if (typeof criterion !== "object" || criterion === null) return [];
  const { status, content } = criterion as { status?: unknown; content?: unknown };
  return typeof content === "string" ? [`- [${typeof status === "string" ? status : "unknown"}] ${content}`] : [];
}

function cut(text: string): string {
  if (text.length <= MOST_CHARS) return text;
  return `${text.slice(0, MOST_CHARS)}\n[cut here: the first ${MOST_CHARS} of ${text.length} characters]`;
}
