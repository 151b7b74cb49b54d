import type { Criterion } from "../domain/seed/seed.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { attempt } from "./attempt.ts";
import type { EditedChecks } from "./edited-checks.ts";
import { type Judgement, judgeResult } from "./judge-result.ts";
import type { CommandLimits } from "./run-command.ts";

/** A command's runs, taken together. */
export interface Settled extends Judgement {
  readonly flaky: boolean;
  readonly mutated: boolean;
}

/** Runs the command; one that fails is run again, and where that succeeds, a third run decides. */
export async function settle(
  bench: Bench,
  tree: string | null,
  { output_assertion }: Pick<Criterion, "output_assertion">,
  command: string,
  limits: CommandLimits,
  putBack?: EditedChecks["putBack"],
): Promise<Settled> {
  let mutated = false;
  const first = await once();
  if (first.verdict !== "fail") return { ...first, flaky: false, mutated };
  const second = await once();
  if (second.verdict !== "pass") return { ...first, flaky: false, mutated };
  const third = await once();
  if (third.verdict === "pass") return { ...third, flaky: true, mutated };
  return { ...first, reason: `${first.reason}, in one of its runs`, flaky: true, mutated };

  async function once(): Promise<Judgement> {
    const tried = await attempt(bench, tree, command, limits, putBack);
    mutated ||= tried.mutated;
    return judgeResult(output_assertion, command, bench.folder, limits, tried.result);
  }
}
