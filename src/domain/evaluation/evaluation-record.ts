import * as v from "valibot";
import { sha256 } from "../../base/sha256.ts";
import type { StoredEvent } from "../event.ts";
import type { ForgedCitation } from "./citations.ts";
import { type ConsensusTally, TRIGGERS, type Trigger } from "./consensus.ts";
import type { EvaluationVerdict } from "./evaluation.ts";
import type { Judgement } from "./judgement.ts";
import { MECHANICAL_KINDS, type MechanicalResult } from "./mechanical.ts";

/** Ours: upstream builds such rows and never writes them. */
export const EVALUATION_STARTED = "evaluation.started";
export const STAGE1_COMPLETED = "evaluation.stage1.completed";
export const STAGE2_COMPLETED = "evaluation.stage2.completed";
export const STAGE3_COMPLETED = "evaluation.stage3.completed";
export const EVALUATION_COMPLETED = "evaluation.completed";

const Text = v.nullable(v.string());
/** It becomes an argument of git's, and the store is written by others, too. */
const Commit = v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/)));
const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Tools = v.record(v.string(), v.string());
const Maker = v.object({ name: v.string(), model: Text });
const Independence = v.picklist(["independent", "same_vendor", "self", "unverified"]);
const Verdict = v.picklist(["pass", "fail", "unverifiable"]);

/** What is judged: a tree, by a seed. */
const Subject = v.object({
  seed_id: Text,
  seed_hash: v.string(),
  /** The seed's very text, as a blob. */
  seed_text: v.string(),
  tree_hash: v.string(),
  commit: Commit,
  /** The untouched tree's commit, and the run whose copy of the project holds both, where it is a copy. */
  base: v.optional(Commit, null),
  copy_of: v.optional(Text, null),
  /** The run that made it; null for a folder that somebody named. */
  session_id: Text,
  execution_id: Text,
  cwd: v.string(),
  /** Who has worked on it, as far as is known. */
  makers: v.array(Maker),
  criteria: v.array(v.object({ key: v.string(), description: v.string() })),
});
export type Subject = v.InferOutput<typeof Subject>;

const Mechanical = v.object({
  kind: v.picklist(MECHANICAL_KINDS),
  verdict: v.picklist(["pass", "fail", "not_applicable", "unverifiable"]),
  command: Text,
  source: Text,
  folder: v.string(),
  reason: v.string(),
  exit_code: v.nullable(v.number()),
  ms: v.number(),
  output_hash: Text,
  coverage: v.nullable(Share),
  tools: Tools,
  unlike_before: v.optional(v.boolean()),
});
/** Stored results of a project's own checks. */
export const MechanicalResults: v.GenericSchema<unknown, readonly MechanicalResult[]> = v.array(Mechanical);

/** A criterion's own check, run by us on the judged tree. */
export const CheckedCriterion = v.object({
  criterion_key: v.string(),
  verdict: Verdict,
  reason: v.string(),
  command: Text,
  exit_code: v.nullable(v.number()),
  output_hash: v.string(),
  tree_hash: Text,
  commit: Text,
  edited_checks: v.fallback(v.array(v.string()), []),
  tools: Tools,
});
export type CheckedCriterion = Readonly<v.InferOutput<typeof CheckedCriterion>>;

/** What could be found out by running things. */
export interface Stage1 {
  readonly declared_hash: string;
  readonly mechanical: readonly MechanicalResult[];
  /** The same on the untouched tree; null where nobody had to look. */
  readonly before: readonly MechanicalResult[] | null;
  readonly checks: readonly CheckedCriterion[];
  /** Files that differ from the untouched tree; empty where there is none to compare with. */
  readonly changed: readonly string[];
}
const Stage1: v.GenericSchema<unknown, Stage1> = v.object({
  declared_hash: v.string(),
  mechanical: MechanicalResults,
  before: v.nullable(MechanicalResults),
  checks: v.array(CheckedCriterion),
  changed: v.array(v.string()),
});

const Citation = v.object({
  path: v.string(),
  line: v.number(),
  end_line: v.nullish(v.number()),
  quote: v.string(),
});
const Forged = v.array(v.object({ citation: Citation, why: v.string() }));

