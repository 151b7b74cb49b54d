import * as v from "valibot";
import type { Claim, Claims } from "../../domain/interview/ambiguity.ts";
import { citationFault, citesDecision } from "../../domain/interview/citation.ts";
import { DIMENSIONS, type Dimension, weightsOf } from "../../domain/interview/dimensions.ts";
import { answeredRounds, type Interview } from "../../domain/interview/interview.ts";
import { CLASSIFICATIONS, type Missing } from "../../domain/interview/interview-events.ts";
import { isPersonsTurn, readProvenance } from "../../domain/interview/provenance.ts";
import type { Question } from "../../minds/mind.ts";
import { turnInput, turnInstructions } from "../../prompts/interview-turn.ts";

const MOST_CITATIONS = 8;
const MOST_MISSING = 8;

const Text = (most: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most));
const ClaimAnswer = v.object({
  clarity: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  citations: v.pipe(
    v.array(v.object({ round: v.pipe(v.number(), v.integer(), v.minValue(0)), quote: Text(500) })),
    v.maxLength(MOST_CITATIONS),
  ),
  why: Text(500),
});
const MissingAnswer = v.pipe(
  v.array(v.object({ dimension: v.picklist(DIMENSIONS), what: Text(300) })),
  v.maxLength(MOST_MISSING),
);
const Suggestions = v.pipe(v.array(Text(300)), v.minLength(2), v.maxLength(4));
const AskedQuestion = {
  text: Text(1000),
  dimension: v.picklist(DIMENSIONS),
  ask: v.picklist(["person", "code"]),
  why: Text(500),
  suggestions: Suggestions,
};

const Greenfield = { goal: ClaimAnswer, constraints: ClaimAnswer, success: ClaimAnswer };
const DeveloperQuestion = v.object(AskedQuestion);
const ProductQuestion = v.object({
  ...AskedQuestion,
  classification: v.picklist(CLASSIFICATIONS),
  reframed_from: v.nullable(Text(1000)),
});

/** What a mind says in one turn: how clear everything is, what it still misses, and what it asks next. */
export interface TurnPlan {
  readonly scores: Claims;
  readonly missing: readonly Missing[];
  readonly question: v.InferOutput<typeof DeveloperQuestion> | v.InferOutput<typeof ProductQuestion>;
}

/** The one question of a turn. Its schema knows the transcript: a citation that does not hold does not fit. */
export function turnQuestion(interview: Interview): Question<TurnPlan> {
  return {
    role: "standard",
    kind: "interview.turn",
    instructions: turnInstructions(interview),
    input: turnInput(interview),
    schema: schemaFor(interview),
  };
}

function schemaFor(interview: Interview): v.GenericSchema<Record<string, unknown>, TurnPlan> {
  const scores = interview.is_brownfield ? v.object({ ...Greenfield, context: ClaimAnswer }) : v.object(Greenfield);
  const question = interview.kind === "product" ? ProductQuestion : DeveloperQuestion;
  return v.pipe(
    v.object({ scores, missing: MissingAnswer, question }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      for (const message of planFaults(interview, dataset.value)) addIssue({ message });
    }),
  );
}

/** Everything about a plan that its shape alone cannot say, each fault named. */
function planFaults(interview: Interview, { scores, question }: TurnPlan): string[] {
  const claims = weightsOf(interview.is_brownfield).flatMap(({ name }) => claimFaults(interview, name, scores[name]));
  return [...claims, ...questionFaults(interview, question)];
}

function claimFaults(interview: Interview, name: Dimension, claim: Claim | undefined): string[] {
  if (!claim) return [];
  const where = `scores.${name}`;
  const { clarity, citations } = claim;
  if (clarity > 0 && citations.length === 0) {
    return [`${where}: a clarity of ${clarity} cites no round; quote the answer it rests on, or score it 0`];
  }
  const bad = citations.flatMap((citation) => citationFault(interview, citation, name) ?? []);
  if (bad.length > 0) return bad.map((fault) => `${where}.citations: ${fault}`);
  const needsDecision = name !== "context" && clarity > 0;
  if (needsDecision && !citations.some((citation) => citesDecision(interview, citation))) {
    return [`${where}: only observations are cited; what a person decided has to be among them`];
  }
  return [];
}

function questionFaults(interview: Interview, question: TurnPlan["question"]): string[] {
  const faults: string[] = [];
  const answered = answeredRounds(interview);
  const asked = answered.find((round) => sameWords(round.question.text, question.text));
  if (asked) faults.push(`question.text: it was asked in round ${asked.number}; ask for something that is still open`);
  if (new Set(question.suggestions.map(bare)).size < question.suggestions.length) {
    faults.push("question.suggestions: two of them are the same");
  }
  // Chosen by a person they would be read as somebody else's word.
  if (question.suggestions.some((one) => readProvenance(one).text !== one)) {
    faults.push("question.suggestions: leave marks such as [decide_later] out; putting it off is always offered");
  }
  if (question.ask === "code" && isPersonsTurn(answered.map(({ answer }) => answer.source))) {
    faults.push("question.ask: the last answers were all observations, so this one is for the person");
  }
  if (question.ask === "code" && !interview.is_brownfield) {
    faults.push("question.ask: there is no code to look at here, so ask the person");
  }
  if (question.dimension === "context" && !interview.is_brownfield) {
    faults.push("question.dimension: context counts only where there is code");
  }
  return faults;
}

function sameWords(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

/** C and C# are two answers, "Yes" and "yes." one. */
function bare(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replace(/[.,;:!?…。、]+$/u, "");
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\p{P}\s]+/gu, " ")
    .trim();
}
