import type * as v from "valibot";
import type { Refusal } from "../base/refusal.ts";
import type { Usage } from "../runtimes/runtime.ts";

/** How much thought a question is worth; the user's configuration says who answers each. */
export const ROLES = ["fast", "standard", "deep"] as const;
export type Role = (typeof ROLES)[number];

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A question with one right shape of answer. */
export interface Question<T> {
  readonly role: Role;
  /** What is asked for, such as `interview.next_question`: stable, it is part of what makes two questions the same. */
  readonly kind: string;
  readonly instructions: string;
  readonly input: string;
  /** The answer is a JSON object: models and hosts hold themselves to nothing else. */
  readonly schema: v.GenericSchema<Record<string, unknown>, T>;
  /** Where an agent that answers may look, read-only; without it in an empty folder. Its input tells the others. */
  readonly folder?: string | undefined;
  /** For the whole call, its retries and its repair included. */
  readonly deadlineMs?: number | undefined;
}

/** What a host is handed when the thinking is its own. */
export interface WorkOrder {
  readonly work_id: string;
  readonly kind: string;
  readonly instructions: string;
  readonly input: string;
  readonly answer_schema: JsonSchema;
  readonly submit_with: "ouroboros_submit";
  /** Why the last answer to this question was not taken; empty when there was none. */
  readonly faults: readonly string[];
}

export interface Answered<T> {
  readonly status: "answered";
  readonly value: T;
  readonly by: { readonly mind: string; readonly model: string | null };
  /** What all tries together took, as far as it was reported. */
  readonly usage: Usage | null;
  readonly attempts: number;
}

export interface NeedsHost {
  readonly status: "needs_host";
  readonly work: WorkOrder;
}

export type Answer<T> = Answered<T> | NeedsHost;

/**
 * Somebody who answers. Refusals: `mind_unavailable`, `mind_limited` (with `retry_after_ms`), `mind_unauthorized`,
 * `mind_bad_answer`, `mind_timed_out`, `mind_stopped` (the caller's signal); each with `attempts` and `usage` in its facts.
 */
export interface Mind {
  readonly name: string;
  readonly kind: "host" | "agent" | "api";
  ask<T>(question: Question<T>, signal: AbortSignal): Promise<Answer<T> | Refusal>;
}
