/** A line of a file, and what stands there. */
export interface Citation {
  /** Relative to the judged folder, with slashes. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The last line, where it is about several. */
  readonly end_line?: number | null | undefined;
  readonly quote: string;
}

type Met = "yes" | "no" | "unclear";

/** What a judge says of one criterion. */
export interface CriterionJudgement {
  readonly criterion_key: string;
  readonly met: Met;
  /** From 0 to 1. */
  readonly score: number;
  readonly reason: string;
  readonly citations: readonly Citation[];
}

/** What a judge says, as it was said: nobody has looked yet whether its citations hold. Numbers go from 0 to 1. */
export interface JudgeAnswer {
  readonly criteria: readonly CriterionJudgement[];
  readonly goal_alignment: number;
  readonly drift_score: number;
  readonly uncertainty: number;
  readonly reward_hacking_risk: number;
  readonly reasoning: string;
}

/** How far whoever judges is from whoever has done the work; `unverified` where it cannot be told. */
export type Independence = "independent" | "same_vendor" | "self" | "unverified";

/** A judge's word, less every citation that does not hold (`toJudgement`). */
export interface Judgement extends JudgeAnswer {
  readonly by: { readonly mind: string; readonly model: string | null };
  readonly independence: Independence;
}
