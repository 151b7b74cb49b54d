import type { UnverifiableCause } from "../domain/run/verdict.ts";
import type { Criterion } from "../domain/seed/seed.ts";
import type { Bench } from "../workspaces/workspace.ts";
import { artifactFaultIn } from "./artifacts.ts";
import { type Attempt, attempt } from "./attempt.ts";
import { type Judgement, judgeResult } from "./judge-result.ts";
import type { CommandLimits } from "./run-command.ts";

type Checked = Pick<Criterion, "key" | "verify_command" | "expected_artifacts" | "output_assertion">;

/** What a criterion's check says before anybody has worked. `red` is what it should be. */
export interface BaselineResult {
  readonly criterion_key: string;
  readonly class: "red" | "already_green" | "unverifiable" | "flaky" | "mutates" | "non_portable";
  readonly reason: string;
  readonly cause: UnverifiableCause | null;
  readonly exit_code: number | null;
  readonly output: Uint8Array;
  readonly ms: number;
}

/** Runs every criterion's check on an untouched tree; commands that are the same run once. Results come as they are known. */
export async function* baseline(
  /** Benches at the same commit: as many checks run at once, each alone in its folder. */
  benches: readonly [Bench, ...Bench[]],
  criteria: readonly Checked[],
  limits: CommandLimits,
): AsyncGenerator<BaselineResult> {
  const groups = Map.groupBy(criteria, ({ verify_command }) => verify_command);
  const waiting = [...groups];
  const working = new Map<Bench, Promise<{ bench: Bench; results: BaselineResult[] }>>();
  const free: Bench[] = [...benches];
  try {
    while (waiting.length > 0 || working.size > 0) {
      for (let bench = free[0]; bench !== undefined && waiting.length > 0; bench = free[0]) {
        const [command, sharing] = waiting.shift() ?? [null, []];
        free.shift();
        const place = bench;
        working.set(
          place,
          examine(place, command, sharing, limits).then((results) => ({ bench: place, results })),
        );
      }
      const done = await Promise.race(working.values());
      working.delete(done.bench);
      free.push(done.bench);
      yield* done.results;
    }
  } finally {
    // Left early or failed: nobody is left at work in a folder that its caller believes to be free.
    waiting.length = 0;
    await Promise.allSettled(working.values());
  }
}

async function examine(
  bench: Bench,
  command: string | null,
  sharing: readonly Checked[],
  limits: CommandLimits,
): Promise<BaselineResult[]> {
  const runs: Attempt[] = [];
  if (command !== null) {
    const tree = await bench.treeHash();
    runs.push(await attempt(bench, tree, command, limits));
    if (runs[0]?.result.exit_code === 0) runs.push(await attempt(bench, tree, command, limits));
  }
  const results: BaselineResult[] = [];
  for (const one of sharing) {
    const faults: string[] = [];
    for (const path of one.expected_artifacts) {
      const fault = await artifactFaultIn(bench.folder, path);
      if (fault !== null) faults.push(`${path}: ${fault}`);
    }
    const judged: Judgement[] = [];
    for (const { result } of runs) {
      judged.push(await judgeResult(one.output_assertion, command ?? "", bench.folder, limits, result));
    }
    const [first] = runs;
    results.push({
      criterion_key: one.key,
      ...classify(
        one,
        judged,
        faults,
        runs.some(({ mutated }) => mutated),
      ),
      exit_code: first?.result.exit_code ?? null,
      output: first?.result.output ?? new Uint8Array(),
      ms: runs.reduce((sum, { result }) => sum + result.ms, 0),
    });
  }
  return results;
}

function classify(
  { expected_artifacts }: Checked,
  judged: readonly Judgement[],
  faults: readonly string[],
  mutated: boolean,
): Pick<BaselineResult, "class" | "reason" | "cause"> {
  const [first, again] = judged;
  if (first === undefined && expected_artifacts.length === 0) {
    return { class: "unverifiable", reason: "It names nothing that could be checked", cause: "nothing_to_check" };
  }
  const unclear = judged.find(({ verdict }) => verdict === "unverifiable");
  if (unclear) {
    const { reason, cause } = unclear;
    return { class: cause === "non_portable" ? "non_portable" : "unverifiable", reason, cause };
  }
  if (mutated)
    return { class: "mutates", reason: `It changes the project it checks. ${first?.reason ?? ""}`, cause: null };
  if (first !== undefined && again !== undefined && first.verdict !== again.verdict) {
    return { class: "flaky", reason: `First: ${first.reason}. Again: ${again.reason}`, cause: null };
  }
  const [fault] = faults;
  if (fault !== undefined) return { class: "red", reason: fault, cause: null };
  if (first?.verdict === "fail") return { class: "red", reason: first.reason, cause: null };
  return { class: "already_green", reason: first?.reason ?? "Its files are there", cause: null };
}
