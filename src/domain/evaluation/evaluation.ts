import type { ForgedCitation } from "./citations.ts";
import { consensusTrigger, type Occasion, type Trigger, type Vote } from "./consensus.ts";
import {
  APPROVED_AT,
  type CriterionVerdict,
  type Decided,
  decideCriterion,
  type Evidence,
} from "./decide-criterion.ts";
import type { MechanicalResult } from "./mechanical.ts";
import { type ProjectStanding, projectStanding } from "./project-standing.ts";

export interface EvaluationInput extends Evidence {
  /** Keys of everything that has to hold. */
  readonly criteria: readonly string[];
  /** What the project's own checks came to on the work. */
  readonly mechanical: readonly MechanicalResult[];
  /** And on the untouched tree; left out where nobody has looked, and then nothing excuses a failure. */
  readonly before?: readonly MechanicalResult[] | undefined;
  readonly forgedCitations?: readonly ForgedCitation[] | undefined;
  /** What calls for consensus beside the judge's own numbers. */
  readonly known?: Occasion["known"] | undefined;
}

export interface EvaluationVerdict {
  readonly approved: boolean;
  /** `unverified`: nothing speaks against it, and not everything was seen to hold. */
  readonly verdict: "approved" | "rejected" | "unverified";
  readonly score: number;
  /** 1 checks, 2 a judge as well, 3 consensus as well. */
  readonly highest_stage: 1 | 2 | 3;
  readonly criteria: readonly CriterionVerdict[];
  /** Why it is not approved, or what is to be known of an approval; they may name checks that a worker is not to know. */
  readonly reasons: readonly string[];
  readonly needs_consensus: Trigger | null;
}

/** From here on the work is taken to be made for the check and not for the goal, whatever else is said. */
const VETO_AT = 0.7;

/**
 * The verdict that numbers and gates leave. A failed check is a failure whatever any mind says. What no check could decide
 * passes only where somebody independent of the work approves and cites lines that are there. Every mind can lower.
 */
export function decideEvaluation(input: EvaluationInput): EvaluationVerdict {
  const { judgement, consensus } = input;
  const project = projectStanding(input.mechanical, input.before);
  const decided = [...new Set(input.criteria)].map((key) => decideCriterion(key, input, project));
  const vetoed = judgement !== undefined && judgement.reward_hacking_risk >= VETO_AT;
  const isBeyondTalk = project.failed.length > 0 || vetoed || decided.some(({ isFinal }) => isFinal);
  const goal = goalOf(input);
  const { verdict, reasons } = gate(input, { decided, project, vetoed, goal });
  return {
    approved: verdict === "approved",
    verdict,
    score: scoreOf(decided, goal),
    highest_stage: consensus && consensus.outcome !== "none" ? 3 : judgement ? 2 : 1,
    criteria: decided.map(({ key, verdict, by, reason }) => ({ key, verdict, by, reason })),
    reasons,
    needs_consensus: consensus || isBeyondTalk ? null : consensusTrigger(occasionOf(input)),
  };
}

/** The mean over the criteria, and at most what is seen of the goal; rounded so that no order of adding shows. */
function scoreOf(decided: readonly Decided[], goal: number): number {
  const sum = decided.reduce((total, { score }) => total + Math.round(score * 10_000), 0);
  const mean = decided.length === 0 ? 0 : Math.round(sum / decided.length) / 10_000;
  return Math.min(mean, goal);
}

/** How much of the goal a judge sees; one judge can be outvoted by others who cite what they see. */
function goalOf({ judgement, consensus }: EvaluationInput): number {
  const outvoted = consensus?.outcome === "approved" && consensus.votes.some(speaksUp);
  return judgement && !outvoted ? Math.round(judgement.goal_alignment * 10_000) / 10_000 : 1;
}

function speaksUp({ approved, independence, citations }: Vote): boolean {
  return approved && independence === "independent" && citations.length > 0;
}

interface Gates {
  readonly decided: readonly Decided[];
  readonly project: ProjectStanding;
  readonly vetoed: boolean;
  readonly goal: number;
}

function gate(
  input: EvaluationInput,
  { decided, project, vetoed, goal }: Gates,
): Pick<EvaluationVerdict, "verdict" | "reasons"> {
  const { judgement, consensus } = input;
  const against = [
    ...decided
      .flatMap(({ key, verdict, reason }) => (verdict === "fail" ? [`${key} does not hold: ${reason}`] : []))
      .sort(),
    ...project.failed,
    ...(vetoed
      ? [`The work looks made for its checks (risk ${judgement?.reward_hacking_risk}): ${judgement?.reasoning}`]
      : []),
    ...(goal < APPROVED_AT ? [`A judge sees ${goal} of the goal in it, and ${APPROVED_AT} is needed`] : []),
    ...(consensus?.outcome === "rejected"
      ? [`Rejected by ${consensus.approvals} of ${consensus.valid} votes (${consensus.label})`]
      : []),
  ];
  const open = [
    ...(decided.length === 0 ? ["There is no criterion to judge by"] : []),
    ...decided
      .flatMap(({ key, verdict, reason }) =>
        verdict === "unverifiable" ? [`${key} was not seen to hold: ${reason}`] : [],
      )
      .sort(),
    ...project.lost,
  ];
  const notes = [
    ...project.excused,
    ...(consensus?.outcome === "none" ? [consensus.label] : []),
    ...(input.forgedCitations ?? []).map(({ why }) => `A citation does not hold: ${why}`).sort(),
  ];
  if (against.length > 0) return { verdict: "rejected", reasons: [...against, ...open, ...notes] };
  if (open.length > 0) return { verdict: "unverified", reasons: [...open, ...notes] };
  // Whatever passes scores enough by itself, so that the mean does.
  return { verdict: "approved", reasons: notes };
}

function occasionOf({ judgement, known = [] }: EvaluationInput): Occasion {
  return { known, drift: judgement?.drift_score ?? 0, uncertainty: judgement?.uncertainty ?? 0 };
}
