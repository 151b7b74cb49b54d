import * as v from "valibot";
import type { StoredEvent } from "../../domain/event.ts";
import type { Failure } from "../../domain/run/retry.ts";
import type { Persona } from "../../domain/run/stagnation.ts";
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

/** How the latest attempt that has ended failed. */
interface FailedAttempt {
  readonly failure: Failure;
  readonly error: string;
  /** Where it worked; null where that is not on record. */
  readonly bench: string | null;
  /** Whom the next attempt is to think like. */
  readonly persona: Persona | null;
  /** No other was to follow in that run. */
  readonly isLast: boolean;
  readonly rowid: number;
}

/** What the store knows of a step's attempts. */
export interface StepHistory {
  /** Attempts begun so far. */
  readonly attempts: number;
  readonly open: OpenAttempt | null;
  /** Stands until an attempt succeeds. */
  readonly failed: FailedAttempt | null;
  /** What its check said before anybody had worked. */
  readonly baseline: string | null;
  /** What was merged for it, once it was. */
  readonly merged: { readonly files: readonly string[]; readonly summary: string } | null;
}

const FAILURES = [
  "BAD_SPEC",
  "ENVIRONMENT",
  "TOO_BIG",
  "NO_CHANGE",
  "EDITED_CHECKS",
  "CONFLICT",
  "FAILED_CHECK",
  "CRASHED",
  "STALLED",
] as const satisfies readonly Failure[];
const PERSONAS = [
  "hacker",
  "researcher",
  "simplifier",
  "architect",
  "contrarian",
] as const satisfies readonly Persona[];

const Begun = v.object({ attempt: v.pipe(v.number(), v.integer()), bench: v.string() });
const Conversation = v.object({ handle: v.string() });
/** What could not be verified may count, and may not: the verdict alone does not say. */
const Verdict = v.object({ holds: v.boolean(), attempt: v.number() });
const MergedRow = v.object({ files: v.array(v.string()), summary: v.string() });
const Baseline = v.object({ class: v.string() });
/** Of upstream's rows, and of our earliest, only the error is there. */
const Failed = v.object({
  failure: v.fallback(v.picklist(FAILURES), "CRASHED"),
  error: v.fallback(v.string(), ""),
  bench: v.fallback(v.nullable(v.string()), null),
  persona: v.fallback(v.nullable(v.picklist(PERSONAS)), null),
  will_retry: v.fallback(v.boolean(), false),
});

const NONE: StepHistory = { attempts: 0, open: null, failed: null, baseline: null, merged: null };

/** The attempts of an execution's steps, by scope. */
export async function readStepHistories(store: Store, executionId: string): Promise<ReadonlyMap<string, StepHistory>> {
  const outcomes = [STEP_STARTED, STEP_COMPLETED, STEP_FAILED];
  const types = [...outcomes, BASELINE_CHECKED, CONVERSATION_BEGUN, CRITERION_VERIFIED, CRITERION_MERGED];
  const histories = new Map<string, StepHistory>();
  for (const event of await eventsOfSteps(store, executionId, types)) {
    const history = histories.get(event.aggregate_id) ?? NONE;
    histories.set(event.aggregate_id, next(history, event));
  }
  return histories;
}

function next(history: StepHistory, { event_type, payload, rowid }: StoredEvent): StepHistory {
  const { open } = history;
  switch (event_type) {
    case STEP_STARTED: {
      const begun = v.safeParse(Begun, payload);
      // Upstream's, which nobody can go on with.
      if (!begun.success) return { ...history, attempts: history.attempts + 1, open: null };
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
    case STEP_FAILED: {
      // What was never begun, since something it waits for failed, has no failure of its own.
      if (payload.failure === "BLOCKED") return { ...history, open: null };
      const { will_retry, ...failed } = v.parse(Failed, payload);
      return { ...history, open: null, failed: { ...failed, isLast: !will_retry, rowid } };
    }
    default:
      return { ...history, open: null, failed: null };
  }
}
