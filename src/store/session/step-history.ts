import * as v from "valibot";
import {
  BASELINE_CHECKED,
  CONVERSATION_BEGUN,
  CRITERION_MERGED,
  CRITERION_VERIFIED,
  STEP_COMPLETED,
  STEP_FAILED,
  STEP_STARTED,
} from "../../domain/run/steps.ts";
import type { Store } from "../store.ts";
import { eventsOfSteps } from "./run-records.ts";

/** An attempt that was begun and of whose end nothing is recorded: its owner died over it. */
interface OpenAttempt {
  readonly number: number;
  readonly bench: string;
  /** The agent's conversation, to go on with. */
  readonly handle: string | null;
  /** Its work was checked and held; only the merge is left. */
  readonly hasPassed: boolean;
}

/** What the store knows of a step's attempts in a workspace. */
export interface StepHistory {
  /** Attempts begun so far. */
  readonly attempts: number;
  readonly open: OpenAttempt | null;
  /** What was merged for it, once it was. */
  /** What its check said before anybody had worked. */
  readonly baseline: string | null;
  readonly merged: { readonly files: readonly string[]; readonly summary: string } | null;
}

const Begun = v.object({ attempt: v.pipe(v.number(), v.integer()), bench: v.string() });
const Conversation = v.object({ handle: v.string() });
/** What could not be verified may count, and may not: the verdict alone does not say. */
const Verdict = v.object({ holds: v.boolean(), attempt: v.number() });
const MergedRow = v.object({ files: v.array(v.string()), summary: v.string() });

const Baseline = v.object({ class: v.string() });

const NONE: StepHistory = { attempts: 0, open: null, baseline: null, merged: null };

/** The attempts of an execution's steps, by scope. */
export async function readStepHistories(store: Store, executionId: string): Promise<ReadonlyMap<string, StepHistory>> {
  const outcomes = [STEP_STARTED, STEP_COMPLETED, STEP_FAILED];
  const types = [...outcomes, BASELINE_CHECKED, CONVERSATION_BEGUN, CRITERION_VERIFIED, CRITERION_MERGED];
  const histories = new Map<string, StepHistory>();
  for (const { aggregate_id: scope, event_type, payload } of await eventsOfSteps(store, executionId, types)) {
    const history = histories.get(scope) ?? NONE;
    histories.set(scope, next(history, event_type, payload));
  }
  return histories;
}

function next(history: StepHistory, type: string, payload: unknown): StepHistory {
  const { open } = history;
  switch (type) {
    case STEP_STARTED: {
      const begun = v.safeParse(Begun, payload);
      if (!begun.success) return history;
      const { attempt: number, bench } = begun.output;
      // The same attempt once more: another owner goes on with it.
      const kept = open?.number === number ? open : { handle: null, hasPassed: false };
      return { ...history, attempts: Math.max(history.attempts, number), open: { ...kept, number, bench } };
    }
    case CONVERSATION_BEGUN: {
      const said = v.safeParse(Conversation, payload);
      return said.success && open ? { ...history, open: { ...open, handle: said.output.handle } } : history;
    }
    case CRITERION_VERIFIED: {
      const verdict = v.safeParse(Verdict, payload);
      if (!verdict.success || open?.number !== verdict.output.attempt) return history;
      return { ...history, open: { ...open, hasPassed: verdict.output.holds } };
    }
    case CRITERION_MERGED: {
      const merged = v.safeParse(MergedRow, payload);
      return merged.success ? { ...history, merged: merged.output } : history;
    }
    case BASELINE_CHECKED: {
      const found = v.safeParse(Baseline, payload);
      return found.success ? { ...history, baseline: found.output.class } : history;
    }
    default:
      return { ...history, open: null };
  }
}
