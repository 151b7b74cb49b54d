import * as v from "valibot";
import type { Citation } from "../../domain/interview/ambiguity.ts";
import { roundFaults, sourceFaults } from "../../domain/interview/citation.ts";
import { answeredRounds, currentAssessment, type Interview } from "../../domain/interview/interview.ts";
import type { Question } from "../../minds/mind.ts";
import { productInput, productInstructions } from "../../prompts/product.ts";

const MOST = 40;
const LISTS = [
  "user_stories",
  "constraints",
  "success_criteria",
  "assumptions",
  "out_of_scope",
  "decide_later_items",
  "technical_questions",
] as const;

const Text = (most: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most));
const List = <Item extends v.GenericSchema>(item: Item, most = MOST) => v.pipe(v.array(item), v.maxLength(most));
const Round = v.pipe(v.number(), v.integer(), v.minValue(0));
const Sources = List(v.object({ round: Round, quote: Text(500) }), 8);
const Statement = v.object({ text: Text(1000), sources: Sources });
const Story = v.object({ persona: Text(200), action: Text(500), benefit: Text(500), sources: Sources });
const Draft = v.object({
  product_name: v.object({ text: Text(200), sources: Sources }),
  goal: Statement,
  user_stories: v.pipe(List(Story), v.minLength(1)),
  constraints: List(Statement),
  success_criteria: List(Statement),
  assumptions: List(Statement),
  out_of_scope: List(Statement),
  decide_later_items: List(Statement),
  technical_questions: List(Statement),
  left_out: List(v.object({ round: Round, why: Text(500) })),
});

/** A product's requirements as a mind writes them: everything with where it was said. */
export type ProductDraft = v.InferOutput<typeof Draft>;

/** The question for a product's requirements. Its schema knows the transcript: what comes from nowhere does not fit, nor what was lost. */
export function productQuestion(interview: Interview): Question<ProductDraft> {
  return {
    role: "deep",
    kind: "pm.document",
    instructions: productInstructions(),
    input: productInput(interview),
    schema: v.pipe(
      Draft,
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        for (const message of draftFaults(interview, dataset.value)) addIssue({ message });
      }),
    ),
  };
}

/** Every part of a draft that cites, by its path in the document. */
export function citedParts(
  draft: ProductDraft,
): readonly { readonly path: string; readonly sources: readonly Citation[] }[] {
  return [
    { path: "product_name", sources: draft.product_name.sources },
    { path: "goal", sources: draft.goal.sources },
    ...LISTS.flatMap((name) => draft[name].map(({ sources }, index) => ({ path: `${name}.${index}`, sources }))),
  ];
}

function draftFaults(interview: Interview, draft: ProductDraft): string[] {
  return [
    ...citedParts(draft).flatMap(({ path, sources }) => partFaults(interview, path, sources)),
    ...roundFaults(interview, "left_out", draft.left_out),
    ...lostAnswers(interview, draft),
    ...lostLater(interview, draft),
  ];
}

/** What was put off, and what only builders can say, decides nothing; an assumption may rest on what was seen. */
function partFaults(interview: Interview, path: string, sources: readonly Citation[]): string[] {
  const isAssumption = path.startsWith("assumptions.");
  const needsDecision = !isAssumption && !/^(decide_later_items|technical_questions)\./.test(path);
  return sourceFaults(interview, path, sources, { needsDecision, ...(isAssumption && { about: "context" }) });
}

/** What the scores rest on when they call limits and success clear has to be on the page, or be left out on purpose. */
function lostAnswers(interview: Interview, draft: ProductDraft): string[] {
  const kept = new Set(
    [...citedParts(draft).flatMap(({ sources }) => sources), ...draft.left_out].map(({ round }) => round),
  );
  const scored = currentAssessment(interview)?.dimensions ?? [];
  return scored
    .filter(({ name }) => name === "constraints" || name === "success")
    .flatMap(({ name, cited_rounds }) => {
      const lost = cited_rounds.filter((round) => round !== 0 && !kept.has(round));
      return lost.map(
        (round) => `${name}: nothing here cites round ${round}, which settled it; use it, or list it in left_out`,
      );
    });
}

function lostLater(interview: Interview, { decide_later_items, technical_questions }: ProductDraft): string[] {
  const technical = roundsOf(technical_questions);
  const later = new Set([...technical, ...roundsOf(decide_later_items)]);
  return answeredRounds(interview).flatMap(({ number, question, answer }) => [
    ...(question.reframed_from !== null && !technical.has(number)
      ? [`technical_questions: none cites round ${number}, behind which there is a technical question`]
      : []),
    ...(answer.source === "later" && !later.has(number)
      ? [`decide_later_items: none cites round ${number}, which was put off`]
      : []),
  ]);
}

function roundsOf(statements: ProductDraft["constraints"]): ReadonlySet<number> {
  return new Set(statements.flatMap(({ sources }) => sources.map(({ round }) => round)));
}
