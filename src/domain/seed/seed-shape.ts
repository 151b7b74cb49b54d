import * as v from "valibot";
import { CriterionShape } from "./criterion-shape.ts";
import { lifted, Text, Words } from "./shape-parts.ts";

/** Upstream's limit for everything the criteria say, in characters. */
const CRITERIA_BUDGET = 64_000;

const BrownfieldShape = v.looseObject({
  project_type: v.nullish(Text, "greenfield"),
  context_references: v.nullish(
    v.array(
      lifted("path", {}, v.looseObject({ path: Text, role: v.nullish(Words, ""), summary: v.nullish(Words, "") })),
    ),
    [],
  ),
  existing_patterns: v.nullish(v.array(Words), []),
  existing_dependencies: v.nullish(v.array(Words), []),
});

/** YAML 1.1, which upstream reads, knows more words for true and false than the YAML of today. */
const Truth = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(["yes", "no", "on", "off"]),
    v.transform((word) => word === "yes" || word === "on"),
  ),
]);

const OntologyShape = v.looseObject({
  name: v.nullish(Words, ""),
  description: v.nullish(Words, ""),
  fields: v.nullish(
    v.array(
      lifted(
        "name",
        { type: ["field_type"] },
        v.looseObject({
          name: Text,
          type: v.nullish(Text, "string"),
          description: v.nullish(Words, ""),
          required: v.nullish(Truth, true),
        }),
      ),
    ),
    [],
  ),
});

const Share = v.pipe(
  v.number(),
  v.minValue(0, "write a number from 0 to 1"),
  v.maxValue(1, "write a number from 0 to 1"),
);

const PrincipleShape = lifted(
  "name",
  {},
  v.looseObject({ name: Text, description: v.nullish(Words, ""), weight: v.nullish(Share, 1) }),
);

const ExitConditionShape = lifted(
  "name",
  { criteria: ["evaluation_criteria"] },
  v.looseObject({ name: Text, description: v.nullish(Words, ""), criteria: v.nullish(Words, "") }),
);

/** A version that somebody wrote without quotes is a number to YAML. */
const Version = v.union([
  Text,
  v.pipe(
    v.number(),
    v.transform((number) => String(number)),
  ),
]);

const MetadataShape = v.looseObject({
  seed_id: v.nullish(Text, null),
  version: v.nullish(Version, "1.0.0"),
  created_at: v.nullish(Text, null),
  ambiguity_score: v.nullish(Share, null),
  interview_id: v.nullish(Text, null),
  parent_seed_id: v.nullish(Text, null),
  generation_mode: v.nullish(Text, null),
  degraded: v.nullish(Truth, false),
  unresolved_slots: v.nullish(v.array(v.unknown()), []),
  recovery_reason: v.nullish(Words, null),
  decision_provenance: v.nullish(v.unknown(), null),
});

/**
 * A seed of either of upstream's generations, in one spelling: aliases renamed, texts that stand for objects lifted, what is
 * absent or null by its default, unknown keys kept on every level. A run needs only the goal and one criterion.
 */
export const SeedShape = v.looseObject({
  goal: Text,
  task_type: v.nullish(Text, "code"),
  brownfield_context: v.nullish(BrownfieldShape, {}),
  constraints: v.nullish(v.array(Words), []),
  acceptance_criteria: v.pipe(
    v.array(CriterionShape),
    v.minLength(1, "write at least one criterion: what must be true when the work is done"),
    v.check(
      (criteria) => criteria.reduce((sum, one) => sum + lengthOf(one), 0) <= CRITERIA_BUDGET,
      `shorten the criteria to ${CRITERIA_BUDGET} characters in all, or split the seed`,
    ),
  ),
  ontology_schema: v.nullish(OntologyShape, null),
  evaluation_principles: v.nullish(v.array(PrincipleShape), []),
  exit_conditions: v.nullish(v.array(ExitConditionShape), []),
  metadata: v.nullish(MetadataShape, {}),
});
export type SeedShape = v.InferOutput<typeof SeedShape>;

function lengthOf(one: v.InferOutput<typeof CriterionShape>): number {
  const texts = [one.verify_command, one.output_assertion, one.verify_exemption_reason, ...one.expected_artifacts];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), one.description.length);
}
