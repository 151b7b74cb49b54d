import type { Generation } from "../domain/evolution/generation.ts";
import { completedGenerations, type Lineage } from "../domain/evolution/lineage.ts";
import { nextStep } from "../domain/evolution/next-step.ts";
import { latestSimilarity } from "../domain/evolution/ontology-similarity.ts";
import type { StopReason } from "../domain/evolution/stop-reasons.ts";
import { lineageBranch } from "../workspaces/lineage-branch.ts";

/** One generation in a few words. */
interface GenerationView {
  readonly generation: number;
  readonly phase: Generation["phase"];
  readonly seed_id: string | null;
  readonly session_id: string | null;
  readonly score: number | null;
  readonly approved: boolean | null;
  readonly verdict: string | null;
  readonly met: number;
  readonly criteria: number;
  readonly commit: string | null;
  readonly branch: string | null;
  readonly error: string | null;
}

/** How a lineage stands, as every surface shows it. */
export interface LineageView {
  readonly lineage_id: string;
  readonly goal: string;
  readonly status: Lineage["status"];
  readonly stop_reason: StopReason | null;
  readonly message: string | null;
  readonly executes: boolean;
  /** Names the work of the latest generation that is complete. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly generations: readonly GenerationView[];
  /** What the next step is about; null while there is nothing to do by itself. */
  readonly next_generation: number | null;
  readonly next_phase: string | null;
  /** Of the last two ontologies. */
  readonly similarity: number | null;
  readonly conductor: string | null;
  readonly rewinds: number;
}

/** A lineage for programs. */
export function viewLineage(lineage: Lineage): LineageView {
  const { lineage_id, goal, status, ending, executes, generations, conductor, rewinds } = lineage;
  const step = nextStep(lineage);
  const next = step.do === "nothing" ? null : step;
  const done = completedGenerations(lineage);
  const commit = done.findLast((one) => one.commit !== null)?.commit ?? null;
  return {
    lineage_id,
    goal,
    status,
    stop_reason: ending?.code ?? null,
    message: ending?.message ?? null,
    executes,
    branch: commit === null ? null : lineageBranch(lineage_id),
    commit,
    generations: generations.map(viewGeneration),
    next_generation: next?.generation ?? null,
    next_phase: next?.phase ?? null,
    similarity: latestSimilarity(done),
    conductor,
    rewinds: rewinds.length,
  };
}

function viewGeneration(one: Generation): GenerationView {
  const { number, phase, seed_id, session_id, evaluation, commit, branch, error } = one;
  const criteria = evaluation?.criteria ?? [];
  return {
    generation: number,
    phase,
    seed_id,
    session_id,
    score: evaluation?.score ?? null,
    approved: evaluation?.approved ?? null,
    verdict: evaluation?.verdict ?? null,
    met: criteria.filter(({ verdict }) => verdict === "pass").length,
    criteria: criteria.length,
    commit,
    branch,
    error,
  };
}
