import { resolve } from "node:path";
import { nextForId } from "../../base/id-kind.ts";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { evaluationLines, viewEvaluation } from "../../views/evaluation.ts";
import { findAskedWork } from "../../workflows/evaluation/asked-work.ts";
import { evaluate as judge } from "../../workflows/evaluation/evaluate.ts";
import type { Answer, Cli } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { lines, oneLine } from "../render.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { readSources } from "./seed/seed-source.ts";

export type EvaluateFlags = ConsentFlags & {
  readonly seed?: string | undefined;
  readonly checksOnly: boolean;
  readonly consensus: boolean;
  readonly mind?: string | undefined;
};

/** `ouroboros evaluate RUN`, or `--seed FILE [DIR]`: whether the work does what its seed asks. */
export async function evaluate(cli: Cli, flags: EvaluateFlags, given?: string): Promise<Answer | Refusal | number> {
  if (flags.seed === undefined && given === undefined) {
    return refuse("no_work", "No work is named", "Name a run by its id, or pass --seed FILE and a folder");
  }
  const found = flags.seed === undefined ? [] : await readSources(flags, [flags.seed]);
  if (isRefusal(found)) return found;
  const seedText = found[0]?.yaml;
  const { signal } = cli.interruption;
  return begin(flags, async (context) => {
    const cwd = resolve(flags.seed === undefined ? "." : (given ?? "."));
    const sessionId = flags.seed === undefined ? given : undefined;
    const work = await findAskedWork(context, { sessionId, seedText, criteria: [], cwd });
    if (isRefusal(work)) return work.code === "needs_seed" ? needsSeed(work, given ?? "") : work;
    const known = flags.consensus ? (["manual_request"] as const) : [];
    const request = { work, artifact: "", depth: flags.checksOnly ? "checks" : "judged", known } as const;
    const caller = { hasHost: false, continuation: null, mind: flags.mind };
    const tell = (message: string) => cli.errors.write(`${oneLine(message)}\n`);
    const done = await withConsent(cli, flags, context, () => judge(context, request, { caller, tell }, signal));
    if (signal.aborted) return EXIT.interrupted;
    if (isRefusal(done) || typeof done === "number") return done;
    const view = viewEvaluation(done.record);
    const exitCode = view.final_approved ? EXIT.ok : EXIT.failure;
    return { json: view, text: lines(evaluationLines(view).map(oneLine)), exitCode };
  });
}

function needsSeed({ code, message }: Refusal, given: string): Refusal {
  const otherwise = "`ouroboros sessions` lists the runs; what lies in a folder is judged with --seed FILE";
  return refuse(code, message, nextForId(given, ["orch_", "exec_"], otherwise));
}
