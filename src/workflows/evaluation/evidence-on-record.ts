import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import { CheckedCriterion, type EvaluationRecord, type Subject } from "../../domain/evaluation/evaluation-record.ts";
import type { MechanicalResult } from "../../domain/evaluation/mechanical.ts";
import { CRITERION_VERIFIED } from "../../domain/run/steps.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { latestEvaluationOf, readEvaluation } from "../../store/evaluations.ts";
import { eventsOfSteps } from "../../store/session/run-records.ts";
import { findWork } from "./work-to-judge.ts";

/** What there is to check again. */
export interface EvidenceOnRecord {
  /** Null where a run was never evaluated, so that only its own checks are on record. */
  readonly evaluation: EvaluationRecord | null;
  readonly subject: Omit<Subject, "tree_hash">;
  readonly checks: readonly CheckedCriterion[];
  readonly mechanical: readonly MechanicalResult[];
}

/** Finds the evidence that an id stands for: of an evaluation, of a run's latest one, else of the run's own checks. */
export async function evidenceOnRecord(context: SessionContext, id: string): Promise<EvidenceOnRecord | Refusal> {
  const { store } = context;
  const evaluation = (await readEvaluation(store, id)) ?? (await latestEvaluationOf(store, id));
  if (evaluation) {
    const { subject, stage1 } = evaluation;
    return { evaluation, subject, checks: stage1?.checks ?? [], mechanical: stage1?.mechanical ?? [] };
  }
  const work = await findWork(context, { run: id });
  if (isRefusal(work)) return work;
  const rows = await eventsOfSteps(store, work.subject.execution_id ?? id, [CRITERION_VERIFIED]);
  const last = new Map<string, CheckedCriterion>();
  for (const { payload } of rows) {
    const check = v.safeParse(CheckedCriterion, payload);
    if (check.success) last.set(check.output.criterion_key, check.output);
  }
  if (last.size === 0) {
    return refuse("no_evidence", `Nothing of ${id} was ever checked`, `Evaluate it first: ouroboros evaluate ${id}`);
  }
  return { evaluation: null, subject: work.subject, checks: [...last.values()], mechanical: [] };
}
