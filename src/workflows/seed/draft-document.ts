import { isRefusal } from "../../base/refusal.ts";
import { sha256 } from "../../base/sha256.ts";
import { answeredRounds, type Interview } from "../../domain/interview/interview.ts";
import { toSeed } from "../../domain/seed/seed.ts";
import type { SeedDocument } from "../../domain/seed/seed-document.ts";
import { seedHash } from "../../domain/seed/seed-hash.ts";
import type { Decision } from "../../store/seeds.ts";
import type { SeedDraft } from "./seed-question.ts";

export interface DraftFacts {
  readonly interview: Interview;
  readonly ambiguity: number;
  readonly forced: boolean;
  /** ISO time. */
  readonly createdAt: string;
}

export interface DraftedSeed {
  readonly document: SeedDocument;
  /** Where every part of it was decided. */
  readonly decided: readonly Decision[];
}

/** A draft as the document of a seed, in upstream's fields, with its keys, its id and where each part was decided. */
export function draftDocument(draft: SeedDraft, facts: DraftFacts): DraftedSeed {
  const { goal, task_type, constraints, ontology, evaluation_principles, exit_conditions } = draft;
  const decided = decisionsOf(draft, facts.interview);
  const specification = {
    goal: goal.text,
    task_type,
    brownfield_context: brownfieldOf(draft, facts.interview),
    constraints: constraints.map(({ text }) => text),
    acceptance_criteria: criteriaOf(draft),
    ontology_schema: ontology,
    evaluation_principles,
    exit_conditions,
  };
  return { document: { ...specification, metadata: metadataOf(specification, decided, facts) }, decided };
}

/** Each criterion with its key, and the others it waits for by theirs. */
function criteriaOf({ goal, acceptance_criteria }: SeedDraft) {
  const shapes = acceptance_criteria.map(({ sources: _, depends_on: __, ...criterion }) => criterion);
  const seed = toSeed({ goal: goal.text, acceptance_criteria: shapes });
  if (isRefusal(seed)) throw new Error(`A draft that fitted is no seed: ${seed.message}`);
  const keys = seed.criteria.map(({ key }) => key);
  return acceptance_criteria.map(({ description, sources: _, depends_on, ...criterion }, index) => ({
    description,
    semantic_ac_key: keys[index] ?? null,
    ...criterion,
    depends_on: [...new Set(depends_on)].flatMap((other) => keys[other - 1] ?? []),
  }));
}

function brownfieldOf({ brownfield }: SeedDraft, { is_brownfield }: Interview) {
  const none = { context_references: [], existing_patterns: [], existing_dependencies: [] };
  return { project_type: is_brownfield ? "brownfield" : "greenfield", ...(brownfield ?? none) };
}

/** The same draft of the same interview has the same id: a call that is made again makes no second seed. */
function metadataOf(
  specification: SeedDocument,
  decided: readonly Decision[],
  { interview, ambiguity, forced, createdAt }: DraftFacts,
) {
  const later = answeredRounds(interview).filter(({ answer }) => answer.source === "later");
  const metadata = {
    version: "1.0.0",
    created_at: createdAt,
    ambiguity_score: ambiguity,
    interview_id: interview.interview_id,
    parent_seed_id: null,
    generation_mode: forced ? "forced" : "interview",
    unresolved_slots: later.map(({ question }) => question.text),
    decision_provenance: decided.map(({ path, by, sources }) => ({ path, by, sources })),
  };
  const content = seedHash({ ...specification, metadata });
  return { seed_id: `seed_${sha256(`${interview.interview_id} ${content}`).slice(0, 12)}`, ...metadata };
}

function decisionsOf({ goal, constraints, acceptance_criteria }: SeedDraft, interview: Interview): Decision[] {
  const parts = [
    { path: "goal", sources: goal.sources },
    ...constraints.map(({ sources }, index) => ({ path: `constraints.${index}`, sources })),
    ...acceptance_criteria.map(({ sources }, index) => ({ path: `acceptance_criteria.${index}`, sources })),
  ];
  return parts.map(({ path, sources }) => ({
    path,
    by: decidedBy(interview, sources),
    sources: sources.map(({ round, quote }) => `${interview.interview_id} round ${round}: ${quote}`),
  }));
}

/** A person, unless all that stands behind it was assumed. */
function decidedBy({ rounds }: Interview, sources: SeedDraft["goal"]["sources"]): string {
  const isAssumed = ({ round }: { round: number }) =>
    rounds.find(({ number }) => number === round)?.answer?.source === "assumed";
  const decisions = sources.filter(({ round }) => {
    const source = rounds.find(({ number }) => number === round)?.answer?.source;
    return round === 0 || source === "person" || source === "assumed";
  });
  return decisions.length > 0 && decisions.every(isAssumed) ? "assumption" : "person";
}
