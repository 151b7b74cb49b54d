import * as v from "valibot";
import { sha256 } from "../../base/sha256.ts";
import type { Payload } from "../event.ts";
import type { Seed } from "../seed/seed.ts";

/** What is known of one criterion in one generation. */
export type CriterionVerdict = "pass" | "fail" | "unverifiable";

/** How one criterion stood when a generation was evaluated. */
interface CriterionResult {
  readonly key: string;
  readonly description: string;
  readonly verdict: CriterionVerdict;
  readonly reason: string | null;
}

/** What an evaluation of a generation came to, as far as a lineage needs it. */
export interface EvaluationSummary {
  readonly approved: boolean;
  readonly verdict: "approved" | "rejected" | "unverified";
  /** From 0 to 1. */
  readonly score: number | null;
  readonly highest_stage: 1 | 2 | 3;
  readonly drift_score: number | null;
  readonly failure_reason: string | null;
  /** What the project's own checks say together; null where nobody has run them. */
  readonly mechanical: "pass" | "fail" | "not_applicable" | "unverifiable" | null;
  readonly criteria: readonly CriterionResult[];
  /** Evaluated by our rules. Upstream's evaluation of a lineage believes what the agent says of its own work. */
  readonly checked: boolean;
}

/** The summary as it is stored: upstream's names and what its readers insist on, and ours beside them. */
export function evaluationPayload(summary: Omit<EvaluationSummary, "checked">): Payload {
  const { approved, verdict, score, highest_stage, drift_score, failure_reason, mechanical, criteria } = summary;
  return {
    final_approved: approved,
    highest_stage_passed: highest_stage,
    score,
    drift_score,
    failure_reason,
    verdict,
    mechanical,
    ac_results: criteria.map(({ key, description, verdict, reason }, index) => ({
      ac_index: index,
      ac_content: description,
      passed: verdict === "pass",
      final_verdict: verdict,
      evidence: reason ?? "",
      criterion_key: key,
    })),
  };
}

const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Text = v.optional(v.fallback(v.nullable(v.string()), null), null);
const Summary = v.object({
  final_approved: v.boolean(),
  highest_stage_passed: v.fallback(v.picklist([1, 2, 3]), 1),
  score: v.optional(v.fallback(v.nullable(Share), null), null),
  drift_score: v.optional(v.fallback(v.nullable(Share), null), null),
  failure_reason: Text,
  verdict: v.optional(v.fallback(v.nullable(v.picklist(["approved", "rejected", "unverified"])), null), null),
  mechanical: v.optional(
    v.fallback(v.nullable(v.picklist(["pass", "fail", "not_applicable", "unverifiable"])), "unverifiable"),
    null,
  ),
  ac_results: v.optional(
    v.array(
      v.object({
        ac_content: v.fallback(v.string(), ""),
        passed: v.fallback(v.boolean(), false),
        final_verdict: Text,
        ac_verdict_state: Text,
        evidence: Text,
        criterion_key: Text,
      }),
    ),
    [],
  ),
});
type Result = v.InferOutput<typeof Summary>["ac_results"][number];

/** The summary of a stored row, upstream's or ours; null when it is neither. The seed gives upstream's criteria their keys. */
export function readEvaluation(payload: Payload, seed: Seed | null): EvaluationSummary | null {
  const parsed = v.safeParse(Summary, payload);
  if (!parsed.success) return null;
  const { final_approved, highest_stage_passed, ac_results, verdict, ...facts } = parsed.output;
  const { score, drift_score, failure_reason, mechanical } = facts;
  return {
    approved: final_approved,
    verdict: verdict ?? (final_approved ? "approved" : "rejected"),
    score,
    highest_stage: highest_stage_passed,
    drift_score,
    failure_reason,
    mechanical,
    criteria: ac_results.map((result) => ({
      key: result.criterion_key ?? keyOf(result.ac_content, seed),
      description: result.ac_content,
      verdict: verdictOf(result),
      reason: result.evidence === "" ? null : result.evidence,
    })),
    checked: verdict !== null && ac_results.every(({ criterion_key }) => criterion_key !== null),
  };
}

/** Upstream's later rows name the verdict, the earlier ones say only whether it passed, and some that nobody looked. */
function verdictOf({ passed, final_verdict, ac_verdict_state }: Result): CriterionVerdict {
  const word = final_verdict?.toLowerCase() ?? "";
  if (word === "unverifiable" || (ac_verdict_state ?? "evaluated") !== "evaluated") return "unverifiable";
  if (word === "") return passed ? "pass" : "fail";
  return word === "pass" ? "pass" : "fail";
}

/** The place in the list says nothing: reflection rewrites and reorders it. The words do, and the same words are the same key. */
function keyOf(content: string, seed: Seed | null): string {
  const known = seed?.criteria.find(({ description }) => plain(description) === plain(content));
  return known?.key ?? `ac_${sha256(plain(content)).slice(0, 16)}`;
}

function plain(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}
