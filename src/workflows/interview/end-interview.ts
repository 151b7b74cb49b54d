import { type Refusal, refuse } from "../../base/refusal.ts";
import { blockersOfPerson } from "../../domain/interview/blockers.ts";
import { answeredRounds, type Interview } from "../../domain/interview/interview.ts";
import { INTERVIEW_ABORTED, INTERVIEW_COMPLETED } from "../../domain/interview/interview-events.ts";
import { changeInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";

/** Ends an interview because a person says that it is enough; refused, with what is missing, while it is not clear. */
export async function completeInterview(store: Store, interviewId: string, by: string): Promise<Interview | Refusal> {
  return changeInterview(store, interviewId, (interview) => {
    if (interview.status === "completed") return [];
    if (interview.status === "aborted") return givenUp(interview);
    const blockers = blockersOfPerson(interview);
    if (blockers.length > 0) {
      return refuse(
        "not_clear_yet",
        `${interviewId} is not clear enough to end: ${blockers.map(({ message }) => message).join("; ")}`,
        `Go on with the open question; or ${interview.kind === "product" ? 'call ouroboros_pm_interview with action "generate" and' : "call ouroboros_generate_seed with"} force, which keeps the true score`,
        { session_id: interviewId, blockers },
      );
    }
    return [[INTERVIEW_COMPLETED, { total_rounds: answeredRounds(interview).length, by }]];
  });
}

/** Gives an interview up; everything said stays readable. */
export async function abortInterview(
  store: Store,
  interviewId: string,
  { by, reason }: { readonly by: string; readonly reason: string | null },
): Promise<Interview | Refusal> {
  return changeInterview(store, interviewId, (interview) => {
    if (interview.status === "aborted") return [];
    return [[INTERVIEW_ABORTED, { by, reason }]];
  });
}

function givenUp({ interview_id }: Interview): Refusal {
  return refuse("interview_aborted", `${interview_id} was given up`, "Start another one", { session_id: interview_id });
}
