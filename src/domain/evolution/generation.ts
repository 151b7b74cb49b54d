import { isRefusal } from "../../base/refusal.ts";
import type { Payload } from "../event.ts";
import type { Spent } from "../run/ceiling.ts";
import { type OntologyField, parseSeed, type Seed } from "../seed/seed.ts";
import type { EvaluationSummary } from "./evaluation-summary.ts";
import type { StopReason } from "./stop-reasons.ts";

/** The phases in which a generation is worked on, in their order; the words are upstream's. */
export const WORKING_PHASES = ["wondering", "reflecting", "seeding", "executing", "evaluating"] as const;
export type WorkingPhase = (typeof WORKING_PHASES)[number];

/** What was done about a lineage after this generation. */
export type Turn =
  | { readonly kind: "ended"; readonly code: StopReason; readonly message: string }
  | { readonly kind: "lateral"; readonly persona: string; readonly pattern: string | null }
  | { readonly kind: "reopened"; readonly by: string };

/** One generation as its rows tell it. */
export interface Generation {
  readonly number: number;
  readonly phase: WorkingPhase | "completed" | "failed" | "cancelled" | "interrupted";
  /** The phase in which whoever goes on with it goes on; null once it is complete, and only then. */
  readonly open_phase: WorkingPhase | null;
  readonly seed_id: string | null;
  readonly seed_hash: string | null;
  readonly seed_json: string | null;
  readonly parent_seed_id: string | null;
  readonly execution_id: string | null;
  readonly session_id: string | null;
  readonly branch: string | null;
  /** The tip of its branch. */
  readonly commit: string | null;
  readonly tree_hash: string | null;
  /** Of what its evaluation found wrong. */
  readonly findings_hash: string | null;
  readonly evaluation: EvaluationSummary | null;
  readonly wonder_questions: readonly string[];
  /** Nobody could be asked: the questions are from a list. */
  readonly wonder_degraded: boolean;
  readonly ontology: { readonly name: string; readonly fields: readonly OntologyField[] } | null;
  readonly partial: Payload;
  readonly spent: Spent;
  /** How often it has failed since it began, or since somebody did something about it. */
  readonly failures: number;
  readonly error: string | null;
  readonly turns: readonly Turn[];
  /** As stored. */
  readonly started_at: string;
  readonly updated_at: string;
}

const NOTHING_SPENT: Spent = {
  hours: 0,
  tokens: null,
  cost_usd: null,
  agents: 0,
  agents_with_tokens: 0,
  agents_with_cost: 0,
};

/** A generation of which nothing is known but when it began. */
export function beginGeneration(number: number, phase: WorkingPhase, at: string): Generation {
  return {
    number,
    phase,
    open_phase: phase,
    seed_id: null,
    seed_hash: null,
    seed_json: null,
    parent_seed_id: null,
    execution_id: null,
    session_id: null,
    branch: null,
    commit: null,
    tree_hash: null,
    findings_hash: null,
    evaluation: null,
    wonder_questions: [],
    wonder_degraded: false,
    ontology: null,
    partial: {},
    spent: NOTHING_SPENT,
    failures: 0,
    error: null,
    turns: [],
    started_at: at,
    updated_at: at,
  };
}

/** The sum of what was spent; what nobody reported stays unknown. */
export function sumSpent(parts: readonly Spent[]): Spent {
  return parts.reduce(plus, NOTHING_SPENT);
}

/** The seed that its rows hold; null where they only name it. */
export function writtenSeed({ seed_json }: Pick<Generation, "seed_json">): Seed | null {
  const seed = seed_json === null ? null : parseSeed(seed_json);
  return isRefusal(seed) ? null : seed;
}

function plus(a: Spent, b: Spent): Spent {
  return {
    hours: a.hours + b.hours,
    tokens: known(a.tokens, b.tokens),
    cost_usd: known(a.cost_usd, b.cost_usd),
    agents: a.agents + b.agents,
    agents_with_tokens: a.agents_with_tokens + b.agents_with_tokens,
    agents_with_cost: a.agents_with_cost + b.agents_with_cost,
  };
}

function known(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b;
}
