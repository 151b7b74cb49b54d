import * as v from "valibot";
import type { StoredEvent } from "../event.ts";
import { readEvaluation } from "./evaluation-summary.ts";
import {
  beginGeneration,
  type Generation,
  sumSpent,
  WORKING_PHASES,
  type WorkingPhase,
  writtenSeed,
} from "./generation.ts";
import * as events from "./lineage-events.ts";

interface Generations {
  readonly generations: readonly Generation[];
  readonly executes: boolean;
}

/** Rows that may be the first of their generation: upstream's older ones tell only of the end. */
const FIRST_ROWS: readonly string[] = [events.GENERATION_STARTED, events.GENERATION_COMPLETED];

/**
 * Takes one row of a generation in; undefined when it cannot be one. Numbers only rise, a finished generation takes nothing
 * more, and nobody writes about any but the last.
 */
export function toldOfGeneration(lineage: Generations, event: StoredEvent): Generations | undefined {
  const schema = event.event_type === events.WONDER_DEGRADED ? events.DegradedPayload : events.GenerationPayload;
  const parsed = v.safeParse(schema, event.payload);
  if (!parsed.success) return undefined;
  const { generations, executes } = lineage;
  const last = generations.at(-1);
  const { generation_number } = parsed.output;
  if (last?.number === generation_number && last.phase !== "completed") {
    const next = applied(last, parsed.output, event, executes);
    return next && { ...said(lineage, parsed.output), generations: [...generations.slice(0, -1), next] };
  }
  if (generation_number <= (last?.number ?? 0) || !FIRST_ROWS.includes(event.event_type)) return undefined;
  const fresh = beginGeneration(generation_number, "wondering", event.timestamp);
  const next = applied(fresh, parsed.output, event, executes);
  return next && { ...said(lineage, parsed.output), generations: [...generations.map(leftBehind), next] };
}

type Said = events.GenerationSaid | v.InferOutput<typeof events.DegradedPayload>;

function said({ executes }: Generations, told: Said): Pick<Generations, "executes"> {
  return { executes: ("execute" in told ? told.execute : null) ?? executes };
}

/** Upstream goes on to the next generation after a crash: what it left was interrupted, whatever its last row says. */
function leftBehind(generation: Generation): Generation {
  return generation.open_phase === null ? generation : { ...generation, phase: "interrupted" };
}

function applied(before: Generation, told: Said, event: StoredEvent, executes: boolean): Generation | undefined {
  if (!("seed_id" in told)) return { ...before, wonder_degraded: true, updated_at: event.timestamp };
  const moved = movedBy(event.event_type, before, told, executes);
  return moved && { ...withFacts(before, told), ...moved, updated_at: event.timestamp };
}

function movedBy(
  type: string,
  { open_phase, failures }: Generation,
  told: events.GenerationSaid,
  executes: boolean,
): Partial<Generation> | undefined {
  const phase = working(told.phase);
  switch (type) {
    case events.GENERATION_STARTED: {
      const first = phase ?? "wondering";
      return { phase: first, open_phase: first, error: null };
    }
    case events.PHASE_CHANGED:
      return phase && { phase, open_phase: phase };
    case events.GENERATION_COMPLETED:
      return { phase: "completed", open_phase: null, failures: 0, error: null };
    case events.GENERATION_FAILED: {
      const common = { open_phase: phase ?? open_phase, error: told.error };
      // Upstream's row for somebody's cancellation is of the same type.
      return told.phase === "cancelled"
        ? { ...common, phase: "cancelled" }
        : { ...common, phase: "failed", failures: failures + 1 };
    }
    case events.GENERATION_INTERRUPTED: {
      const done = working(told.last_completed_phase);
      return { phase: "interrupted", open_phase: done ? phaseAfter(done, executes) : open_phase };
    }
    default:
      return undefined;
  }
}

function phaseAfter(phase: WorkingPhase, executes: boolean): WorkingPhase {
  // On paper, a generation ends with its seed.
  const last = executes ? "evaluating" : "seeding";
  return phase === last ? phase : (WORKING_PHASES[WORKING_PHASES.indexOf(phase) + 1] ?? phase);
}

function withFacts(before: Generation, told: events.GenerationSaid): Generation {
  const partial = { ...before.partial, ...told.partial_state };
  const asked = told.wonder_questions ?? stringsOf(partial.wonder_questions);
  const facts = {
    ...before,
    seed_id: told.seed_id ?? before.seed_id,
    seed_hash: told.seed_hash ?? before.seed_hash,
    seed_json: told.seed_json ?? before.seed_json,
    parent_seed_id: told.parent_seed_id ?? before.parent_seed_id,
    execution_id: told.execution_id ?? before.execution_id,
    session_id: told.session_id ?? before.session_id,
    branch: told.branch ?? before.branch,
    commit: told.commit ?? before.commit,
    tree_hash: told.tree_hash ?? before.tree_hash,
    findings_hash: told.findings_hash ?? before.findings_hash,
    ontology: told.ontology_snapshot ?? writtenSeed(told)?.ontology ?? before.ontology,
    wonder_questions: asked.length > 0 ? asked : before.wonder_questions,
    partial,
    spent: told.spent ? sumSpent([before.spent, told.spent]) : before.spent,
  };
  const evaluation = told.evaluation_summary && readEvaluation(told.evaluation_summary, writtenSeed(facts));
  return { ...facts, evaluation: evaluation ?? before.evaluation };
}

function working(word: string | null): WorkingPhase | undefined {
  return WORKING_PHASES.find((phase) => phase === word);
}

function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
