import { isRefusal, type Refusal, refuse } from "../../../base/refusal.ts";
import type { Interview } from "../../../domain/interview/interview.ts";
import { listInterviews, unknownInterview } from "../../../store/interviews.ts";
import { importInterviews } from "../../../workflows/interview/import-interview.ts";
import { findInterview, type InterviewWorld } from "../../../workflows/interview/interview-call.ts";
import { ambiguous } from "../../../workflows/seed/find-seed.ts";

const MOST_INTERVIEWS = 10_000;

/** The whole id of an interview named by it or by its beginning, with or without `interview_`. */
export async function resolveInterview(world: InterviewWorld, given: string): Promise<string | Refusal> {
  const exact = await findInterview(world, given);
  if (!isRefusal(exact)) return exact.interview_id;
  const ids = (await knownInterviews(world, MOST_INTERVIEWS)).map(({ interview_id }) => interview_id);
  const meant = ids.filter((id) => id.startsWith(given) || id.startsWith(`interview_${given}`)).sort();
  const [only] = meant;
  if (only === undefined || given === "") return unknownInterview(given);
  return meant.length > 1 ? ambiguous("interview", given, meant) : only;
}

/** The one somebody worked on last that has not ended. */
export async function latestUnfinished(world: InterviewWorld): Promise<string | Refusal> {
  const open = (await knownInterviews(world, MOST_INTERVIEWS)).filter(({ status }) => status === "in_progress");
  const [latest] = open.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at));
  if (latest) return latest.interview_id;
  return refuse("not_found", "No interview waits to be finished", 'Begin one: `ouroboros interview "what you want"`');
}

/** Interviews, the one begun last first; those of upstream's files taken in first where the store can be written. */
export async function knownInterviews({ store, home }: InterviewWorld, limit: number): Promise<readonly Interview[]> {
  if (store.access === "write") await importInterviews(store, home);
  return listInterviews(store, limit);
}
