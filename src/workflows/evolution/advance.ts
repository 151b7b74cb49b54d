import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { judgeLineage } from "../../domain/evolution/convergence.ts";
import type { WorkingPhase } from "../../domain/evolution/generation.ts";
import type { Lineage } from "../../domain/evolution/lineage.ts";
import { lineageEnding } from "../../domain/evolution/lineage-ending.ts";
import { GENERATION_STARTED, PHASE_CHANGED } from "../../domain/evolution/lineage-events.ts";
import { nextStep } from "../../domain/evolution/next-step.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { changeLineage, readLineage, unknownLineage } from "../../store/lineages.ts";
import { evaluateGeneration } from "./evaluate-generation.ts";
import type { Advanced, EvolutionCall, Phased } from "./evolution-call.ts";
import { executeGeneration } from "./execute-generation.ts";
import { followBranch } from "./follow-branch.ts";
import { reflect, writeSeed } from "./reflect.ts";
import { withThinking } from "./run-spent.ts";
import { currentGeneration, tellGeneration } from "./tell-generation.ts";
import { wonder } from "./wonder.ts";

type Phase = (
  context: SessionContext,
  lineage: Lineage,
  call: EvolutionCall,
  signal: AbortSignal,
) => Promise<Phased | Refusal>;

const PHASES: Readonly<Record<WorkingPhase, Phase>> = {
  wondering: wonder,
  reflecting: reflect,
  seeding: writeSeed,
  executing: executeGeneration,
  evaluating: evaluateGeneration,
};

/** Phases that no step goes on from by itself. */
const OVER: readonly string[] = ["completed", "failed", "cancelled", "interrupted"];

/**
 * Takes a lineage to the end of its present generation, or as far as that goes without somebody else: a host that has to think, agents
 * that are at work. Every phase is on record when the next begins, so whoever calls again, from any process, goes on there.
 */
export async function advance(
  context: SessionContext,
  lineageId: string,
  asked: EvolutionCall,
  signal: AbortSignal,
): Promise<Advanced | Refusal> {
  let lineage = await readLineage(context.store, lineageId);
  if (!lineage) return unknownLineage(lineageId);
  const call = { ...asked, settings: await withThinking(context, lineage, asked.settings) };
  const before = judgeLineage(lineage, call.settings);
  if (before.action !== "continue" && before.reason !== "interrupted" && before.reason !== "cancelled") {
    return settle(context, lineage, call, signal);
  }
  for (;;) {
    signal.throwIfAborted();
    await call.onPhase?.(lineage);
    const step = nextStep(lineage);
    if (step.do === "nothing") return settle(context, lineage, call, signal);
    if (step.do === "begin") {
      // Whoever completed the last generation may have died over it.
      await followBranch(context, lineageId, signal);
      const begun = await begin(context, lineage, step.generation, step.phase);
      if (isRefusal(begun)) return begun;
      lineage = begun;
      continue;
    }
    if (lineage.generations.at(-1)?.phase === "interrupted") {
      const at = { generation: currentGeneration(lineage), phase: step.phase };
      const again = await tellGeneration(context, lineage, at, [PHASE_CHANGED, { phase: step.phase }]);
      if (isRefusal(again)) return again;
      lineage = again;
    }
    const done = await PHASES[step.phase](context, lineage, call, signal);
    if (isRefusal(done) || "status" in done) return done;
    lineage = done.lineage;
    const { phase } = lineage.generations.at(-1) ?? {};
    const isOver = OVER.includes(phase ?? "");
    if (!isOver) continue;
    await call.onPhase?.(lineage);
    return settle(context, lineage, call, signal);
  }
}

/** Puts on record how a lineage ended, if it has, and has its branch follow. */
async function settle(
  context: SessionContext,
  lineage: Lineage,
  { settings }: EvolutionCall,
  signal: AbortSignal,
): Promise<Advanced | Refusal> {
  const settled = await changeLineage(context.store, lineage.lineage_id, (now) => {
    const ending = lineageEnding(now, judgeLineage(now, settings), settings);
    return ending ? [[ending.event_type, ending.payload]] : [];
  });
  if (isRefusal(settled)) return settled;
  const branch_note = await followBranch(context, settled.lineage_id, signal);
  return { status: "stepped", lineage: settled, judgement: judgeLineage(settled, settings), branch_note };
}

/** The number was free when it was looked for; if it is taken by now, that generation is the one to go on with. */
function begin(
  { store }: SessionContext,
  { lineage_id }: Lineage,
  generation: number,
  phase: WorkingPhase,
): Promise<Lineage | Refusal> {
  return changeLineage(store, lineage_id, (now) => {
    const next = nextStep(now);
    if (next.do !== "begin" || next.generation !== generation) return [];
    // Without wondering, it is the seed of the generation before that is carried out.
    const { seed_id, seed_hash, seed_json } = now.generations.at(-1) ?? {};
    const same = phase === "executing" ? { seed_id, seed_hash, seed_json } : {};
    return [[GENERATION_STARTED, { generation_number: generation, phase, ...same }]];
  });
}
