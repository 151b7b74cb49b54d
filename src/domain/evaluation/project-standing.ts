import { type MechanicalResult, regressionsOf } from "./mechanical.ts";

/** What the project's own checks mean for a verdict; each line is for a person. */
export interface ProjectStanding {
  /** Fail now, and did not on the untouched tree as far as anybody knows. */
  readonly failed: readonly string[];
  /** Passed on the untouched tree and say nothing any more, or failed there and fail for something else now. */
  readonly lost: readonly string[];
  /** Failed on the untouched tree already. */
  readonly excused: readonly string[];
  /** False where build or tests are declared and could not be run: then nobody has seen anything of it work. */
  readonly couldRun: boolean;
}

/** Compares them with the untouched tree; what is not applicable counts like what is not there. */
export function projectStanding(
  after: readonly MechanicalResult[],
  before: readonly MechanicalResult[] = [],
): ProjectStanding {
  const now = after.filter(isApplicable);
  const { regressions, new_failures, failing_before, failing_otherwise, lost } = regressionsOf(
    before.filter(isApplicable),
    now,
  );
  const said = (results: readonly MechanicalResult[], what: string) =>
    results.map((result) => `${nameOf(result)} ${what}: ${result.reason}`).sort();
  return {
    failed: said([...regressions, ...new_failures], "fails"),
    lost: [
      ...said(lost, "passed before the work and was not seen to pass after it"),
      ...said(failing_otherwise, "failed before the work and fails for something else now"),
    ],
    excused: said(failing_before, "fails as it did before the work"),
    couldRun: !now.some(({ kind, verdict }) => verdict === "unverifiable" && (kind === "build" || kind === "test")),
  };
}

function isApplicable({ verdict }: MechanicalResult): boolean {
  return verdict !== "not_applicable";
}

function nameOf({ kind, folder }: MechanicalResult): string {
  return folder === "." ? kind : `${kind} in ${folder}`;
}
