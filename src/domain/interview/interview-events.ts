import * as v from "valibot";
import { DIMENSIONS } from "./dimensions.ts";
import { SOURCES } from "./provenance.ts";

/** Upstream's names where it has one; its rows carry previews only, ours the whole text as well. */
export const INTERVIEW_STARTED = "interview.started";
export const INTERVIEW_IMPORTED = "interview.imported";
export const QUESTION_ASKED = "interview.question.asked";
export const RESPONSE_RECORDED = "interview.response.recorded";
export const RESPONSE_AMENDED = "interview.response.amended";
export const RESPONSE_WITHDRAWN = "interview.response.withdrawn";
export const INTERVIEW_SCORED = "interview.scored";
export const INTERVIEW_COMPLETED = "interview.completed";
export const INTERVIEW_REOPENED = "interview.reopened";
export const INTERVIEW_ABORTED = "interview.aborted";
export const INTERVIEW_SEEDED = "interview.seeded";

const KINDS = ["developer", "product"] as const;
/** Who it is held with: whoever builds it, or whoever wants it. */
export type Kind = (typeof KINDS)[number];

/** What a question is about to a product manager; `later` may be skipped. */
export const CLASSIFICATIONS = ["planning", "development", "later"] as const;

const RoundNumber = v.pipe(v.number(), v.integer(), v.minValue(1));
const By = v.object({ mind: v.string(), model: v.nullable(v.string()) });

const QuestionAsked = v.object({
  text: v.string(),
  dimension: v.nullable(v.picklist(DIMENSIONS)),
  /** Who is to answer: the person, or whoever can read the code. */
  ask: v.picklist(["person", "code"]),
  why: v.string(),
  suggestions: v.array(v.string()),
  classification: v.optional(v.nullable(v.picklist(CLASSIFICATIONS)), null),
  /** The technical question that this one puts into a product's words. */
  reframed_from: v.optional(v.nullable(v.string()), null),
});
export type InterviewQuestion = Readonly<v.InferOutput<typeof QuestionAsked>>;

const StoredClaim = v.object({
  clarity: v.number(),
  citations: v.array(v.object({ round: v.pipe(v.number(), v.integer(), v.minValue(0)), quote: v.string() })),
  why: v.string(),
});

/** What somebody still wants to know, and about what. */
const StoredMissing = v.object({ dimension: v.picklist(DIMENSIONS), what: v.string() });

export const StartedPayload = v.object({
  context: v.string(),
  kind: v.picklist(KINDS),
  cwd: v.nullable(v.string()),
  is_brownfield: v.boolean(),
  /** What a scan of the project found, as text; its content is data. */
  project: v.nullable(v.string()),
});
export const ImportedPayload = v.object({
  ...StartedPayload.entries,
  status: v.picklist(["in_progress", "completed", "aborted"]),
  rounds: v.array(v.object({ question: v.string(), answer: v.nullable(v.string()), source: v.picklist(SOURCES) })),
  upstream_score: v.nullable(v.number()),
  file: v.string(),
});
export const AskedPayload = v.object({ round_number: RoundNumber, ...QuestionAsked.entries });
export const ResponsePayload = v.object({
  round_number: RoundNumber,
  /** As it was put to whoever answered, where that differs. */
  question: v.optional(v.nullable(v.string()), null),
  response: v.string(),
  source: v.picklist(SOURCES),
});
export const WithdrawnPayload = v.object({ round_number: RoundNumber });
export const ScoredPayload = v.object({
  transcript_hash: v.string(),
  claims: v.object({
    goal: v.optional(StoredClaim),
    constraints: v.optional(StoredClaim),
    success: v.optional(StoredClaim),
    context: v.optional(StoredClaim),
  }),
  missing: v.array(StoredMissing),
  /** What was to be asked next. */
  question: QuestionAsked,
  by: By,
});
export type Missing = Readonly<v.InferOutput<typeof StoredMissing>>;
/** An end or a new beginning as we write it; upstream's row of the same name, of a file it went on with, does not say who. */
export const TurningPayload = v.object({ by: v.string() });
export const SeededPayload = v.object({ seed_id: v.string(), transcript_hash: v.string() });
