import type { WorkOrder } from "../minds/mind.ts";
import type { Continuation } from "../store/orders/work-rows.ts";

/** Who asks for something that takes thinking, and who may do it for them. */
export interface Caller {
  readonly hasHost: boolean;
  /** The call that goes on once the host has answered. */
  readonly continuation: Continuation | null;
  /** A mind this caller asks for by name. */
  readonly mind?: string | undefined;
  /** How long this caller waits; without end when missing. */
  readonly patienceMs?: number | undefined;
}

/** The host is to do some thinking first. */
export interface Needed {
  readonly needs: WorkOrder;
}
