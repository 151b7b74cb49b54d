import type { CheckVerdict, Verification } from "../run/verdict.ts";
import type { ConsensusTally, Vote } from "./consensus.ts";
import type { CriterionJudgement, Judgement } from "./judgement.ts";
import type { ProjectStanding } from "./project-standing.ts";

export interface CriterionVerdict {
  readonly key: string;
  readonly verdict: CheckVerdict;
  /** Who decided; null where nobody could. */
  readonly by: "check" | "judge" | "consensus" | null;
  readonly reason: string;
}

/** What is known of the criteria, and what is said of them. */
export interface Evidence {
  /** What our own checks came to, by key. */
  readonly verifications: ReadonlyMap<string, Pick<Verification, "verdict" | "reason">>;
  /** With every citation checked (`toJudgement`). */
  readonly judgement?: Judgement | undefined;
  readonly consensus?: ConsensusTally | undefined;
}

/** What each score must reach: a criterion's by a judge, a vote's confidence, the goal's. */
export const APPROVED_AT = 0.8;
/** A criterion's verdict with its share in the score. */
export type Decided = CriterionVerdict & {
  readonly score: number;
  /** A command has decided: no opinion is asked any more. */
  readonly isFinal: boolean;
};

/** One criterion: our check, else a judge, else votes; see `decideEvaluation` for who may raise and who only lowers. */
export function decideCriterion(key: string, input: Evidence, project: ProjectStanding): Decided {
  const check = input.verifications.get(key);
  if (check?.verdict === "fail") {
    return { key, verdict: "fail", by: "check", reason: check.reason, score: 0, isFinal: true };
  }
  const judged = byJudge(key, input, project);
  if (judged.verdict === "pass" || input.consensus?.outcome !== "approved" || !project.couldRun) return judged;
  const votes = input.consensus.votes.filter((vote) => vote.confidence >= APPROVED_AT && citesFor(vote, key));
  if (votes.length === 0) return judged;
  const reason = `${input.consensus.label}; ${citedFor(votes[0], key)}`;
  const score = Math.min(...votes.map(({ confidence }) => confidence));
  return { key, verdict: "pass", by: "consensus", reason, score, isFinal: false };
}

function byJudge(key: string, { verifications, judgement }: Evidence, project: ProjectStanding): Decided {
  const check = verifications.get(key);
  const words = judgement?.criteria.filter(({ criterion_key }) => criterion_key === key) ?? [];
  const reason = words.map((word) => word.reason).join("; ");
  const say = (verdict: CheckVerdict, by: Decided["by"], why: string, score = 0): Decided => {
    return { key, verdict, by, reason: why, score, isFinal: false };
  };
  const noes = words.filter(({ met }) => met === "no");
  if (noes.length > 0 && check?.verdict === "pass" && !noes.some(isCited)) {
    return say("unverifiable", "judge", `its check passes; a judge doubts it: ${reason}`);
  }
  if (noes.length > 0) return say("fail", "judge", reason);
  if (check?.verdict === "pass") return say("pass", "check", check.reason, 1);
  const doubt = judgement && words.length > 0 ? doubtOf(judgement, words, project) : undefined;
  if (words.length > 0 && doubt === undefined) return say("pass", "judge", reason, lowest(words));
  const unseen = check?.reason ?? "there is no check for it";
  return say("unverifiable", null, doubt === undefined ? unseen : `${unseen}; ${doubt}: ${reason}`);
}

/** Why what a judge does not deny is not taken as seen by it. */
function doubtOf(
  { independence }: Judgement,
  words: readonly CriterionJudgement[],
  { couldRun }: ProjectStanding,
): string | undefined {
  if (words.some(({ met }) => met === "unclear")) return "to a judge it is unclear";
  if (independence !== "independent") return `who judged it (${independence}) cannot vouch for it`;
  if (!words.every(isCited)) return "a judge calls it met and cites nothing that is there";
  if (lowest(words) < APPROVED_AT) return `to a judge it holds by ${lowest(words)}, and ${APPROVED_AT} is needed`;
  return couldRun ? undefined : "reading is no proof while the project's build or tests cannot be run";
}

function lowest(words: readonly CriterionJudgement[]): number {
  return Math.min(...words.map(({ score }) => score));
}

function isCited({ citations }: CriterionJudgement): boolean {
  return citations.length > 0;
}

/** Does a vote raise this criterion: for it, not by who did the work, and with a line that is there? */
function citesFor({ approved, independence, citations }: Vote, key: string): boolean {
  return approved && independence === "independent" && citations.some(({ criterion_key }) => criterion_key === key);
}

function citedFor(vote: Vote | undefined, key: string): string {
  const citation = vote?.citations.find(({ criterion_key }) => criterion_key === key);
  return citation === undefined ? "" : `${citation.path}:${citation.line}`;
}
