import * as v from "valibot";
import { canonicalJson } from "../../base/canonical-json.ts";
import { sha256 } from "../../base/sha256.ts";
import type { StoredEvent } from "../event.ts";
import { type Assessment, assess, type Claims } from "./ambiguity.ts";
import type { InterviewQuestion, Kind, Missing } from "./interview-events.ts";
import * as events from "./interview-events.ts";
import type { Source } from "./provenance.ts";

export interface InterviewAnswer {
  readonly text: string;
  readonly source: Source;
  /** What stood here before, oldest first. */
  readonly earlier: readonly string[];
}

export interface Round {
  readonly number: number;
  readonly question: InterviewQuestion;
  readonly answer: InterviewAnswer | null;
}

/** What a mind made of one transcript: its scores, what it still misses, and what it would ask next. */
export interface Plan {
  readonly transcript_hash: string;
  readonly claims: Claims;
  readonly missing: readonly Missing[];
  readonly question: InterviewQuestion;
  readonly by: { readonly mind: string; readonly model: string | null };
}

/** An interview as its events tell it. */
export interface Interview {
  readonly interview_id: string;
  readonly kind: Kind;
  readonly status: "in_progress" | "completed" | "aborted";
  readonly context: string;
  readonly cwd: string | null;
  readonly is_brownfield: boolean;
  readonly project: string | null;
  readonly rounds: readonly Round[];
  /** The newest plan, and every one there has been by its transcript's hash: nobody is asked for the same twice. */
  readonly plan: Plan | null;
  readonly plans: ReadonlyMap<string, Plan>;
  /** Scored turns in a row that would have let it end. */
  readonly streak: number;
  /** The seeds made of it, each of a transcript. */
  readonly seeds: readonly { readonly seed_id: string; readonly transcript_hash: string }[];
  /** Upstream's own score of an interview that came from there: nobody cited anything for it. */
  readonly upstream_score: number | null;
  readonly started_at: string;
  readonly updated_at: string;
}

/** Upstream's numbers: so many answers, and so many clear turns in a row, before an interview may end by itself. */
export const MIN_ANSWERS = 3;
export const STREAK = 2;

/** The interview of a stream's events in their order; undefined when none of ours began it. */
export function foldInterview(interviewId: string, stream: readonly StoredEvent[]): Interview | undefined {
  let interview: Interview | undefined;
  for (const event of stream) {
    const next = interview ? apply(interview, event) : begin(interviewId, event);
    interview = next && (next === interview ? next : { ...next, updated_at: event.timestamp });
  }
  return interview;
}

/** The rounds that have an answer. */
export function answeredRounds({ rounds }: Interview): readonly (Round & { readonly answer: InterviewAnswer })[] {
  return rounds.filter((round): round is Round & { answer: InterviewAnswer } => round.answer !== null);
}

/** The question that waits for its answer. */
export function pendingRound({ rounds }: Interview): Round | undefined {
  const last = rounds.at(-1);
  return last?.answer === null ? last : undefined;
}

/** What a score is a score of: the same words in the same rounds have the same hash. */
export function transcriptHash(interview: Interview): string {
  const { kind, context, project, is_brownfield } = interview;
  const rounds = answeredRounds(interview).map(({ number, question, answer }) => {
    return [number, question.text, answer.text, answer.source];
  });
  return sha256(canonicalJson([kind, context, project, is_brownfield, rounds]));
}

/** The newest assessment there is, of the interview as it stands or as it stood. */
export function assessmentOf({ plan, is_brownfield }: Interview): Assessment | undefined {
  return plan ? assess(plan.claims, is_brownfield) : undefined;
}

/** The assessment of the interview as it stands; undefined when what was scored has changed since. */
export function currentAssessment(interview: Interview): Assessment | undefined {
  const isCurrent = interview.plan?.transcript_hash === transcriptHash(interview);
  return isCurrent ? assessmentOf(interview) : undefined;
}

/** Whether these scores, of the interview as it stands, are those of a turn after which it may end. */
export function qualifies(interview: Interview, claims: Claims): boolean {
  return assess(claims, interview.is_brownfield).ready && answeredRounds(interview).length >= MIN_ANSWERS;
}

function begin(interviewId: string, event: StoredEvent): Interview | undefined {
  const { event_type, payload, timestamp } = event;
  const common = {
    interview_id: interviewId,
    plan: null,
    plans: new Map<string, Plan>(),
    streak: 0,
    seeds: [],
    started_at: timestamp,
    updated_at: timestamp,
  };
  if (event_type === events.INTERVIEW_STARTED) {
    const parsed = v.safeParse(events.StartedPayload, payload);
    if (!parsed.success) return undefined;
    return { ...common, ...parsed.output, status: "in_progress", rounds: [], upstream_score: null };
  }
  if (event_type !== events.INTERVIEW_IMPORTED) return undefined;
  const parsed = v.safeParse(events.ImportedPayload, payload);
  if (!parsed.success) return undefined;
  const { rounds, file: _, ...facts } = parsed.output;
  return { ...common, ...facts, rounds: rounds.map(toImportedRound) };
}

