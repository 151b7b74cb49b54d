import type { Payload } from "../event.ts";
import type { LineageJudgement } from "./convergence.ts";
import type { EvolutionSettings } from "./evolution-settings.ts";
import { completedGenerations, type Lineage } from "./lineage.ts";
import {
  LINEAGE_CONVERGED,
  LINEAGE_EXHAUSTED,
  LINEAGE_STAGNATED,
  LINEAGE_STOPPED,
  ONTOLOGY_STABLE,
} from "./lineage-events.ts";
import { latestSimilarity } from "./ontology-similarity.ts";

/** The row that puts a judgement on record; null while the lineage goes on, is over already, or only its generation rests. */
export function lineageEnding(
  lineage: Lineage,
  { action, reason, message, pattern }: LineageJudgement,
  settings: EvolutionSettings,
): { readonly event_type: string; readonly payload: Payload } | null {
  if (lineage.status !== "active" || action === "continue") return null;
  if (reason === "interrupted" || reason === "cancelled") return null;
  const generation_number = lineage.generations.at(-1)?.number ?? 0;
  const common = { generation_number, code: reason, reason: message, pattern };
  switch (action) {
    case "converged": {
      const similarity = latestSimilarity(completedGenerations(lineage)) ?? 0;
      return { event_type: LINEAGE_CONVERGED, payload: { ...common, similarity } };
    }
    case "exhausted":
      return { event_type: LINEAGE_EXHAUSTED, payload: { ...common, max_generations: settings.max_generations } };
    case "stagnated":
      return { event_type: LINEAGE_STAGNATED, payload: { ...common, stagnation_window: settings.stagnation_window } };
    case "ontology_stable":
      return { event_type: ONTOLOGY_STABLE, payload: common };
    case "stopped":
      return { event_type: LINEAGE_STOPPED, payload: common };
  }
}
