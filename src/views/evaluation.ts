import type { EvaluationRecord } from "../domain/evaluation/evaluation-record.ts";

/** An evaluation as programs read it; upstream's names where it has them. */
export interface EvaluationView {
  readonly evaluation_id: string;
  readonly session_id: string | null;
  readonly seed_id: string | null;
  readonly seed_hash: string;
  readonly tree_hash: string;
  readonly verdict: "approved" | "rejected" | "unverified" | "open";
  readonly final_approved: boolean;
  readonly highest_stage: number;
  readonly score: number;
  readonly stage1_passed: boolean | null;
  readonly stage2_ac_compliance: boolean | null;
  readonly stage2_score: number | null;
  readonly stage3_approved: boolean | null;
  readonly stage3_reviewer_independence: string | null;
  readonly code_changes_detected: boolean;
  readonly multi_ac: boolean;
  readonly ac_count: number;
  readonly passed_count: number;
  readonly pass_rate: number;
  readonly checklist: readonly ChecklistItem[];
  /** Sentences for whoever works on it again; they name no check. */
  readonly run_feedback: readonly string[];
  readonly reasons: readonly string[];
}

interface ChecklistItem {
  readonly ac_key: string;
  readonly ac_text: string;
  readonly passed: boolean;
  readonly verdict: "pass" | "fail" | "unverifiable";
  readonly by: string | null;
  readonly reasoning: string;
  /** Commands with what they came to, and the lines that were cited. */
  readonly evidence: readonly string[];
  readonly questions_used: readonly string[];
  readonly failure_reason: string | null;
}

/** What an evaluation says, its numbers and gates beside what they follow from. */
export function viewEvaluation(record: EvaluationRecord): EvaluationView {
  const { evaluation_id, subject, stage1, stage2, stage3, completed } = record;
  const checklist = checklistOf(record);
  const passed = checklist.filter((one) => one.passed).length;
  const hasFailed = [...(stage1?.checks ?? []), ...(stage1?.mechanical ?? [])].some(
    ({ verdict }) => verdict === "fail",
  );
  const words = stage2?.judgement.criteria;
  return {
    evaluation_id,
    session_id: subject.session_id,
    seed_id: subject.seed_id,
    seed_hash: subject.seed_hash,
    tree_hash: subject.tree_hash,
    verdict: completed?.verdict ?? "open",
    final_approved: completed?.approved ?? false,
    highest_stage: completed?.highest_stage ?? 1,
    score: completed?.score ?? 0,
    stage1_passed: stage1 && !hasFailed,
    stage2_ac_compliance: words?.every(({ met }) => met === "yes") ?? null,
    stage2_score: words === undefined || words.length === 0 ? null : Math.min(...words.map(({ score }) => score)),
    stage3_approved: !stage3 || stage3.tally.outcome === "none" ? null : stage3.tally.outcome === "approved",
    stage3_reviewer_independence: stage3?.tally.label ?? stage2?.judgement.independence ?? null,
    code_changes_detected: (stage1?.changed.length ?? 0) > 0,
    multi_ac: checklist.length > 1,
    ac_count: checklist.length,
    passed_count: passed,
    pass_rate: checklist.length === 0 ? 0 : Math.round((passed / checklist.length) * 10_000) / 10_000,
    checklist,
    run_feedback: checklist.filter((one) => !one.passed).map(feedbackOf),
    reasons: completed?.reasons ?? [],
  };
}

function checklistOf({ subject, stage1, stage2, stage3, completed }: EvaluationRecord): ChecklistItem[] {
  return subject.criteria.map(({ key, description }) => {
    const decided = completed?.criteria.find((one) => one.key === key);
    const check = stage1?.checks.find((one) => one.criterion_key === key);
    const cited = [
      ...(stage2?.judgement.criteria ?? []).filter((one) => one.criterion_key === key).flatMap((one) => one.citations),
      ...(stage3?.tally.votes ?? []).flatMap((vote) => vote.citations.filter((one) => one.criterion_key === key)),
    ];
    const ran = check?.command ? [`${check.command}: ${check.verdict}, exit code ${check.exit_code}`] : [];
    // Until it is decided, what was run is what is known.
    const { verdict, reason: reasoning } = decided ?? check ?? OPEN;
    return {
      ac_key: key,
      ac_text: description,
      passed: verdict === "pass",
      verdict,
      by: decided?.by ?? null,
      reasoning,
      evidence: [...ran, ...new Set(cited.map(({ path, line }) => `${path}:${line}`))],
      questions_used: [],
      failure_reason: verdict === "pass" ? null : reasoning,
    };
  });
}

const OPEN = { verdict: "unverifiable", reason: "It has not been decided yet" } as const;

function feedbackOf({ ac_text, verdict, by, reasoning }: ChecklistItem): string {
  if (verdict === "unverifiable") return `Not seen to hold: ${ac_text}`;
  // What a judge has read may be told; what a check is, whoever works towards it is not to know.
  return by === "check" ? `Does not hold when it is checked: ${ac_text}` : `Does not hold: ${ac_text} (${reasoning})`;
}

const MARKS = { pass: "✓", fail: "✗", unverifiable: "?" } as const;

/** An evaluation in lines of text. */
export function evaluationLines(view: EvaluationView): string[] {
  const { verdict, evaluation_id, score, highest_stage, passed_count, ac_count, checklist, reasons } = view;
  return [
    `${VERDICT_WORDS[verdict]} (${evaluation_id}: ${passed_count} of ${ac_count} criteria, score ${score.toFixed(2)}, stage ${highest_stage})`,
    ...checklist.map(
      ({ verdict: one, ac_text, by, reasoning }) =>
        `${MARKS[one]} ${ac_text}${by === null ? "" : ` [${by}]`}: ${reasoning}`,
    ),
    ...reasons.map((reason) => `- ${inWords(reason, checklist)}`),
  ];
}

/** Reasons name criteria by their keys, which say nothing to a person. */
function inWords(reason: string, checklist: readonly ChecklistItem[]): string {
  return checklist.reduce((said, { ac_key, ac_text }) => said.replaceAll(ac_key, () => `"${ac_text}"`), reason);
}

const VERDICT_WORDS = {
  approved: "Approved",
  rejected: "Rejected",
  unverified: "Not verified: nothing speaks against it, and not all of it was seen to hold",
  open: "Not decided yet",
} as const;
