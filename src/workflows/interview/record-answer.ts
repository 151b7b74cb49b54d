import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { answeredRounds, type Interview, pendingRound } from "../../domain/interview/interview.ts";
import {
  INTERVIEW_REOPENED,
  QUESTION_ASKED,
  RESPONSE_AMENDED,
  RESPONSE_RECORDED,
  RESPONSE_WITHDRAWN,
} from "../../domain/interview/interview-events.ts";
import { isPersonsTurn, readProvenance, type Source } from "../../domain/interview/provenance.ts";
import { changeInterview } from "../../store/interviews.ts";
import type { Store } from "../../store/store.ts";
import type { Draft } from "../../store/streams.ts";
import { cleanText } from "./clean-text.ts";

/** Upstream's limit for one answer. */
const MOST_ANSWER_CHARS = 10_000;
const PREVIEW_CHARS = 200;

export interface AnswerRequest {
  readonly answer: string;
  /** The round it belongs to; whoever passes it can call again after a lost reply. */
  readonly round?: number | undefined;
  /** The question as it was put to whoever answered; also one that nobody here had asked. */
  readonly question?: string | undefined;
  readonly by: string;
}

/** Records an answer before anybody is asked what follows from it. The same answer again changes nothing. */
export async function recordAnswer(
  store: Store,
  interviewId: string,
  request: AnswerRequest,
): Promise<Interview | Refusal> {
  const said = readAnswer(request.answer);
  if (isRefusal(said)) return said;
  const question = cleanText(cleanText(request.question ?? "").slice(0, 2000)) || undefined;
  return changeInterview(store, interviewId, (interview) => decide(interview, { ...request, question }, said));
}

/** Puts another answer in the place of an earlier one; what was said before is kept. */
export async function amendAnswer(
  store: Store,
  interviewId: string,
  { round, answer, by }: AnswerRequest & { readonly round: number },
): Promise<Interview | Refusal> {
  const said = readAnswer(answer);
  if (isRefusal(said)) return said;
  return changeInterview(store, interviewId, (interview) => {
    const closed = closedRefusal(interview, "amended");
    if (closed) return closed;
    const amended = answeredRounds(interview).find(({ number }) => number === round);
    if (!amended) return noSuchRound(interview, round);
    if (amended.answer.text === said.text && amended.answer.source === said.source) return [];
    return [...reopening(interview, by), [RESPONSE_AMENDED, { ...toResponse(round, amended.question.text, said), by }]];
  });
}

/** Takes the last answer back: its question is open again. With its round, the same again changes nothing. */
export async function withdrawAnswer(
  store: Store,
  interviewId: string,
  { round, by }: { readonly round?: number | undefined; readonly by: string },
): Promise<Interview | Refusal> {
  return changeInterview(store, interviewId, (interview) => {
    const closed = closedRefusal(interview, undefined);
    if (closed) return closed;
    const last = answeredRounds(interview).at(-1);
    const number = last?.number ?? 0;
    if (round === number + 1) return [];
    if (round !== undefined && round !== number) return noSuchRound(interview, round);
    if (last) return [[RESPONSE_WITHDRAWN, { round_number: number, by }]];
    return refuse("nothing_to_undo", "There is no answer to take back", "Answer the open question", {
      session_id: interviewId,
    });
  });
}

interface Said {
  readonly text: string;
  readonly source: Source;
}

function readAnswer(answer: string): Said | Refusal {
  const { text, source } = readProvenance(cleanText(answer));
  if (text.length > MOST_ANSWER_CHARS) {
    return refuse(
      "answer_too_long",
      `Cannot record an answer of ${text.length} characters: at most ${MOST_ANSWER_CHARS} are taken`,
      "Say what was decided in fewer words; nothing was recorded",
      { max_chars: MOST_ANSWER_CHARS, recoverable: true },
    );
  }
  if (text === "" && source === "later") return { text: "To be decided later", source };
  if (text === "") return refuse("empty_answer", "The answer is empty", "Answer, or pass [decide_later]");
  return { text, source };
}

