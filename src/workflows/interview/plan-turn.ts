import { isRefusal, type Refusal } from "../../base/refusal.ts";
import {
  answeredRounds,
  currentAssessment,
  type Interview,
  type Plan,
  pendingRound,
  qualifies,
  STREAK,
  transcriptHash,
} from "../../domain/interview/interview.ts";
import { INTERVIEW_COMPLETED, INTERVIEW_SCORED, QUESTION_ASKED } from "../../domain/interview/interview-events.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import type { Minds } from "../../minds/minds.ts";
import { changeInterview, interviewScope, readInterview, unknownInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";
import type { Draft } from "../../store/streams.ts";
import type { Caller } from "../caller.ts";
import { thinkOn } from "../think-on.ts";
import { turnQuestion } from "./turn-question.ts";

/**
 * An interview as it stands after a turn. With a work order, the host is to do the thinking first; in progress without one and
 * without a question, a mind is still at it.
 */
export interface Turn {
  readonly interview: Interview;
  readonly work: WorkOrder | null;
}

/**
 * Sees to it that an interview has its scores and its next question, and ends it when it is clear: one question to one mind,
 * none where that transcript was scored before. The answer it works on is in the store, so whatever goes wrong, a later call goes on.
 */
export async function planTurn(
  { store, minds }: { readonly store: Store; readonly minds: Minds },
  interviewId: string,
  caller: Caller,
  signal: AbortSignal,
): Promise<Turn | Refusal> {
  const interview = await readInterview(store, interviewId);
  if (!interview) return unknownInterview(interviewId);
  if (interview.status === "aborted" || isPlanned(interview)) return { interview, work: null };
  const hash = transcriptHash(interview);
  const known = interview.plans.get(hash);
  if (known) return settle(store, interviewId, known);
  const turn = await thinkOn(
    store,
    `turn ${interviewId} ${hash}`,
    { patienceMs: caller.patienceMs, signal },
    async (thinking) => {
      const host = { store, scope: interviewScope(interviewId), continuation: caller.continuation };
      const mind = await minds.open({ role: "standard", hasHost: caller.hasHost, word: caller.mind, host });
      if (isRefusal(mind)) return recoverable(mind, interviewId);
      const answer = await mind.ask(turnQuestion(interview), thinking);
      if (isRefusal(answer)) return recoverable(answer, interviewId);
      if (answer.status === "needs_host") return { interview, work: answer.work };
      const { scores: claims, missing, question } = answer.value;
      const asked = { classification: null, reframed_from: null, ...question };
      return settle(store, interviewId, { transcript_hash: hash, claims, missing, question: asked, by: answer.by });
    },
  );
  return turn ?? { interview, work: null };
}

/** Scored, and with a question to go on with unless it has ended. */
function isPlanned(interview: Interview): boolean {
  const isAsked = interview.status === "completed" || pendingRound(interview) !== undefined;
  return isAsked && currentAssessment(interview) !== undefined;
}

/** Records what a mind has made of a transcript, if the interview still stands where it stood. */
async function settle(store: Store, interviewId: string, plan: Plan): Promise<Turn | Refusal> {
  const interview = await changeInterview(store, interviewId, (now) => {
    const hasMoved = now.status === "aborted" || transcriptHash(now) !== plan.transcript_hash;
    return hasMoved || isPlanned(now) ? [] : draftsOf(now, plan);
  });
  return isRefusal(interview) ? interview : { interview, work: null };
}

function draftsOf(interview: Interview, plan: Plan): Draft[] {
  const isScored = currentAssessment(interview) !== undefined;
  const scored: Draft[] = isScored ? [] : [[INTERVIEW_SCORED, { ...plan }]];
  if (interview.status === "completed") return scored;
  const answered = answeredRounds(interview).length;
  if (!isScored && qualifies(interview, plan.claims) && interview.streak + 1 >= STREAK) {
    return [...scored, [INTERVIEW_COMPLETED, { total_rounds: answered, by: "clear" }]];
  }
  return [...scored, [QUESTION_ASKED, { round_number: answered + 1, ...plan.question, by: plan.by }]];
}

/** The answer is safe, and the same call goes on from there. */
function recoverable(refusal: Refusal, interviewId: string): Refusal {
  const next = `${refusal.next}. The interview is kept: call again with session_id ${interviewId} to go on`;
  return { ...refusal, next, facts: { ...refusal.facts, session_id: interviewId, recoverable: true } };
}
