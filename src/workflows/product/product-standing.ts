import { answeredRounds, type Interview, pendingRound } from "../../domain/interview/interview.ts";

/** What a product's interview has beside any other's: what kind of question is open, and what was put off. */
export function productStanding(interview: Interview) {
  const { classification = null, reframed_from = null } = pendingRound(interview)?.question ?? {};
  const later = answeredRounds(interview).filter(({ answer }) => answer.source === "later");
  const textsOf = (rounds: typeof later) => rounds.map(({ question }) => question.reframed_from ?? question.text);
  return {
    classification,
    reframed_from,
    skip: { eligible: classification === "later", answer: "[decide_later]" },
    /** Left to whoever builds it. */
    deferred: textsOf(later.filter(({ question }) => question.classification === "development")),
    /** Left open by whoever wants it. */
    decide_later: textsOf(later.filter(({ question }) => question.classification !== "development")),
    is_complete: interview.status === "completed",
  };
}
