import * as v from "valibot";
import { MOST_GENERATIONS, MOST_ROUNDS } from "./auto-bounds.ts";

export const AUTO_STARTED = "auto.started";
export const AUTO_ASSUMED = "auto.assumed";
export const AUTO_SEEDED = "auto.seeded";
export const AUTO_BLOCKED = "auto.blocked";

/** Upstream's words, in their order. */
export const AUTO_PHASES = ["interview", "seed_generation", "review", "run", "evaluate"] as const;

const Id = v.pipe(v.string(), v.minLength(1));
const Bound = v.nullable(v.pipe(v.number(), v.minValue(0)));
const Count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const Round = Count(1_000);

/** What all of it together may take: the interview, the seed, every generation. Null is no bound. */
export const AutoBounds = v.object({
  max_interview_rounds: Count(MOST_ROUNDS),
  generations: Count(MOST_GENERATIONS),
  hours: Bound,
  tokens: Bound,
  cost_usd: Bound,
});
export type AutoBounds = Readonly<v.InferOutput<typeof AutoBounds>>;

export const StartedPayload = v.object({
  goal: v.string(),
  cwd: Id,
  /** Both are made before anything is begun, so that nothing is begun twice. */
  interview_id: Id,
  lineage_id: Id,
  /** What the interview begins with: the goal, and what was decided beforehand. */
  context: v.string(),
  skip_run: v.boolean(),
  /** Which agent works; null for the user's choice at that time. */
  runtime: v.nullable(v.string()),
  bounds: AutoBounds,
});

/** A decision that nobody made but the mind that was asked to, with what a person needs to judge it. */
export const AssumedPayload = v.object({
  round: Round,
  question: v.string(),
  answer: v.pipe(v.string(), v.minLength(1)),
  why: v.string(),
  confidence: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  changes: v.string(),
  alternatives: v.array(v.string()),
});
export type Assumption = Readonly<v.InferOutput<typeof AssumedPayload>>;

export const SeededPayload = v.object({
  seed_id: Id,
  /** What a linter called wrong in the first draft, and was mended as it proposed. */
  repaired: v.array(v.string()),
});

export const BlockedPayload = v.object({
  phase: v.picklist(AUTO_PHASES),
  code: Id,
  message: v.string(),
  next: v.string(),
  /** The round whose question only the person can answer. */
  round: v.nullable(Round),
  suggestions: v.array(v.string()),
});
export type Block = Readonly<v.InferOutput<typeof BlockedPayload>>;
