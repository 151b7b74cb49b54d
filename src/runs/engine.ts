import type { Reported } from "../domain/run/ceiling.ts";
import type { Plan } from "../domain/run/plan.ts";
import type { RunSettings } from "../domain/run/run-settings.ts";
import type { Step } from "../domain/run/steps.ts";
import type { Criterion } from "../domain/seed/seed.ts";
import type { OwnedRun } from "../sessions/owner/take-session.ts";
import type { SessionContext } from "../sessions/session-context.ts";
import type { Workspace } from "../workspaces/workspace.ts";
import type { RunLog } from "./run-log.ts";

/** What was merged for a criterion, for those that build on it. */
interface Merged {
  readonly files: readonly string[];
  readonly summary: string;
}

/** Everything the parts of a run share while it is carried out in a workspace. */
export interface Engine {
  readonly context: SessionContext;
  readonly run: OwnedRun;
  readonly log: RunLog;
  readonly workspace: Workspace;
  readonly plan: Plan;
  readonly settings: RunSettings;
  /** What each step's check said of the untouched project. */
  readonly baseline: ReadonlyMap<number, string>;
  readonly merged: Map<number, Merged>;
  /** Steps at work now. */
  readonly running: Map<number, Promise<unknown>>;
  /** What each agent of this run has reported, those of owners before this one, too. */
  readonly usages: (Reported | null)[];
  /** Merging is done one at a time. */
  readonly merging: { queue: Promise<unknown> };
}

/** The criterion a step is about. */
export function criterionOf({ run }: Engine, { index }: Step): Criterion {
  const criterion = run.seed.criteria[index];
  if (!criterion) throw new Error(`The seed has no criterion ${index + 1}`);
  return criterion;
}
