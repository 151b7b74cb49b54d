import { type Refusal, refuse } from "../base/refusal.ts";
import { foldInterview, type Interview } from "../domain/interview/interview.ts";
import { INTERVIEW_IMPORTED, INTERVIEW_STARTED } from "../domain/interview/interview-events.ts";
import type { Store } from "./store.ts";
import { appendDrafts, changeStream, type Draft, readStream, streamsBegunBy } from "./streams.ts";

const AGGREGATE = "interview";

/** The stream of an interview, for what is recorded beside it. */
export function interviewScope(interviewId: string) {
  return { aggregateType: AGGREGATE, aggregateId: interviewId };
}

/** Reads an interview; undefined when this store has none of ours under this id. */
export async function readInterview(store: Store, interviewId: string): Promise<Interview | undefined> {
  return foldInterview(interviewId, (await readStream(store, AGGREGATE, interviewId)).events);
}

/** Every interview of this store, the one that was begun last first. */
export async function listInterviews(store: Store, limit: number): Promise<readonly Interview[]> {
  const ids = await streamsBegunBy(store, [INTERVIEW_STARTED, INTERVIEW_IMPORTED], limit);
  const interviews = await Promise.all(ids.map((id) => readInterview(store, id)));
  return interviews.filter((one) => one !== undefined);
}

/** Writes the first rows of an interview; `taken` when there is one of this id. Upstream's own rows are no interview of ours. */
export async function beginInterview(
  store: Store,
  interviewId: string,
  drafts: readonly Draft[],
): Promise<"written" | "taken"> {
  const { events, newestRowid } = await readStream(store, AGGREGATE, interviewId);
  if (foldInterview(interviewId, events)) return "taken";
  const written = await appendDrafts(store, interviewScope(interviewId), newestRowid, drafts);
  return written === "written" ? "written" : "taken";
}

/**
 * Changes an interview: `decide` sees it as it stands and says what is to be written, or why not. When somebody else has
 * written meanwhile it is asked again, so that of two who answer the same question one is recorded and the other one refused.
 */
export async function changeInterview(
  store: Store,
  interviewId: string,
  decide: (interview: Interview) => readonly Draft[] | Refusal,
): Promise<Interview | Refusal> {
  const changed = await changeStream(
    store,
    interviewScope(interviewId),
    (events) => foldInterview(interviewId, events),
    (now) => (now ? decide(now) : unknownInterview(interviewId)),
  );
  if (changed !== "busy") return changed ?? unknownInterview(interviewId);
  return refuse(
    "interview_busy",
    `Cannot change ${interviewId}: others keep writing to it`,
    "Ask for its state, then call again",
    { session_id: interviewId },
  );
}

/** There is no such interview. */
export function unknownInterview(interviewId: string): Refusal {
  return refuse(
    "not_found",
    `There is no interview ${JSON.stringify(interviewId.slice(0, 100))} in this store`,
    "Start one with initial_context; `ouroboros interview list` shows those that exist",
  );
}
