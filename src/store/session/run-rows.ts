import type { StoredEvent } from "../../domain/event.ts";
import {
  AGENT_ENDED,
  AGENT_STARTED,
  BASELINE_CHECKED,
  CRITERION_MERGED,
  CRITERION_VERIFIED,
  QUESTION_ANSWERED,
  QUESTION_ASKED,
  RUN_PREPARED,
  RUN_WAITING,
  STEP_COMPLETED,
  STEP_FAILED,
  STEP_STARTED,
  SUBTASK_UPDATED,
  TOOL_STARTED,
} from "../../domain/run/steps.ts";
import { query } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";

const OF_RUN = [RUN_PREPARED, RUN_WAITING, SUBTASK_UPDATED];
const OF_STEPS = [
  STEP_STARTED,
  STEP_COMPLETED,
  STEP_FAILED,
  AGENT_STARTED,
  AGENT_ENDED,
  BASELINE_CHECKED,
  CRITERION_VERIFIED,
  CRITERION_MERGED,
  QUESTION_ASKED,
  QUESTION_ANSWERED,
];

/** The criteria's streams of an execution, as in `session-scopes.ts`. */
const STEPS = "aggregate_type = 'execution' AND aggregate_id >= :execution || '_' AND aggregate_id < :execution || '`'";

// The plus keeps the planner off the index by type, which knows every run of the store: what a read costs is this run's size.
const RUN_ROWS = `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (
SELECT rowid FROM events WHERE aggregate_type = 'execution' AND aggregate_id = :execution AND +event_type IN (${list(OF_RUN)})
UNION ALL SELECT rowid FROM events WHERE ${STEPS} AND +event_type IN (${list(OF_STEPS)})
UNION ALL SELECT max(rowid) FROM events WHERE ${STEPS} AND +event_type = '${TOOL_STARTED}' GROUP BY aggregate_id) ORDER BY rowid`;

/** What a run has recorded of itself and of its criteria, in commit order; of the tools its agents used the latest of each criterion. */
export async function readRunRows(store: Store, executionId: string): Promise<StoredEvent[]> {
  return (await query(store.database, RUN_ROWS, { execution: executionId })).map(toStoredEvent);
}

/** One row by its place in the store. */
export async function readRow(store: Store, rowid: number): Promise<StoredEvent | undefined> {
  const [row] = await query(store.database, `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid = ?`, [rowid]);
  return row && toStoredEvent(row);
}

function list(types: readonly string[]): string {
  return types.map((type) => `'${type}'`).join(", ");
}
