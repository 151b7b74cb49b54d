import { isRefusal } from "../base/refusal.ts";
import { EVALUATION_STARTED, type EvaluationRecord, foldEvaluation } from "../domain/evaluation/evaluation-record.ts";
import type { StoredEvent } from "../domain/event.ts";
import { query } from "./engine/database.ts";
import type { Store } from "./store.ts";
import { changeStream, type Draft, readStream } from "./streams.ts";

const AGGREGATE = "evaluation";

/** The stream of an evaluation, for what is recorded beside it. */
export function evaluationScope(evaluationId: string) {
  return { aggregateType: AGGREGATE, aggregateId: evaluationId };
}

/** Reads an evaluation; undefined when this store has none of this id. */
export async function readEvaluation(store: Store, evaluationId: string): Promise<EvaluationRecord | undefined> {
  return foldEvaluation(evaluationId, (await readStream(store, AGGREGATE, evaluationId)).events);
}

/** The evaluation that was begun last of a run, by its session's or its execution's id. */
export async function latestEvaluationOf(store: Store, runId: string): Promise<EvaluationRecord | undefined> {
  const sql = `SELECT aggregate_id FROM events WHERE event_type = ? AND aggregate_type = ? AND instr(payload, ?) > 0
ORDER BY rowid DESC`;
  const rows = await query(store.database, sql, [EVALUATION_STARTED, AGGREGATE, JSON.stringify(runId)]);
  for (const row of rows) {
    const found = await readEvaluation(store, String(row.aggregate_id));
    if (found && [found.subject.session_id, found.subject.execution_id].includes(runId)) return found;
  }
  return undefined;
}

/**
 * Adds a row to an evaluation if, as it stands, that is still missing: of two who have found out the same, one is recorded and both
 * go on with that.
 */
export async function addToEvaluation(
  store: Store,
  evaluationId: string,
  draft: Draft,
  isMissing: (record: EvaluationRecord | undefined) => boolean,
): Promise<EvaluationRecord> {
  const fold = (events: readonly StoredEvent[]) => foldEvaluation(evaluationId, events);
  for (;;) {
    const record = await changeStream(store, evaluationScope(evaluationId), fold, (now) =>
      now && !isMissing(now) ? [] : [draft],
    );
    if (record === undefined || isRefusal(record))
      throw new Error(`The row that begins ${evaluationId} cannot be read back`);
    if (record !== "busy") return record;
  }
}
