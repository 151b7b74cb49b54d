/** How a lineage stands; upstream knows the first, `converged`, `exhausted` and `aborted`. */
export type LineageStatus =
  | "active"
  | "converged"
  | "exhausted"
  | "stagnated"
  | "ontology_stable"
  | "stopped"
  | "aborted";

/** What is to be done with a lineage after a generation. */
export type LineageAction = "continue" | Exclude<LineageStatus, "active" | "aborted">;

/** Why a lineage stops, each with the one action it leads to: no two reasons share a code. */
export const STOP_REASONS = {
  outcome_reached: "converged",
  max_generations: "exhausted",
  token_budget: "exhausted",
  money_budget: "exhausted",
  wall_clock_exhausted: "exhausted",
  ontology_stable: "ontology_stable",
  grade_regressing: "stopped",
  plateau: "stagnated",
  oscillation: "stagnated",
  repetition: "stagnated",
  generations_failing: "stopped",
  interrupted: "stopped",
  cancelled: "stopped",
  aborted: "stopped",
  // What upstream has recorded as an end. Its words do not say which of its reasons it was, and its cap counts as converged.
  upstream_converged: "converged",
  upstream_exhausted: "exhausted",
  upstream_stagnated: "stagnated",
} as const satisfies Readonly<Record<string, LineageAction>>;
export type StopReason = keyof typeof STOP_REASONS;

/** Is this one of our codes, and does it lead to that action? */
export function isStopReason(code: unknown, action: LineageAction): code is StopReason {
  return typeof code === "string" && Object.hasOwn(STOP_REASONS, code) && STOP_REASONS[code as StopReason] === action;
}