function decide(interview: Interview, request: AnswerRequest, said: Said): readonly Draft[] | Refusal {
  const { round, question, by } = request;
  const answered = answeredRounds(interview);
  const pending = pendingRound(interview);
  const repeated = answered.find(({ number }) => number === (round ?? answered.length));
  const isSame = repeated?.answer.text === said.text && repeated.answer.source === said.source;
  // "Yes" may well be the answer to two: without a number, the question says which, or that no other one is open.
  const isToIt = round !== undefined || (question === undefined ? !pending : question === repeated?.question.text);
  if (isSame && isToIt) return [];
  const closed = closedRefusal(interview, question);
  if (closed) return closed;
  if (round !== undefined && round !== (pending?.number ?? answered.length + 1)) return moved(interview, round);
  if (
    said.source !== "person" &&
    said.source !== "later" &&
    isPersonsTurn(answered.map(({ answer }) => answer.source))
  ) {
    return refuse(
      "persons_turn",
      "The last answers were all read off the code or looked up: this question is the person's",
      "Ask them, and pass what they say without a mark or with [from-user]",
      { session_id: interview.interview_id },
    );
  }
  if (pending)
    return [[RESPONSE_RECORDED, { ...toResponse(pending.number, question ?? pending.question.text, said), by }]];
  if (question === undefined) return noOpenQuestion(interview);
  const number = answered.length + 1;
  const own = { text: question, dimension: null, ask: "person", why: "Asked by the caller", suggestions: [] };
  return [
    ...reopening(interview, by),
    [QUESTION_ASKED, { round_number: number, ...own }],
    [RESPONSE_RECORDED, { ...toResponse(number, question, said), by }],
  ];
}

/** What changes an answer of one that is complete opens it again. */
function reopening({ status }: Interview, by: string): Draft[] {
  return status === "completed" ? [[INTERVIEW_REOPENED, { by }]] : [];
}

function toResponse(round: number, question: string, { text, source }: Said) {
  return {
    round_number: round,
    question_preview: question.slice(0, PREVIEW_CHARS).toWellFormed(),
    response_preview: text.slice(0, PREVIEW_CHARS).toWellFormed(),
    question,
    response: text,
    source,
  };
}

/** One that has ended takes answers only to a question that comes with them: that begins it anew. */
function closedRefusal({ status, interview_id, kind }: Interview, question: string | undefined): Refusal | undefined {
  const facts = { session_id: interview_id, status };
  if (status === "aborted") {
    return refuse("interview_aborted", `${interview_id} was given up`, "Start another one", facts);
  }
  if (status !== "completed" || question !== undefined) return undefined;
  return refuse(
    "interview_completed",
    `${interview_id} is complete`,
    `Call ${kind === "product" ? 'ouroboros_pm_interview with action "generate"' : "ouroboros_generate_seed"}; or pass last_question with the answer to open it again`,
    facts,
  );
}

function moved(interview: Interview, round: number): Refusal {
  const pending = pendingRound(interview);
  const stands = answeredRounds(interview).find(({ number }) => number === round)?.answer.text;
  return refuse(
    "round_answered",
    stands === undefined
      ? `There is no question ${round} yet`
      : `Round ${round} is answered already: "${stands.slice(0, 200)}"`,
    stands === undefined
      ? "Ask for the interview's state to see what is open"
      : 'Change it with action "amend", or answer the question that is open now',
    { session_id: interview.interview_id, round: pending?.number ?? null, question: pending?.question.text ?? null },
  );
}

function noSuchRound({ interview_id }: Interview, round: number): Refusal {
  return refuse("no_such_round", `Round ${round} has no answer to change`, "Name an answered round", {
    session_id: interview_id,
  });
}

function noOpenQuestion({ interview_id }: Interview): Refusal {
  return refuse(
    "no_open_question",
    "No question is open yet: what was said last is still to be worked on",
    "Call with the session_id alone for the next question, or pass last_question with this answer",
    { session_id: interview_id, recoverable: true },
  );
}
