import { type Persona, personaFor, type Stagnation, stagnationOf, type Trace } from "./stagnation.ts";

/** Why an attempt did not make its criterion true. */
export type Failure =
  /** The criterion cannot be met or its check cannot tell: contradictory, unverifiable. */
  | "BAD_SPEC"
  /** The check could not be run here: a program, a service or room is missing. */
  | "ENVIRONMENT"
  /** Turns or time ran out while it was getting on. */
  | "TOO_BIG"
  /** It said that it was done, and nothing had changed. */
  | "NO_CHANGE"
  /** It changed what checks rest on. */
  | "EDITED_CHECKS"
  /** Its work did not go together with what others had merged. */
  | "CONFLICT"
  | "FAILED_CHECK"
  | "CRASHED"
  | "STALLED";

/** An attempt that is over and has failed. */
export interface Attempt extends Trace {
  readonly failure: Failure;
}

interface Budget {
  /** Attempts after the first. */
  readonly retries?: number | undefined;
  /** How often an attempt that ran out of time goes on with the rest. */
  readonly continuations?: number | undefined;
  /** False for what was split already. */
  readonly maySplit?: boolean | undefined;
}

/** Where the next attempt works: `same` goes on with what is there, `fresh` begins at the newest merged commit. */
export type BenchChoice = "same" | "fresh";

export type Decision =
  /** `goes_on`: the last attempt was getting on and is to do the rest. */
  | { readonly action: "retry"; readonly bench: BenchChoice; readonly goes_on: boolean }
  | {
      readonly action: "retry_with_persona";
      readonly bench: BenchChoice;
      readonly persona: Persona;
      readonly pattern: Stagnation;
    }
  /** To be asked for as two to five parts, done one after the other where the work lies. */
  | { readonly action: "split" }
  /** `why`: a sentence for a person. */
  | { readonly action: "fail"; readonly failure: Failure; readonly why: string };

const RETRIES = 2;
const CONTINUATIONS = 1;

/**
 * What comes after the attempts at a criterion so far, oldest first. Going on with the rest takes nothing from the budget of
 * retries; what no agent can cure is not tried again. A provider's limit halts an attempt, and is none of these.
 */
export function judgeAttempt(
  history: readonly Attempt[],
  { retries = RETRIES, continuations = CONTINUATIONS, maySplit = true }: Budget = {},
): Decision {
  const last = history.at(-1);
  if (last === undefined) return { action: "retry", bench: "fresh", goes_on: false };
  const { failure } = last;
  if (isIncurable(failure)) return { action: "fail", failure, why: INCURABLE[failure] };
  if (isGettingOn(last)) {
    const times = history.filter(isGettingOn).length;
    if (times <= continuations) return { action: "retry", bench: "same", goes_on: true };
    if (maySplit) return { action: "split" };
    return { action: "fail", failure, why: `${many(times, "attempt")} ran out of time, and it was split already` };
  }
  const spent = history.filter(isSpent);
  if (spent.length > retries) {
    const names = [...new Set(spent.map((one) => one.failure))].join(", ");
    return { action: "fail", failure, why: `${many(spent.length, "attempt")} failed (${names})` };
  }
  const bench = failure === "EDITED_CHECKS" || failure === "CONFLICT" ? "fresh" : "same";
  const traces = history.filter(isApproach);
  const pattern = stagnationOf(traces);
  if (pattern === null) return { action: "retry", bench, goes_on: false };
  return { action: "retry_with_persona", bench, persona: personaFor(pattern, traces), pattern };
}

const INCURABLE = {
  BAD_SPEC: "the criterion cannot be met, or its check cannot tell; it has to be changed",
  ENVIRONMENT: "its check cannot be run on this machine as it is",
} as const;

function isIncurable(failure: Failure): failure is keyof typeof INCURABLE {
  return failure in INCURABLE;
}

function isGettingOn({ failure, files_changed }: Attempt): boolean {
  return failure === "TOO_BIG" && files_changed > 0;
}

function isSpent(attempt: Attempt): boolean {
  return !isIncurable(attempt.failure) && !isGettingOn(attempt);
}

/** Does its failure say something about how it went at the criterion? A crash does not. */
function isApproach({ failure }: Attempt): boolean {
  return failure !== "CRASHED" && !isIncurable(failure);
}

function many(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
