import type { Start } from "./starts.ts";

/** What is explored: from where, which things happen, and how many of them at most. */
export interface Plan {
  readonly start: Start;
  /** Names of operations; all when absent. */
  readonly operations?: readonly string[];
  /** Names of accidents; all when absent. */
  readonly accidents?: readonly string[];
  /** Replies and requests may be lost, once. */
  readonly network?: boolean;
  /** How many operations and accidents there are in one history, and how many of one kind. */
  readonly most: number;
  readonly mostOfOne?: number;
  /** Stops after so many states. */
  readonly states?: number;
}
