import { answeredRounds, type Interview } from "../../domain/interview/interview.ts";
import type { ProductDocument, Repository } from "../../domain/product/product-document.ts";
import { citedParts, type ProductDraft } from "./product-question.ts";

interface DraftFacts {
  readonly interview: Interview;
  readonly repositories: readonly Repository[];
  readonly ambiguity: number;
  readonly forced: boolean;
  /** ISO time. */
  readonly createdAt: string;
}

/** A draft as the document of a product, with where each part of it was said. */
export function draftProduct(draft: ProductDraft, facts: DraftFacts): ProductDocument {
  const { interview, repositories, ambiguity, forced, createdAt } = facts;
  const { interview_id, project } = interview;
  return {
    pm_id: `pm_seed_${interview_id}`,
    product_name: draft.product_name.text,
    goal: draft.goal.text,
    user_stories: draft.user_stories.map(({ persona, action, benefit }) => ({ persona, action, benefit })),
    constraints: textsOf(draft.constraints),
    success_criteria: textsOf(draft.success_criteria),
    decide_later_items: textsOf(draft.decide_later_items),
    assumptions: textsOf(draft.assumptions),
    interview_id,
    codebase_context: project,
    brownfield_repos: [...repositories],
    created_at: createdAt,
    out_of_scope: textsOf(draft.out_of_scope),
    technical_questions: textsOf(draft.technical_questions),
    ambiguity_score: ambiguity,
    forced,
    provenance: citedParts(draft).map(({ path, sources }) => ({
      path,
      by: decidedBy(interview, sources),
      sources: sources.map(({ round, quote }) => ({ round, question: questionOf(interview, round), quote })),
    })),
  };
}

function textsOf(statements: ProductDraft["constraints"]): string[] {
  return statements.map(({ text }) => text);
}

function questionOf({ rounds }: Interview, round: number): string {
  return rounds.find(({ number }) => number === round)?.question.text ?? "";
}

/** A person where one said any of it; an assumption where all that was decided was assumed; nobody for what is open or only observed. */
function decidedBy(interview: Interview, sources: readonly { readonly round: number }[]) {
  const answers = new Map(answeredRounds(interview).map(({ number, answer }) => [number, answer.source]));
  const said = sources.map(({ round }) => (round === 0 ? "person" : answers.get(round)));
  if (said.includes("person")) return "person";
  return said.includes("assumed") ? "assumption" : "nobody";
}
