/** What quality is looked at by; upstream's names. */
export const QA_DIMENSIONS = ["correctness", "completeness", "quality", "intent_alignment", "domain_specific"] as const;
/** What an artifact may be; upstream's names. */
export const QA_TYPES = ["code", "api_response", "document", "screenshot", "test_output", "custom"] as const;
type QaDimension = (typeof QA_DIMENSIONS)[number];

/** What a mind says of an artifact. Its own verdict is not asked for. */
export interface QaAnswer {
  readonly score: number;
  readonly dimensions: Readonly<Record<QaDimension, number>>;
  /** What lies between the artifact and the quality bar. */
  readonly differences: readonly string[];
  readonly suggestions: readonly string[];
  readonly reasoning: string;
}

interface QaVerdict {
  readonly verdict: "pass" | "revise" | "fail";
  readonly loop_action: "done" | "continue" | "escalate";
}

interface QaIteration extends QaVerdict {
  readonly iteration: number;
  readonly score: number;
}

/** Upstream's result of a QA call. */
export interface QaResult extends QaIteration, Omit<QaAnswer, "score"> {
  readonly pass_threshold: number;
  readonly passed: boolean;
  /** To be handed back as part of the history in the next call. */
  readonly iteration_entry: QaIteration;
}

export const QA_PASSES_AT = 0.8;
/** Below, another round of the same is no use. */
const REVISABLE_FROM = 0.4;

/** The verdict a score leaves, and nothing but the score. */
export function qaVerdict(score: number, threshold: number = QA_PASSES_AT): QaVerdict {
  if (score >= threshold) return { verdict: "pass", loop_action: "done" };
  if (score >= REVISABLE_FROM) return { verdict: "revise", loop_action: "continue" };
  return { verdict: "fail", loop_action: "escalate" };
}

/** An answer as a result: the verdict follows from the very number that is shown. */
export function qaResult(
  { score: given, ...said }: QaAnswer,
  { threshold = QA_PASSES_AT, earlier }: { readonly threshold?: number | undefined; readonly earlier: number },
): QaResult {
  const score = Math.round(given * 100) / 100;
  const entry = { iteration: earlier + 1, score, ...qaVerdict(score, threshold) };
  return { ...entry, ...said, pass_threshold: threshold, passed: entry.verdict === "pass", iteration_entry: entry };
}