function toImportedRound(
  { question, answer, source }: { question: string; answer: string | null; source: Source },
  index: number,
): Round {
  const none = { dimension: null, why: "", suggestions: [], classification: null, reframed_from: null };
  return {
    number: index + 1,
    question: { text: question, ask: "person", ...none },
    answer: answer === null ? null : { text: answer, source, earlier: [] },
  };
}

function apply(interview: Interview, { event_type, payload }: StoredEvent): Interview {
  switch (event_type) {
    case events.QUESTION_ASKED:
      return withParsed(interview, events.AskedPayload, payload, ask);
    case events.RESPONSE_RECORDED:
      return withParsed(interview, events.ResponsePayload, payload, respond);
    case events.RESPONSE_AMENDED:
      return withParsed(interview, events.ResponsePayload, payload, amend);
    case events.RESPONSE_WITHDRAWN:
      return withParsed(interview, events.WithdrawnPayload, payload, withdraw);
    case events.INTERVIEW_SCORED:
      return withParsed(interview, events.ScoredPayload, payload, score);
    case events.INTERVIEW_COMPLETED:
      return withParsed(interview, events.TurningPayload, payload, (now) => {
        return { ...now, status: "completed", rounds: answeredRounds(now) };
      });
    case events.INTERVIEW_ABORTED:
      return withParsed(interview, events.TurningPayload, payload, (now) => ({ ...now, status: "aborted" }));
    case events.INTERVIEW_REOPENED:
      return withParsed(interview, events.TurningPayload, payload, (now) => {
        return { ...now, status: "in_progress", streak: 0 };
      });
    case events.INTERVIEW_SEEDED:
      return withParsed(interview, events.SeededPayload, payload, (now, seed) => {
        return { ...now, seeds: [...now.seeds, seed] };
      });
    default:
      return interview;
  }
}

/** A row that says something else than it should changes nothing: it is somebody else's. */
function withParsed<T>(
  interview: Interview,
  schema: v.GenericSchema<unknown, T>,
  payload: unknown,
  change: (interview: Interview, said: T) => Interview,
): Interview {
  const parsed = v.safeParse(schema, payload);
  return parsed.success ? change(interview, parsed.output) : interview;
}

function ask(
  interview: Interview,
  { round_number, ...question }: v.InferOutput<typeof events.AskedPayload>,
): Interview {
  const rounds = answeredRounds(interview);
  // One question is open at a time, and it is the next one.
  if (round_number !== rounds.length + 1) return interview;
  return { ...interview, rounds: [...rounds, { number: round_number, question, answer: null }] };
}

function respond(
  interview: Interview,
  { round_number, question, response, source }: v.InferOutput<typeof events.ResponsePayload>,
): Interview {
  const pending = pendingRound(interview);
  if (pending?.number !== round_number) return interview;
  const asked = question === null ? pending.question : { ...pending.question, text: question };
  const answer = { text: response, source, earlier: [] };
  return { ...interview, rounds: [...interview.rounds.slice(0, -1), { ...pending, question: asked, answer }] };
}

function amend(
  interview: Interview,
  { round_number, response, source }: v.InferOutput<typeof events.ResponsePayload>,
): Interview {
  const rounds = interview.rounds.map((round): Round => {
    if (round.number !== round_number || !round.answer) return round;
    const earlier = [...round.answer.earlier, round.answer.text];
    return { ...round, answer: { text: response, source, earlier } };
  });
  return { ...interview, rounds, streak: 0 };
}

/** The last answer is taken back, and its question is open again. */
function withdraw(interview: Interview, { round_number }: v.InferOutput<typeof events.WithdrawnPayload>): Interview {
  const answered = answeredRounds(interview);
  const last = answered.at(-1);
  if (last?.number !== round_number) return interview;
  return { ...interview, rounds: [...answered.slice(0, -1), { ...last, answer: null }], streak: 0 };
}

function score(interview: Interview, { claims, ...said }: v.InferOutput<typeof events.ScoredPayload>): Interview {
  if (interview.plan?.transcript_hash === said.transcript_hash) return interview;
  const plan = { ...said, claims: claims as Claims };
  const plans = new Map(interview.plans).set(plan.transcript_hash, plan);
  return { ...interview, plan, plans, streak: qualifies(interview, plan.claims) ? interview.streak + 1 : 0 };
}
