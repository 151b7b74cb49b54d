import type { AutoState } from "../../domain/auto/auto-state.ts";
import type { WorkOrder } from "../../minds/mind.ts";
import type { HostBinding } from "../../sessions/resume/host-binding.ts";
import type { Continuation } from "../../store/orders/work-rows.ts";
import type { Tell } from "../evaluation/run-checks.ts";

/** Whoever has an auto go on, and who may think for it. */
export interface AutoCall {
  readonly by: string;
  readonly host: HostBinding;
  readonly hasHost: boolean;
  /** The call that goes on once the host has answered. */
  readonly continuation: Continuation | null;
  /** A mind this caller asks for by name. */
  readonly mind?: string | undefined;
  /** Until when this caller waits, by `performance.now()`; without end when missing. */
  readonly deadline?: number | undefined;
  /** The person's word on the question that is in the way; with a round, on that question and no other. */
  readonly answer?: { readonly text: string; readonly round?: number | undefined } | undefined;
  readonly tell: Tell;
}

/** Somebody who is at work on it. */
interface RunningSession {
  readonly session_id: string;
  readonly job_id: string | null;
}

/** How far a call has taken it; `running` without a session: a mind is still at it, and the same call goes on. */
export type AutoProgress =
  | { readonly status: "needs_host"; readonly state: AutoState; readonly work: WorkOrder }
  | { readonly status: "running"; readonly state: AutoState; readonly session: RunningSession | null }
  | { readonly status: "blocked" | "failed" | "complete"; readonly state: AutoState };

/** What one step came to: the next can be taken, somebody has to do something first, or a mind is still at it. */
export type AutoStep = "on" | "thinking" | { readonly needs: WorkOrder } | { readonly running: RunningSession };
