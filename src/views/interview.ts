import { READY_AT } from "../domain/interview/ambiguity.ts";
import { type Blocker, blockersOf } from "../domain/interview/blockers.ts";
import {
  answeredRounds,
  assessmentOf,
  currentAssessment,
  type Interview,
  pendingRound,
  STREAK,
} from "../domain/interview/interview.ts";
import { isPersonsTurn } from "../domain/interview/provenance.ts";
import type { WorkOrder } from "../minds/mind.ts";

/** Where an interview stands, with everything that a host, a program or a terminal needs to go on. */
export interface InterviewView {
  readonly session_id: string;
  readonly kind: Interview["kind"];
  /** `needs_host`: the host's model does the work order first. `question`: one is open. */
  readonly status: "question" | "needs_host" | "needs_turn" | "completed" | "aborted";
  readonly round: number | null;
  readonly question:
    | (NonNullable<ReturnType<typeof pendingRound>>["question"] & { readonly persons_turn: boolean })
    | null;
  readonly answered_rounds: number;
  readonly is_brownfield: boolean;
  /** Null until something has been scored. */
  readonly ambiguity: {
    readonly score: number;
    readonly threshold: number;
    readonly ready: boolean;
    /** Something was said since: these are the numbers from before. */
    readonly stale: boolean;
    readonly weakest: string;
    readonly dimensions: NonNullable<ReturnType<typeof currentAssessment>>["dimensions"];
  } | null;
  readonly completion: { readonly streak: number; readonly required: number; readonly blockers: readonly Blocker[] };
  readonly missing: readonly { readonly dimension: string; readonly what: string }[];
  readonly decide_later: readonly string[];
  readonly work: WorkOrder | null;
}

/** An interview as it is shown; `work` when the host is to think first. */
export function viewInterview(interview: Interview, work: WorkOrder | null): InterviewView {
  const { interview_id, kind, is_brownfield, streak, plan } = interview;
  const answered = answeredRounds(interview);
  const pending = pendingRound(interview);
  const persons_turn = isPersonsTurn(answered.map(({ answer }) => answer.source));
  return {
    session_id: interview_id,
    kind,
    status: statusOf(interview, work),
    round: pending?.number ?? null,
    question: pending ? { ...pending.question, persons_turn } : null,
    answered_rounds: answered.length,
    is_brownfield,
    ambiguity: ambiguityOf(interview),
    completion: { streak, required: STREAK, blockers: interview.status === "completed" ? [] : blockersOf(interview) },
    missing: plan?.missing ?? [],
    decide_later: answered.flatMap(({ question, answer }) => (answer.source === "later" ? [question.text] : [])),
    work,
  };
}

function statusOf(interview: Interview, work: WorkOrder | null): InterviewView["status"] {
  if (interview.status !== "in_progress") return interview.status;
  if (work) return "needs_host";
  return pendingRound(interview) ? "question" : "needs_turn";
}

function ambiguityOf(interview: Interview): InterviewView["ambiguity"] {
  const assessment = assessmentOf(interview);
  if (!assessment) return null;
  const { ambiguity: score, ready, weakest, dimensions } = assessment;
  const stale = currentAssessment(interview) === undefined;
  return { score, threshold: READY_AT, ready, stale, weakest, dimensions };
}
