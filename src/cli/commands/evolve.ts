import { resolve } from "node:path";
import { delay } from "../../base/delay.ts";
import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { DEFAULT_EVOLUTION_SETTINGS } from "../../domain/evolution/evolution-settings.ts";
import { readHostBinding } from "../../sessions/resume/host-binding.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changesBetween } from "../../views/run-text.ts";
import { type RunTree, runTree } from "../../views/run-tree.ts";
import { advance } from "../../workflows/evolution/advance.ts";
import type { Advanced, EvolutionCall } from "../../workflows/evolution/evolution-call.ts";
import type { Answer, Cli } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { begin } from "../open.ts";
import { oneLine } from "../render.ts";
import { type ConsentFlags, withConsent } from "./approve/with-consent.ts";
import { lineageNamed, readNamed } from "./evolve/resolve-lineage.ts";
import { steppedAnswer } from "./evolve/stepped-answer.ts";

export type EvolveFlags = ConsentFlags & {
  readonly cwd?: string | undefined;
  readonly runtime?: string | undefined;
  readonly mind?: string | undefined;
  readonly parallel?: number | undefined;
  readonly lineage?: string | undefined;
  readonly paper: boolean;
};

const LOOK_EVERY_MS = 500;

/** `ouroboros evolve SEED|LINEAGE`: takes a lineage one generation further, and stays until that is over. */
export async function evolve(cli: Cli, flags: EvolveFlags, name: string): Promise<Answer | Refusal | number> {
  const named = await readNamed(flags, name);
  if (isRefusal(named)) return named;
  return begin(flags, async (context) => {
    const lineage = await lineageNamed(context, named, { execute: !flags.paper, lineageId: flags.lineage });
    if (isRefusal(lineage)) return lineage;
    const { lineage_id } = lineage;
    await cli.errors.write(`Lineage ${lineage_id}\n`);
    const work = () => step(cli, context, lineage_id, flags).catch(interrupted(cli));
    const stepped = await withConsent(cli, flags, context, work, name);
    if (isRefusal(stepped) || typeof stepped === "number") return stepped;
    return stepped.status === "stepped" ? steppedAnswer(stepped) : EXIT.interrupted;
  });
}

/** Whoever presses Ctrl-C is told by the exit code; what was under way stands in the store. */
function interrupted({ interruption }: Cli): (error: unknown) => Interrupted {
  return (error) => {
    if (!interruption.signal.aborted) throw error;
    return { status: "interrupted" };
  };
}

interface Interrupted {
  readonly status: "interrupted";
}

/** Until the generation is over; its run goes on without this command, and the same command goes on from there. */
async function step(
  { interruption, errors }: Cli,
  context: SessionContext,
  lineageId: string,
  flags: EvolveFlags,
): Promise<Advanced | Refusal> {
  const { signal } = interruption;
  let resumesPaused = true;
  let seen: RunTree | undefined;
  for (;;) {
    const advanced = await advance(context, lineageId, callOf(flags, errors, resumesPaused), signal);
    // A run that was cancelled before is begun anew: somebody wants it to go on.
    const isCancelled =
      !isRefusal(advanced) && advanced.status === "stepped" && advanced.judgement.reason === "cancelled";
    if (resumesPaused && isCancelled) {
      resumesPaused = false;
      continue;
    }
    if (isRefusal(advanced) || advanced.status !== "running" || signal.aborted) return advanced;
    resumesPaused = false;
    const tree = await runTree(context, advanced.session_id);
    if (!isRefusal(tree)) {
      for (const line of changesBetween(seen, tree)) await errors.write(`${oneLine(line)}\n`);
      seen = tree;
    }
    await delay(LOOK_EVERY_MS, signal);
  }
}

function callOf(flags: EvolveFlags, errors: Cli["errors"], resumesPaused: boolean): EvolutionCall {
  return {
    settings: DEFAULT_EVOLUTION_SETTINGS,
    cwd: resolve(flags.cwd ?? "."),
    by: "user",
    host: readHostBinding(process.env),
    runtime: flags.runtime,
    parallel: flags.parallel,
    resumesPaused,
    caller: { hasHost: false, continuation: null, mind: flags.mind },
    tell: async (message) => {
      await errors.write(`${oneLine(message)}\n`);
    },
  };
}
