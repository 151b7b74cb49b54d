import { type Ceiling, DEFAULT_CEILING, type Spent } from "../run/ceiling.ts";

/** When a lineage stops. */
export interface EvolutionSettings {
  readonly max_generations: number;
  /** For all generations together. */
  readonly ceiling: Ceiling;
  /** What minds have taken for it: its rows tell only of its runs. */
  readonly thinking?: Spent | undefined;
  /** Before this many, no ontology counts as stable. */
  readonly min_generations: number;
  readonly convergence_threshold: number;
  /** Steps down in a row. */
  readonly grade_regression_window: number;
  readonly stagnation_window: number;
  readonly score_epsilon: number;
  readonly oscillation_window: number;
  readonly repetition_share: number;
  /** Failures of one generation in a row. */
  readonly max_failures: number;
}

/** Upstream's numbers, where it has any. */
export const DEFAULT_EVOLUTION_SETTINGS: EvolutionSettings = {
  max_generations: 30,
  ceiling: DEFAULT_CEILING,
  min_generations: 2,
  convergence_threshold: 0.95,
  grade_regression_window: 2,
  stagnation_window: 3,
  score_epsilon: 0.01,
  oscillation_window: 3,
  repetition_share: 0.7,
  max_failures: 2,
};
