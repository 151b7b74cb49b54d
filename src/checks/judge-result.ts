import { testsRun } from "../domain/evaluation/tests-run.ts";
import type { CheckOutcome, CheckVerdict, UnverifiableCause } from "../domain/run/verdict.ts";
import { showsAssertion } from "./assertion.ts";
import type { CommandLimits, CommandResult } from "./run-command.ts";
import { whyUnverifiable } from "./unverifiable.ts";

/** What one run of a command says. */
export interface Judgement {
  readonly verdict: CheckVerdict;
  readonly reason: string;
  readonly cause: UnverifiableCause | null;
  readonly checks: readonly CheckOutcome[];
  readonly result: CommandResult;
}

/** Judges one run: whether it says anything, its exit code, and what its output has to show. */
export async function judgeResult(
  assertion: string | null,
  command: string,
  folder: string,
  { env }: Pick<CommandLimits, "env">,
  result: CommandResult,
): Promise<Judgement> {
  const why = whyUnverifiable(command, folder, env.PATH ?? "", result);
  if (why !== null) return told("unverifiable", why.reason, why.cause);
  const ended = `It ended with ${result.signal ?? `exit code ${result.exit_code}`}`;
  const ran: CheckOutcome = { what: "command", ok: result.exit_code === 0, detail: ended };
  if (!ran.ok) return told("fail", ended, null, [ran]);
  const output = new TextDecoder().decode(result.output);
  // A runner that finds no tests is content with anything.
  if (testsRun(output) === 0) return told("unverifiable", "It ran no tests", "nothing_to_check", [ran]);
  if (assertion === null) return told("pass", ended, null, [ran]);
  const found = await showsAssertion(assertion, output);
  if ("unknown" in found) return told("unverifiable", found.unknown, "bad_assertion", [ran]);
  const shown: CheckOutcome = {
    what: "assertion",
    ok: found.shown,
    detail: found.shown ? "Its output shows what is asked for" : "Its output does not show what is asked for",
  };
  if (found.shown) return told("pass", shown.detail, null, [ran, shown]);
  if (!result.output_truncated) return told("fail", shown.detail, null, [ran, shown]);
  return told("unverifiable", "What was kept of its long output does not show what is asked for", "output_too_long", [
    ran,
  ]);

  function told(
    verdict: CheckVerdict,
    reason: string,
    cause: UnverifiableCause | null,
    checks: readonly CheckOutcome[] = [],
  ): Judgement {
    return { verdict, reason, cause, checks, result };
  }
}
