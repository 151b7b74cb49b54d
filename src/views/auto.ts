import type { Assumption, AutoBounds } from "../domain/auto/auto-events.ts";
import type { AutoPhase } from "../domain/auto/auto-phase.ts";
import type { AutoState } from "../domain/auto/auto-state.ts";
import { answeredRounds } from "../domain/interview/interview.ts";
import type { Spent } from "../domain/run/ceiling.ts";
import { type LineageView, viewLineage } from "./lineage.ts";

/** An auto as every surface shows it; upstream's names where it has one. */
export interface AutoView {
  readonly auto_session_id: string;
  readonly goal: string;
  readonly cwd: string;
  readonly phase: AutoPhase;
  readonly current_round: number;
  readonly last_progress_at: string;
  /** Why it stands still or has failed. */
  readonly blocker: string | null;
  readonly stop_reason_code: string | null;
  /** What helps. */
  readonly next: string | null;
  /** What only the person can answer. */
  readonly pending_question: { readonly text: string; readonly suggestions: readonly string[] } | null;
  readonly resume_command: string;
  readonly interview_session_id: string;
  readonly seed_id: string | null;
  readonly repaired: readonly string[];
  readonly lineage_id: string;
  readonly lineage: LineageView | null;
  readonly run_session_id: string | null;
  readonly run_status: string | null;
  /** The work that was judged last. */
  readonly branch: string | null;
  readonly commit: string | null;
  readonly repository: string | null;
  /** The commit that all of it began with. */
  readonly base: string | null;
  readonly last_qa_score: number | null;
  readonly assumptions: readonly Assumption[];
  readonly bounds: AutoBounds;
  readonly spent: Spent;
}

/** An auto for programs. */
export function viewAuto({ auto, interview, lineage, conductor, place, spent, phase, block }: AutoState): AutoView {
  const shown = lineage ? viewLineage(lineage) : null;
  const isAsked = phase === "blocked" && block?.round != null;
  return {
    auto_session_id: auto.auto_id,
    goal: auto.goal,
    cwd: auto.cwd,
    phase,
    current_round: interview ? answeredRounds(interview).length : 0,
    last_progress_at: [auto.updated_at, interview?.updated_at ?? "", lineage?.updated_at ?? ""].sort().at(-1) ?? "",
    blocker: block?.message ?? null,
    stop_reason_code: block?.code ?? (phase === "complete" ? (lineage?.ending?.code ?? "seeded") : null),
    next:
      block?.next ??
      (phase === "complete" && auto.skip_run ? `Carry it out: ouroboros ralph ${auto.seed?.seed_id}` : null),
    pending_question: isAsked ? { text: block.message, suggestions: block.suggestions } : null,
    resume_command: `ouroboros auto --resume ${auto.auto_id}`,
    interview_session_id: auto.interview_id,
    seed_id: auto.seed?.seed_id ?? null,
    repaired: auto.seed?.repaired ?? [],
    lineage_id: auto.lineage_id,
    lineage: shown,
    run_session_id: conductor?.session_id ?? lineage?.generations.at(-1)?.session_id ?? null,
    run_status: conductor?.status ?? null,
    branch: shown?.branch ?? null,
    commit: shown?.commit ?? null,
    repository: place?.repository ?? null,
    base: place?.base ?? null,
    last_qa_score: shown?.generations.findLast(({ score }) => score !== null)?.score ?? null,
    assumptions: auto.assumptions,
    bounds: auto.bounds,
    spent,
  };
}
