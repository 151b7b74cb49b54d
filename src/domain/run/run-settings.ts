import { type Ceiling, DEFAULT_CEILING } from "./ceiling.ts";

/** What a run may take and how often it tries; by the user's configuration. */
export interface RunSettings {
  /** Agents at work at once, at most. */
  readonly parallel: number;
  /** Attempts at a criterion after the first. */
  readonly retries: number;
  /** After which a check is ended. */
  readonly verifyMs: number;
  /** How long a question waits for a person before its default is taken. */
  readonly questionMs: number;
  /** Is a mind asked which criteria build on which, where the seed says nothing of that? */
  readonly planWithMind: boolean;
  readonly ceiling: Ceiling;
}

export const DEFAULT_RUN_SETTINGS: RunSettings = {
  parallel: 3,
  retries: 2,
  verifyMs: 600_000,
  questionMs: 3_600_000,
  planWithMind: true,
  ceiling: DEFAULT_CEILING,
};
