import * as v from "valibot";

/** Upstream's names where it has one; the last six are ours, and upstream's programs pass over them. */
export const LINEAGE_CREATED = "lineage.created";
export const GENERATION_STARTED = "lineage.generation.started";
export const PHASE_CHANGED = "lineage.generation.phase_changed";
export const GENERATION_COMPLETED = "lineage.generation.completed";
export const GENERATION_FAILED = "lineage.generation.failed";
export const GENERATION_INTERRUPTED = "lineage.generation.interrupted";
export const WONDER_DEGRADED = "lineage.wonder.degraded";
export const LINEAGE_CONVERGED = "lineage.converged";
export const LINEAGE_EXHAUSTED = "lineage.exhausted";
export const LINEAGE_STAGNATED = "lineage.stagnated";
export const LINEAGE_REWOUND = "lineage.rewound";
export const LINEAGE_STOPPED = "lineage.stopped";
export const ONTOLOGY_STABLE = "lineage.ontology.stable";
export const LINEAGE_ABORTED = "lineage.aborted";
export const LINEAGE_REOPENED = "lineage.reopened";
export const LATERAL_TAKEN = "lineage.lateral.taken";
export const LINEAGE_CONDUCTED = "lineage.conducted";

/** What a row does not say, or says in a way nobody understands, is null: rows of other writers say less than ours. */
function lenient<Schema extends v.GenericSchema>(schema: Schema) {
  return v.optional(v.fallback(v.nullable(schema), null), null);
}

const Text = lenient(v.pipe(v.string(), v.minLength(1)));
const GenerationNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const Amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const Words = v.fallback(v.array(v.string()), []);

const Spent = v.object({
  hours: v.fallback(Amount, 0),
  tokens: lenient(Amount),
  cost_usd: lenient(Amount),
  agents: v.fallback(Amount, 0),
  agents_with_tokens: v.fallback(Amount, 0),
  agents_with_cost: v.fallback(Amount, 0),
});

const OntologySnapshot = v.object({
  name: v.fallback(v.string(), ""),
  fields: v.pipe(
    v.array(
      v.object({
        name: v.string(),
        field_type: v.fallback(v.string(), "string"),
        description: v.fallback(v.string(), ""),
        required: v.fallback(v.boolean(), true),
      }),
    ),
    v.transform((fields) => fields.map(({ field_type, ...field }) => ({ ...field, type: field_type }))),
  ),
});

export const CreatedPayload = v.object({
  goal: v.fallback(v.string(), ""),
  /** False for a lineage that evolves a specification on paper. */
  execute: lenient(v.boolean()),
  forked_from: lenient(v.object({ lineage_id: v.string(), generation: GenerationNumber })),
});

/** What any row of a generation may say. `spent` is what was spent since the generation's row before. */
export const GenerationPayload = v.object({
  generation_number: GenerationNumber,
  phase: Text,
  last_completed_phase: Text,
  execute: lenient(v.boolean()),
  seed_id: Text,
  seed_hash: Text,
  /** The seed itself, as upstream writes it. */
  seed_json: Text,
  parent_seed_id: Text,
  execution_id: Text,
  session_id: Text,
  branch: Text,
  commit: Text,
  tree_hash: Text,
  findings_hash: Text,
  ontology_snapshot: lenient(OntologySnapshot),
  evaluation_summary: lenient(v.record(v.string(), v.unknown())),
  wonder_questions: lenient(Words),
  /** What the phases of this generation have found so far, so that none has to be done twice. */
  partial_state: lenient(v.record(v.string(), v.unknown())),
  spent: lenient(Spent),
  error: Text,
});
export type GenerationSaid = v.InferOutput<typeof GenerationPayload>;

export const DegradedPayload = v.object({ generation_number: GenerationNumber });
/** An end. Upstream's rows have only words; ours also the code by which programs tell them apart. */
export const EndPayload = v.object({
  code: Text,
  reason: Text,
  pattern: lenient(v.picklist(["spinning", "oscillation", "no_drift", "diminishing_returns"])),
});
export const RewoundPayload = v.object({ to_generation: GenerationNumber });
export const ReopenedPayload = v.object({ by: v.string(), execute: lenient(v.boolean()) });
export const LateralPayload = v.object({ persona: v.string(), pattern: Text });
export const ConductedPayload = v.object({ session_id: v.pipe(v.string(), v.minLength(1)) });
