import * as v from "valibot";
import { roundFaults, sourceFaults } from "../../domain/interview/citation.ts";
import { currentAssessment, type Interview } from "../../domain/interview/interview.ts";
import { artifactFault } from "../../domain/seed/artifact-path.ts";
import type { Question } from "../../minds/mind.ts";
import { turnInput } from "../../prompts/interview-turn.ts";
import { seedInstructions } from "../../prompts/seed.ts";

/** Upstream's task types. */
const TASK_TYPES = ["code", "research", "analysis", "artifact", "document", "documentation", "presentation"] as const;
const MOST_CRITERIA = 40;

const Text = (most: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most));
const List = <Item extends v.GenericSchema>(item: Item, most: number) => v.pipe(v.array(item), v.maxLength(most));
const Sources = List(v.object({ round: v.pipe(v.number(), v.integer(), v.minValue(0)), quote: Text(500) }), 8);
const Criterion = v.object({
  description: Text(1000),
  sources: Sources,
  verify_command: v.nullable(Text(2000)),
  output_assertion: v.nullable(Text(500)),
  verify_exemption_reason: v.nullable(Text(500)),
  expected_artifacts: List(Text(255), 50),
  depends_on: List(v.pipe(v.number(), v.integer(), v.minValue(1)), MOST_CRITERIA),
});
const Named = { name: Text(100), description: Text(500) };
const Reference = v.object({ path: Text(255), role: Text(100), summary: Text(500) });
const Draft = v.object({
  goal: v.object({ text: Text(2000), sources: Sources }),
  task_type: v.picklist(TASK_TYPES),
  constraints: List(v.object({ text: Text(1000), sources: Sources }), 40),
  acceptance_criteria: v.pipe(v.array(Criterion), v.minLength(1), v.maxLength(MOST_CRITERIA)),
  ontology: v.object({ ...Named, fields: List(v.object({ ...Named, type: Text(50), required: v.boolean() }), 40) }),
  evaluation_principles: List(v.object({ ...Named, weight: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }), 20),
  exit_conditions: List(v.object({ ...Named, criteria: Text(500) }), 20),
  brownfield: v.nullable(
    v.object({
      context_references: List(Reference, 40),
      existing_patterns: List(Text(300), 20),
      existing_dependencies: List(Text(200), 40),
    }),
  ),
  left_out: List(v.object({ round: v.pipe(v.number(), v.integer(), v.minValue(0)), why: Text(500) }), 40),
});

/** A seed as a mind writes it: everything decided, each with where it was said. */
export type SeedDraft = v.InferOutput<typeof Draft>;

/** The question for a seed. Its schema knows the transcript: a criterion from nowhere does not fit, nor does a lost constraint. */
export function seedQuestion(interview: Interview): Question<SeedDraft> {
  return {
    role: "deep",
    kind: "seed.draft",
    instructions: seedInstructions(interview),
    input: turnInput(interview),
    schema: v.pipe(
      Draft,
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        for (const message of draftFaults(interview, dataset.value)) addIssue({ message });
      }),
    ),
  };
}

function draftFaults(interview: Interview, draft: SeedDraft): string[] {
  const { goal, constraints, acceptance_criteria: criteria, brownfield } = draft;
  return [
    ...sourceFaults(interview, "goal", goal.sources),
    ...constraints.flatMap(({ sources }, index) => sourceFaults(interview, `constraints.${index}`, sources)),
    ...criteria.flatMap(({ sources }, index) => sourceFaults(interview, `acceptance_criteria.${index}`, sources)),
    ...criteria.flatMap(criterionFaults(criteria.length)),
    ...roundFaults(interview, "left_out", draft.left_out),
    ...droppedConstraints(interview, draft),
    ...orderFaults(criteria),
    ...(interview.is_brownfield || brownfield === null ? [] : ["brownfield: there is no code here; leave it null"]),
    ...(brownfield?.context_references ?? []).flatMap(({ path }, index) => {
      const fault = artifactFault(path);
      return fault === undefined ? [] : [`brownfield.context_references.${index}.path: ${fault}`];
    }),
  ];
}

function criterionFaults(count: number) {
  return (criterion: SeedDraft["acceptance_criteria"][number], index: number): string[] => {
    const where = `acceptance_criteria.${index}`;
    const { verify_command, verify_exemption_reason, output_assertion, expected_artifacts, depends_on } = criterion;
    const faults: string[] = [];
    if (verify_command === null && verify_exemption_reason === null) {
      faults.push(`${where}: give a verify_command, or say in verify_exemption_reason why there is none`);
    }
    if (verify_command === null && output_assertion !== null) {
      faults.push(`${where}.output_assertion: there is no command whose output it could be about`);
    }
    for (const path of expected_artifacts) {
      const fault = artifactFault(path);
      if (fault !== undefined) faults.push(`${where}.expected_artifacts: ${JSON.stringify(path)}: ${fault}`);
    }
    for (const other of depends_on) {
      if (other > count || other === index + 1) faults.push(`${where}.depends_on: ${other} is not another criterion`);
    }
    return faults;
  };
}

/** What the scores rest on when they call the constraints clear has to be in the seed, or be left out on purpose. */
function droppedConstraints(
  interview: Interview,
  { goal, constraints, acceptance_criteria, left_out }: SeedDraft,
): string[] {
  const scored = currentAssessment(interview)?.dimensions.find(({ name }) => name === "constraints");
  const used = [goal, ...constraints, ...acceptance_criteria].flatMap(({ sources }) => sources);
  const rounds = new Set([...used, ...left_out].map(({ round }) => round));
  const dropped = scored?.cited_rounds.filter((round) => round !== 0 && !rounds.has(round)) ?? [];
  return dropped.map((round) => {
    return `constraints: round ${round} set a limit that nothing here cites; make it a constraint or a criterion, or list it in left_out`;
  });
}

function orderFaults(criteria: SeedDraft["acceptance_criteria"]): string[] {
  const open = new Set(criteria.map((_, index) => index));
  for (let found = true; found; ) {
    const free = [...open].filter((index) => criteria[index]?.depends_on.every((other) => !open.has(other - 1)));
    for (const index of free) open.delete(index);
    found = free.length > 0;
  }
  if (open.size === 0) return [];
  const numbers = [...open].map((index) => index + 1).join(", ");
  return [`acceptance_criteria: ${numbers} wait for each other; no order of work satisfies their depends_on`];
}
