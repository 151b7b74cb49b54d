import type { WorkingPhase } from "./generation.ts";
import { completedGenerations, type Lineage } from "./lineage.ts";
import type { LineageStatus } from "./stop-reasons.ts";

/** What whoever works on a lineage does next. */
export type NextStep =
  | { readonly do: "begin"; readonly generation: number; readonly phase: WorkingPhase }
  | { readonly do: "go_on"; readonly generation: number; readonly phase: WorkingPhase }
  | { readonly do: "nothing"; readonly status: Exclude<LineageStatus, "active"> };

/**
 * The one thing to do next: what has begun is finished first, whatever stopped it, and only then comes the next number. A
 * lineage that is over waits for a lateral step, a rewind or somebody to reopen it.
 */
export function nextStep(lineage: Lineage): NextStep {
  const { status, generations } = lineage;
  if (status !== "active") return { do: "nothing", status };
  const last = generations.at(-1);
  if (last?.open_phase) return { do: "go_on", generation: last.number, phase: last.open_phase };
  return { do: "begin", generation: (last?.number ?? 0) + 1, phase: firstPhase(lineage) };
}

/** Wondering needs something to wonder about: a seed nobody has checked the work of is carried out first. */
function firstPhase(lineage: Lineage): WorkingPhase {
  const last = completedGenerations(lineage).at(-1);
  if (!lineage.executes) return last ? "wondering" : "seeding";
  return last?.evaluation?.checked ? "wondering" : "executing";
}
