import type { Lineage } from "../evolution/lineage.ts";
import { type Interview, pendingRound } from "../interview/interview.ts";
import type { Auto } from "./auto.ts";
import type { AUTO_PHASES, Block } from "./auto-events.ts";

export type WorkPhase = (typeof AUTO_PHASES)[number];

/** How far it has come, in upstream's words. */
export type AutoPhase = WorkPhase | "complete" | "blocked" | "failed";

/** Where an auto stands; with `block` what is in its way, or why it failed. */
export interface AutoStanding {
  readonly phase: AutoPhase;
  readonly block: Omit<Block, "phase"> | null;
}

/** Everything that says where an auto stands. */
export interface AutoFacts {
  readonly auto: Auto;
  readonly interview: Interview | undefined;
  readonly lineage: Lineage | undefined;
}

/** Steps aside when its lineage stands still, before that is given up. */
export const LATERAL_STEPS = 1;

/** Does its lineage stand still without having been looked at in another way? */
export function mayStepAside({ status, generations }: Lineage): boolean {
  const taken = generations.flatMap(({ turns }) => turns).filter(({ kind }) => kind === "lateral").length;
  return status === "stagnated" && taken < LATERAL_STEPS;
}

/** Where it stands: never stored, so that it cannot say something else than what it follows from. */
export function standingOf(facts: AutoFacts): AutoStanding {
  const { auto, interview, lineage } = facts;
  if (lineage && lineage.status !== "active" && !mayStepAside(lineage)) return ended(lineage);
  if (interview?.status === "aborted" && !auto.seed) {
    return { phase: "failed", block: without("interview_aborted", "Its interview was given up", "Start another one") };
  }
  const phase = workPhaseOf(facts);
  if (auto.seed && auto.skip_run) return { phase: "complete", block: null };
  const { block } = auto;
  return block && holds(block, phase, interview) ? { phase: "blocked", block } : { phase, block: null };
}

/** What is to be worked on next, whatever is in its way. */
export function workPhaseOf({ auto, interview, lineage }: AutoFacts): WorkPhase {
  if (lineage) return lineage.generations.at(-1)?.phase === "evaluating" ? "evaluate" : "run";
  if (auto.seed) return "run";
  if (interview?.status !== "completed") return "interview";
  return interview.seeds.length === 0 ? "seed_generation" : "review";
}

/** A question for the person is in the way until it has its answer, everything else until that phase is over. */
function holds({ phase, round }: Block, now: WorkPhase, interview: Interview | undefined): boolean {
  if (phase !== now) return false;
  return round === null || (interview !== undefined && pendingRound(interview)?.number === round);
}

function ended({ lineage_id, status, ending }: Lineage): AutoStanding {
  if (status === "converged") return { phase: "complete", block: null };
  const code = ending?.code ?? status;
  const message = ending?.message ?? `Its lineage is ${status}`;
  // Only what it may take has run out: with more of that it could go on.
  if (status === "exhausted") {
    const next = `What was made is kept. Go on with more: \`ouroboros ralph ${lineage_id}\``;
    return { phase: "blocked", block: without(code, message, next) };
  }
  const next = `What was made is kept: \`ouroboros lineage show ${lineage_id}\` says what stands open`;
  return { phase: "failed", block: without(code, message, next) };
}

function without(code: string, message: string, next: string): Omit<Block, "phase"> {
  return { code, message, next, round: null, suggestions: [] };
}
