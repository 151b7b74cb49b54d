import { judgeResult } from "../checks/judge-result.ts";
import type { CommandResult } from "../checks/run-command.ts";
import { type Coverage, isCovered, readCoverage } from "../domain/evaluation/coverage.ts";
import type { MechanicalKind, MechanicalResult } from "../domain/evaluation/mechanical.ts";
import { foundNoTests, testsRun } from "../domain/evaluation/tests-run.ts";
import { MECHANICAL_TOML } from "./mechanical-toml.ts";
import { whyNotInstalled } from "./not-installed.ts";

/** What one run of a command says, whatever it was run for. */
export interface CommandVerdict {
  readonly verdict: "pass" | "fail" | "unverifiable";
  readonly reason: string;
  readonly coverage: Coverage | null;
  readonly testsRun: number | null;
  /** It failed for want of anything to test. */
  readonly foundNoTests: boolean;
}

type Told = Pick<MechanicalResult, "verdict" | "reason" | "coverage">;

/** Judges one run: whether it says anything of the work at all, then by its exit code. */
export async function judgeRun(
  command: string,
  folder: string,
  env: Readonly<Record<string, string>>,
  result: CommandResult,
): Promise<CommandVerdict> {
  const output = new TextDecoder().decode(result.output);
  const judged = await judgeResult(null, command, folder, { env }, result);
  const isFailed = judged.verdict === "fail";
  const missing = isFailed ? await whyNotInstalled(folder, env.PATH ?? "", output) : null;
  return {
    verdict: missing === null ? judged.verdict : "unverifiable",
    reason: missing ?? (result.timed_out ? `${judged.reason}. ${MORE_TIME}` : judged.reason),
    coverage: readCoverage(output),
    testsRun: testsRun(output),
    foundNoTests: isFailed && foundNoTests(output),
  };
}

const MORE_TIME = `Look for something that waits, or raise "timeout" in ${MECHANICAL_TOML}`;

/** What a command's run means for a kind it was declared for. */
export function tellKind(kind: MechanicalKind, command: string, run: CommandVerdict, threshold: number): Told {
  if (kind === "coverage") return tellCoverage(run, threshold);
  const { verdict, reason } = run;
  if (kind !== "test" || verdict === "unverifiable") return { verdict, reason, coverage: null };
  const coverage = run.coverage?.low ?? null;
  if (run.foundNoTests || (verdict === "pass" && run.testsRun === 0)) {
    return { verdict: "unverifiable", reason: "It ran no tests. Add some, or mend how they are found", coverage: null };
  }
  if (verdict === "pass" && run.testsRun === null && TELLS_COUNT.test(command) && !QUIET.test(command)) {
    return { verdict: "unverifiable", reason: "Its output shows no test that was run", coverage: null };
  }
  return { verdict, reason, coverage };
}

/** Runners whose output always says how much they did. */
const TELLS_COUNT =
  /^(?:\S+ run )?(?:(?:cargo|go|dotnet|mix|swift|deno|bun) test\b|ctest\b|(?:\S*python\S* -m )?(?:pytest|unittest)\b|node --test\b|mvn\b.* test$|(?:bundle exec )?rspec\b)/;

/** Told to say less, they may well say nothing. */
const QUIET = /\s(?:-q+|--quiet|-v|--verbosity)(?=[\s=:]|$)/;

/** What a run for coverage comes to, where it was declared. */
function tellCoverage(run: CommandVerdict, threshold: number): Told {
  const { verdict, reason, coverage } = run;
  if (verdict === "unverifiable") return { verdict, reason, coverage: null };
  if (coverage === null) {
    if (verdict === "fail")
      return { verdict: "unverifiable", reason: `${reason}, and shows no coverage`, coverage: null };
    return { verdict: "unverifiable", reason: "Its output shows no coverage that can be read", coverage: null };
  }
  const told = compare(coverage, threshold);
  return told.verdict === "pass" && verdict === "fail" ? { ...told, verdict: "unverifiable", reason } : told;
}

function compare(coverage: Coverage, threshold: number): Told {
  const { low, high } = coverage;
  const least = `${percent(low)} of ${percent(threshold)} asked for`;
  const isEnough = isCovered(coverage, threshold);
  if (isEnough !== undefined) return { verdict: isEnough ? "pass" : "fail", reason: `Covers ${least}`, coverage: low };
  const reason = `Several totals, from ${percent(low)} to ${percent(high)}, on both sides of ${percent(threshold)}. Print one for all`;
  return { verdict: "unverifiable", reason, coverage: low };
}

function percent(share: number): string {
  return `${Math.round(share * 10_000) / 100} %`;
}
