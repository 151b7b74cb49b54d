import type { CheckOutcome, Verification } from "../domain/run/verdict.ts";
import type { Criterion } from "../domain/seed/seed.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { artifactFaultIn } from "./artifacts.ts";
import { type EditedChecks, findEditedChecks } from "./edited-checks.ts";
import type { CommandLimits } from "./run-command.ts";
import { type Settled, settle } from "./settle.ts";
import { toolVersions } from "./tools.ts";

type Checked = Pick<Criterion, "key" | "verify_command" | "expected_artifacts" | "output_assertion">;

interface Verifying extends CommandLimits {
  /** The commit the run began with: how the checks were before anybody worked; null where there is none. */
  readonly base: string | null;
  /** All of the run's criteria: what one is checked by, none may change. */
  readonly criteria: readonly Checked[];
}

/** All the runs of a command, and what they come to. */
interface Decision {
  readonly asLeft: Settled;
  readonly decided: Settled;
  /** What was put back or taken away for the run that decided. */
  readonly edited: readonly string[];
  readonly runs: readonly Settled[];
}

/**
 * Decides whether a criterion is met by the work in a bench, which is committed first and left as it was. What the work has
 * changed of the checks themselves is put back for a second run, and both have to succeed.
 */
export async function verify(bench: Bench, criterion: Checked, options: Verifying): Promise<Verification> {
  const began = performance.now();
  const { base, criteria, env } = options;
  const { verify_command: command, expected_artifacts, output_assertion: assertion } = criterion;
  const commit = await bench.commit(`Work on ${criterion.key}`);
  const tree_hash = await bench.treeHash();
  const artifacts: CheckOutcome[] = [];
  const missing: string[] = [];
  for (const path of expected_artifacts) {
    const fault = await artifactFaultIn(bench.folder, path);
    if (fault !== null) missing.push(path);
    artifacts.push({ what: "artifact", ok: fault === null, detail: `${path}: ${fault ?? "there"}` });
  }
  const found = base === null ? null : await findEditedChecks(bench, base, criterion, criteria, commit !== null);
  const decision =
    command === null
      ? null
      : await decide(found, (putBack) => settle(bench, tree_hash, criterion, command, options, putBack));
  const edited = decision?.edited ?? found?.files ?? [];
  const { asLeft, decided, runs = [] } = decision ?? {};
  return {
    criterion_key: criterion.key,
    ...conclude(criterion, missing, decision),
    checks: [...artifacts, ...(decided?.checks ?? [])],
    command,
    assertion,
    missing_artifacts: missing,
    exit_code: decided?.result.exit_code ?? null,
    timed_out: decided?.result.timed_out ?? false,
    output: decided?.result.output ?? new Uint8Array(),
    output_truncated: decided?.result.output_truncated ?? false,
    ms: Math.round(performance.now() - began),
    tree_hash,
    commit,
    edited_checks: edited,
    as_left: edited.length > 0 && asLeft ? { ok: asLeft.verdict === "pass", exit_code: asLeft.result.exit_code } : null,
    suspects: [...(found?.suspects ?? []), ...(found?.added ?? [])].filter((path) => !edited.includes(path)),
    mutated: runs.some((run) => run.mutated),
    flaky: runs.some((run) => run.flaky),
    tools: command === null ? {} : await toolVersions(command, env),
  };
}

/** As the work was left, then as far as needed with the checks as they were: the first run that is no success decides. */
async function decide(
  found: EditedChecks | null,
  run: (putBack?: EditedChecks["putBack"]) => Promise<Settled>,
): Promise<Decision> {
  const asLeft = await run();
  const runs = [asLeft];
  const edited = found?.files ?? [];
  // What fails as it was left is not mended by putting anything back.
  if (found === null || asLeft.verdict !== "pass") return { asLeft, decided: asLeft, edited, runs };
  const { added, addedTests, hadTests, putBack } = found;
  const without = async (also: readonly string[]): Promise<Settled> => {
    const settled = await run(() => putBack(also));
    runs.push(settled);
    return settled;
  };
  const decided = edited.length > 0 ? await without([]) : asLeft;
  if (decided.verdict !== "pass" || added.length === 0 || !hadTests) return { asLeft, decided, edited, runs };
  let bare = await without(added);
  // Tests that were added may well need what was added with them; those that were there do not.
  if (bare.verdict !== "pass" && addedTests.length > 0) bare = await without([...added, ...addedTests]);
  if (bare.verdict === "pass") return { asLeft, decided, edited, runs };
  return { asLeft, decided: bare, edited: [...edited, ...added], runs };
}

function conclude(
  { expected_artifacts }: Checked,
  missing: readonly string[],
  decision: Decision | null,
): Pick<Verification, "verdict" | "reason" | "cause"> {
  if (missing.length > 0) return { verdict: "fail", reason: `Missing: ${missing.join(", ")}`, cause: null };
  if (decision !== null) {
    const { verdict, reason, cause } = decision.decided;
    const isOriginal = decision.decided !== decision.asLeft;
    return { verdict, cause, reason: isOriginal ? `With the checks as they were: ${reason}` : reason };
  }
  if (expected_artifacts.length > 0) return { verdict: "pass", reason: "Its files are there", cause: null };
  return { verdict: "unverifiable", reason: "It names nothing that could be checked", cause: "nothing_to_check" };
}
