import type { LineageJudgement } from "../../domain/evolution/convergence.ts";
import type { EvolutionSettings } from "../../domain/evolution/evolution-settings.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import type { HostBinding } from "../../sessions/resume/host-binding.ts";
import type { Caller } from "../caller.ts";
import type { Tell } from "../evaluation/run-checks.ts";

/** Whoever has a lineage go on, and how. */
export interface EvolutionCall {
  readonly settings: EvolutionSettings;
  /** The project, for a first generation; every later one works where the one before did. */
  readonly cwd: string;
  readonly by: string;
  readonly host: HostBinding;
  readonly runtime?: string | undefined;
  readonly parallel?: number | undefined;
  /** Somebody who wants it to go on is asking: a run that was paused is resumed, whatever it was paused for. */
  readonly resumesPaused: boolean;
  readonly caller: Caller;
  readonly tell: Tell;
  /** Called with the lineage as it stands when another phase begins, or a generation is over. */
  readonly onPhase?: ((lineage: Lineage) => Promise<void>) | undefined;
}

/** How far a step has come. */
export type Advanced =
  | { readonly status: "needs_host"; readonly lineage: Lineage; readonly work: WorkOrder }
  /** Agents are at it, in a worker that needs nobody. */
  | { readonly status: "running"; readonly lineage: Lineage; readonly session_id: string }
  /** A generation is over, or the whole lineage. */
  | {
      readonly status: "stepped";
      readonly lineage: Lineage;
      readonly judgement: LineageJudgement;
      /** Why the lineage's branch does not name the latest work; null where it does. */
      readonly branch_note: string | null;
    };

/** What one phase came to: the lineage as it stands now, or what has to happen first. */
export type Phased = { readonly lineage: Lineage } | Exclude<Advanced, { readonly status: "stepped" }>;
