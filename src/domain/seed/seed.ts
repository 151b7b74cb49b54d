import * as v from "valibot";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { faultOf } from "../../base/schema-fault.ts";
import { badSeed } from "./bad-seed.ts";
import { keysOf } from "./criterion-key.ts";
import type { CriterionShape } from "./criterion-shape.ts";
import { type MisspeltKey, misspeltKeys } from "./misspelt-keys.ts";
import type { SeedDocument } from "./seed-document.ts";
import { SeedShape } from "./seed-shape.ts";
import { fromYaml } from "./seed-yaml.ts";

/** One acceptance criterion: the unit of work, of checkpoints and of resuming. */
export interface Criterion {
  /** `ac_` and 16 hexadecimal digits, unlike any other's of its seed; it outlives changes to the others. */
  readonly key: string;
  readonly description: string;
  readonly verify_command: string | null;
  /** Files that must exist, relative to the project's folder, with slashes. */
  readonly expected_artifacts: readonly string[];
  /** What the verify command's output must show. */
  readonly output_assertion: string | null;
  /** Why there is nothing to run. */
  readonly verify_exemption_reason: string | null;
  readonly investment: Investment | null;
  /** Keys of criteria that must be done first. */
  readonly depends_on: readonly string[];
}

interface Investment {
  readonly difficulty: "low" | "medium" | "high" | null;
  readonly stakes: "low" | "medium" | "high" | null;
  readonly provenance: "declared" | "measured" | "inferred" | "absent";
  readonly confidence: number | string | null;
}

/** A specification, immutable, in one spelling whatever it was written in. */
export interface Seed {
  readonly seed_id: string | null;
  readonly goal: string;
  readonly task_type: string;
  readonly constraints: readonly string[];
  readonly criteria: readonly Criterion[];
  readonly ontology: Ontology | null;
  readonly principles: readonly Principle[];
  readonly exit_conditions: readonly ExitCondition[];
  readonly brownfield: Brownfield;
  readonly metadata: Metadata;
  /** Kept as they are, and read by nothing. */
  readonly misspelt: readonly MisspeltKey[];
}

interface Ontology {
  readonly name: string;
  readonly description: string;
  readonly fields: readonly OntologyField[];
}

export interface OntologyField {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
}

export interface Principle {
  readonly name: string;
  readonly description: string;
  readonly weight: number;
}

export interface ExitCondition {
  readonly name: string;
  readonly description: string;
  readonly criteria: string;
}

interface Brownfield {
  readonly project_type: string;
  readonly context_references: readonly { readonly path: string; readonly role: string; readonly summary: string }[];
  readonly existing_patterns: readonly string[];
  readonly existing_dependencies: readonly string[];
}

/** Where a seed comes from; nothing is invented for what it does not say. */
interface Metadata {
  readonly version: string;
  readonly created_at: string | null;
  readonly ambiguity_score: number | null;
  readonly interview_id: string | null;
  readonly parent_seed_id: string | null;
  readonly generation_mode: string | null;
  readonly degraded: boolean;
  readonly unresolved_slots: readonly unknown[];
  readonly recovery_reason: string | null;
  readonly decision_provenance: unknown;
}

/** Reads a seed's YAML or JSON, of either of upstream's generations. */
export function parseSeed(text: string): Seed | Refusal {
  const document = fromYaml(text);
  return isRefusal(document) ? document : toSeed(document);
}

/** What a document specifies, or every place at which it specifies nothing we can use. */
export function toSeed(document: SeedDocument): Seed | Refusal {
  const parsed = v.safeParse(SeedShape, document);
  return parsed.success ? seedOf(parsed.output, misspeltKeys(document)) : badSeed(parsed.issues.map(faultOf));
}

function seedOf(shape: SeedShape, misspelt: readonly MisspeltKey[]): Seed {
  const keys = keysOf(shape.acceptance_criteria);
  return {
    seed_id: shape.metadata.seed_id,
    goal: shape.goal,
    task_type: shape.task_type,
    constraints: shape.constraints.filter((text) => text !== ""),
    criteria: shape.acceptance_criteria.map((one, index) => criterionOf(one, keys[index] ?? "")),
    ontology: shape.ontology_schema && ontologyOf(shape.ontology_schema),
    principles: shape.evaluation_principles.map(({ name, description, weight }) => ({ name, description, weight })),
    exit_conditions: shape.exit_conditions.map(({ name, description, criteria }) => ({ name, description, criteria })),
    brownfield: brownfieldOf(shape.brownfield_context),
    metadata: metadataOf(shape.metadata),
    misspelt,
  };
}

function criterionOf(one: CriterionShape, key: string): Criterion {
  const { description, verify_command, expected_artifacts, output_assertion, verify_exemption_reason } = one;
  const { investment, depends_on } = one;
  return {
    key,
    description,
    verify_command,
    expected_artifacts,
    output_assertion,
    verify_exemption_reason,
    investment: investment && {
      difficulty: investment.difficulty,
      stakes: investment.stakes,
      provenance: investment.provenance,
      confidence: investment.confidence,
    },
    depends_on,
  };
}

function ontologyOf({ name, description, fields }: NonNullable<SeedShape["ontology_schema"]>): Ontology {
  const known = fields.map(({ name, type, description, required }) => ({ name, type, description, required }));
  return { name, description, fields: known };
}

function brownfieldOf(shape: SeedShape["brownfield_context"]): Brownfield {
  const { project_type, context_references, existing_patterns, existing_dependencies } = shape;
  const references = context_references.map(({ path, role, summary }) => ({ path, role, summary }));
  return { project_type, context_references: references, existing_patterns, existing_dependencies };
}

function metadataOf(shape: SeedShape["metadata"]): Metadata {
  const { version, created_at, ambiguity_score, interview_id, parent_seed_id } = shape;
  const { generation_mode, degraded, unresolved_slots, recovery_reason, decision_provenance } = shape;
  return {
    version,
    created_at,
    ambiguity_score,
    interview_id,
    parent_seed_id,
    generation_mode,
    degraded,
    unresolved_slots,
    recovery_reason,
    decision_provenance,
  };
}
