import { isRecord } from "./seed-document.ts";

/** A value with its keys as upstream orders them; one we do not know stays behind the one it follows. */
export function inKeyOrder(value: unknown, order: KeyOrder = ORDER): unknown {
  if (Array.isArray(value)) return value.map((item) => inKeyOrder(item, order));
  if (!isRecord(value)) return value;
  const known = Object.keys(order);
  let rank = -1;
  const ranked = Object.entries(value).map(([key, inner]) => {
    if (Object.hasOwn(order, key)) rank = known.indexOf(key);
    const entry: [string, unknown] = [key, inKeyOrder(inner, (Object.hasOwn(order, key) && order[key]) || {})];
    return { rank, entry };
  });
  return Object.fromEntries(ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry));
}

/** The keys of each level in the order upstream declares them; a list's items are ordered as its own entry says. */
export interface KeyOrder {
  readonly [key: string]: KeyOrder;
}

export const ORDER: KeyOrder = {
  goal: {},
  task_type: {},
  brownfield_context: {
    project_type: {},
    context_references: { path: {}, role: {}, summary: {} },
    existing_patterns: {},
    existing_dependencies: {},
  },
  constraints: {},
  acceptance_criteria: {
    description: {},
    semantic_ac_key: {},
    verify_command: {},
    expected_artifacts: {},
    output_assertion: {},
    verify_exemption_reason: {},
    investment: { difficulty: {}, stakes: {}, provenance: {}, confidence: {} },
    depends_on: {},
  },
  ontology_schema: { name: {}, description: {}, fields: { name: {}, type: {}, description: {}, required: {} } },
  evaluation_principles: { name: {}, description: {}, weight: {} },
  exit_conditions: { name: {}, description: {}, criteria: {} },
  metadata: {
    seed_id: {},
    version: {},
    created_at: {},
    ambiguity_score: {},
    interview_id: {},
    parent_seed_id: {},
    generation_mode: {},
    degraded: {},
    unresolved_slots: {},
    recovery_reason: {},
    decision_provenance: {},
  },
};