/** What a judge has seen, less what was not there. */
export interface Stage2 {
  readonly judgement: Judgement;
  readonly forged: readonly ForgedCitation[];
}
const Stage2: v.GenericSchema<unknown, Stage2> = v.object({
  judgement: v.object({
    criteria: v.array(
      v.object({
        criterion_key: v.string(),
        met: v.picklist(["yes", "no", "unclear"]),
        score: Share,
        reason: v.string(),
        citations: v.array(Citation),
      }),
    ),
    goal_alignment: Share,
    drift_score: Share,
    uncertainty: Share,
    reward_hacking_risk: Share,
    reasoning: v.string(),
    by: v.object({ mind: v.string(), model: Text }),
    independence: Independence,
  }),
  forged: Forged,
});

/** What several have voted. */
export interface Stage3 {
  readonly trigger: Trigger;
  readonly tally: ConsensusTally;
  readonly forged: readonly ForgedCitation[];
}
const Stage3: v.GenericSchema<unknown, Stage3> = v.object({
  trigger: v.picklist(TRIGGERS),
  tally: v.object({
    outcome: v.picklist(["approved", "rejected", "none"]),
    approvals: v.number(),
    valid: v.number(),
    invalid: v.number(),
    label: v.string(),
    votes: v.array(
      v.object({
        by: v.object({ mind: v.string(), model: Text }),
        independence: Independence,
        perspective: v.nullable(v.picklist(["advocate", "devils_advocate", "judge"])),
        approved: v.boolean(),
        confidence: Share,
        reasoning: v.string(),
        citations: v.array(v.object({ ...Citation.entries, criterion_key: v.string() })),
      }),
    ),
  }),
  forged: Forged,
});

const Completed: v.GenericSchema<unknown, EvaluationVerdict> = v.object({
  approved: v.boolean(),
  verdict: v.picklist(["approved", "rejected", "unverified"]),
  score: Share,
  highest_stage: v.picklist([1, 2, 3]),
  criteria: v.array(
    v.object({
      key: v.string(),
      verdict: Verdict,
      by: v.nullable(v.picklist(["check", "judge", "consensus"])),
      reason: v.string(),
    }),
  ),
  reasons: v.array(v.string()),
  needs_consensus: v.nullable(v.picklist(TRIGGERS)),
});

/** One evaluation as its rows tell it. A tree does not change, so neither does what was found of it: a stage is done once. */
export interface EvaluationRecord {
  readonly evaluation_id: string;
  readonly subject: Subject;
  readonly stage1: Stage1 | null;
  readonly stage2: Stage2 | null;
  readonly stage3: Stage3 | null;
  /** The newest verdict: more stages may follow and change it. */
  readonly completed: EvaluationVerdict | null;
  readonly started_at: string;
  readonly updated_at: string;
}

/** The id of the evaluation of this tree by this seed: whoever evaluates the same again finds it. */
export function evaluationId(subject: Pick<Subject, "seed_hash" | "tree_hash">): string {
  return `eval_${sha256(`${subject.seed_hash} ${subject.tree_hash}`).slice(0, 12)}`;
}

/** Folds the rows of an evaluation; undefined where none of them begins one. What cannot be read says nothing. */
export function foldEvaluation(evaluationId: string, events: readonly StoredEvent[]): EvaluationRecord | undefined {
  let record: EvaluationRecord | undefined;
  for (const { event_type, payload, timestamp } of events) {
    if (!record) {
      const subject = event_type === EVALUATION_STARTED ? read(Subject, payload) : undefined;
      if (!subject) continue;
      const stages = { stage1: null, stage2: null, stage3: null, completed: null };
      record = { evaluation_id: evaluationId, subject, ...stages, started_at: timestamp, updated_at: timestamp };
      continue;
    }
    const told = toldBy(event_type, payload);
    if (told) record = { ...record, ...told, updated_at: timestamp };
  }
  return record;
}

function toldBy(type: string, payload: unknown): Partial<EvaluationRecord> | undefined {
  switch (type) {
    case STAGE1_COMPLETED:
      return told("stage1", read(Stage1, payload));
    case STAGE2_COMPLETED:
      return told("stage2", read(Stage2, payload));
    case STAGE3_COMPLETED:
      return told("stage3", read(Stage3, payload));
    case EVALUATION_COMPLETED:
      return told("completed", read(Completed, payload));
    default:
      return undefined;
  }
}

function told<Key extends keyof EvaluationRecord>(key: Key, value: EvaluationRecord[Key] | undefined) {
  return value === undefined ? undefined : { [key]: value };
}

function read<Schema extends v.GenericSchema>(schema: Schema, payload: unknown): v.InferOutput<Schema> | undefined {
  const parsed = v.safeParse(schema, payload);
  return parsed.success ? parsed.output : undefined;
}
