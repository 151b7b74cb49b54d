import * as v from "valibot";
import type { StoredEvent } from "../domain/event.ts";
import {
  AGENT_ENDED,
  AGENT_STARTED,
  BASELINE_CHECKED,
  CRITERION_MERGED,
  CRITERION_VERIFIED,
  QUESTION_ANSWERED,
  QUESTION_ASKED,
  STEP_COMPLETED,
  STEP_FAILED,
  STEP_STARTED,
  TOOL_STARTED,
} from "../domain/run/steps.ts";
import { parseTimestamp, toIsoTimestamp } from "../domain/timestamp.ts";

export type CriterionState = "pending" | "in_progress" | "waiting" | "completed" | "failed" | "blocked";

/** What a finished criterion's evidence is worth: `kept` held before anybody worked, and still does. */
export type CriterionOutcome = "proven" | "kept" | "unverifiable" | "failed";

/** A question for a person that nobody has answered yet. Times are ISO 8601. */
export interface OpenQuestion {
  readonly work_id: string;
  readonly question: string;
  /** What is done when nobody has answered by `expires_at`. */
  readonly default: string;
  readonly options: readonly string[];
  readonly expires_at: string | null;
}

/** What is being done for a criterion at this moment, and since when. */
export interface Activity {
  readonly doing: "agent" | "check";
  /** The latest tool its agent used, and what with. */
  readonly tool: string | null;
  readonly input: string | null;
  readonly at: string;
}

/** What the rows of one criterion say, folded in commit order. */
export interface CriterionFold {
  readonly state: CriterionState;
  readonly attempts: number;
  readonly verdict: "pass" | "fail" | "unverifiable" | null;
  readonly reason: string | null;
  /** Checks that the work has changed; the original ones decided. */
  readonly edited_checks: readonly string[];
  readonly baseline: string | null;
  readonly mergedCommit: string | null;
  readonly now: Activity | null;
  readonly question: OpenQuestion | null;
}

export const UNTOUCHED: CriterionFold = {
  state: "pending",
  attempts: 0,
  verdict: null,
  reason: null,
  edited_checks: [],
  baseline: null,
  mergedCommit: null,
  now: null,
  question: null,
};

const Text = v.fallback(v.nullable(v.string()), null);
const Started = v.object({ attempt: v.fallback(v.number(), 1) });
const Failed = v.object({
  will_retry: v.fallback(v.boolean(), false),
  failure: v.optional(Text, null),
  error: v.optional(Text, null),
});
const Verified = v.object({
  verdict: v.picklist(["pass", "fail", "unverifiable"]),
  reason: v.optional(Text, null),
  edited_checks: v.optional(v.fallback(v.array(v.string()), []), []),
});
const Merged = v.object({ merged_commit: v.optional(Text, null) });
const Baseline = v.object({ class: v.string() });
const Tool = v.object({ tool_name: v.string(), tool_input: v.optional(Text, null) });
const Agent = v.object({ purpose: v.optional(Text, null) });
const Asked = v.object({
  work_id: v.string(),
  question: v.string(),
  default: v.fallback(v.string(), ""),
  options: v.fallback(v.array(v.string()), []),
  default_after_ms: v.optional(v.fallback(v.nullable(v.number()), null), null),
});

/** Takes one row of a criterion's stream in. */
export function foldCriterion(fold: CriterionFold, { event_type, payload, timestamp }: StoredEvent): CriterionFold {
  const at = iso(timestamp);
  switch (event_type) {
    case STEP_STARTED: {
      const { attempt } = parsed(Started, payload) ?? { attempt: 1 };
      return { ...fold, state: "in_progress", attempts: Math.max(fold.attempts, attempt), now: null };
    }
    case AGENT_STARTED: {
      const doing = parsed(Agent, payload)?.purpose === "check" ? "check" : "agent";
      return { ...fold, now: { doing, tool: null, input: null, at } };
    }
    case TOOL_STARTED: {
      const tool = parsed(Tool, payload);
      return tool ? { ...fold, now: { doing: "agent", tool: tool.tool_name, input: tool.tool_input, at } } : fold;
    }
    case AGENT_ENDED:
      return { ...fold, now: null };
    case BASELINE_CHECKED:
      return { ...fold, baseline: parsed(Baseline, payload)?.class ?? null, now: null };
    case CRITERION_VERIFIED:
      return { ...fold, ...parsed(Verified, payload), now: null };
    case CRITERION_MERGED:
      return { ...fold, mergedCommit: parsed(Merged, payload)?.merged_commit ?? null };
    case STEP_COMPLETED:
      return { ...fold, state: payload.success === false ? "failed" : "completed", now: null, question: null };
    case STEP_FAILED: {
      const { will_retry = false, failure, error } = parsed(Failed, payload) ?? {};
      const state = will_retry ? "in_progress" : failure === "BLOCKED" ? "blocked" : "failed";
      return { ...fold, state, reason: error ?? fold.reason, now: null, question: null };
    }
    case QUESTION_ASKED: {
      const asked = parsed(Asked, payload);
      if (!asked) return fold;
      const { default_after_ms, ...question } = asked;
      const since = parseTimestamp(timestamp);
      const isKnown = since !== undefined && default_after_ms !== null;
      const expires_at = isKnown ? toIsoTimestamp(since + default_after_ms * 1000) : null;
      return { ...fold, state: "waiting", now: null, question: { ...question, expires_at } };
    }
    case QUESTION_ANSWERED:
      return { ...fold, state: "in_progress", question: null };
    default:
      return fold;
  }
}

/** What came of a criterion, in one word; null while that is open. */
export function outcomeOf({ state, verdict, baseline }: CriterionFold): CriterionOutcome | null {
  if (state === "failed") return "failed";
  if (state !== "completed" || verdict === null) return null;
  if (verdict === "pass") return baseline === "already_green" ? "kept" : "proven";
  return verdict === "fail" ? "failed" : "unverifiable";
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, payload: unknown): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, payload);
  return result.success ? result.output : undefined;
}

function iso(stored: string): string {
  const at = parseTimestamp(stored);
  return at === undefined ? stored : toIsoTimestamp(at);
}
