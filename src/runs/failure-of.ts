import type { Failure } from "../domain/run/retry.ts";
import type { Verification } from "../domain/run/verdict.ts";
import type { Outcome } from "../runtimes/runtime.ts";

/** Why the work does not count, if it does not; the check goes before what the agent says of itself. */
export function failureOf(
  { verdict, cause, edited_checks, tree_hash, commit }: Verification,
  outcome: Outcome | undefined,
  before: string | null,
): Failure | undefined {
  if (verdict === "pass" || !outcome) return verdict === "fail" ? "FAILED_CHECK" : undefined;
  const isUnchanged = tree_hash !== null && tree_hash === before;
  const ended = endingFailure(outcome);
  if (verdict === "fail") {
    if (edited_checks.length > 0) return "EDITED_CHECKS";
    return ended ?? (isUnchanged ? "NO_CHANGE" : "FAILED_CHECK");
  }
  if (cause === "timed_out") return "FAILED_CHECK";
  // In the folder itself, where nothing is committed, upstream's rule holds: what cannot be checked is done when its agent says so.
  return ended ?? (isUnchanged && commit !== null ? "NO_CHANGE" : undefined);
}

/** Why an agent came to no end in order, if it did not. */
export function endingFailure({ ending }: Outcome): Failure | undefined {
  if (ending === "succeeded" || ending === "off_form") return undefined;
  return ending === "timed_out" ? "TOO_BIG" : "CRASHED";
}
