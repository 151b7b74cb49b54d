import * as v from "valibot";
import type { Payload, StoredEvent } from "../../domain/event.ts";
import {
  AGENT_ENDED,
  AGENT_STARTED,
  finishedSteps,
  STEP_COMPLETED,
  STEP_FAILED,
  WORKFLOW_PROGRESS,
} from "../../domain/run/steps.ts";
import { SESSION_CLAIMED, SESSION_REOPENED, SESSION_STARTED, type Session } from "../../domain/session/session.ts";
import type { AgentGroup } from "../../process/agent/process-tree.ts";
import { query } from "../engine/database.ts";
import { EVENT_COLUMNS, toStoredEvent } from "../row.ts";
import type { Store } from "../store.ts";

/** What the rows that began or claimed a session say of it, the latest word on each key. */
export async function readOrigin(store: Store, sessionId: string): Promise<Payload> {
  const rows = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (
SELECT rowid FROM events WHERE aggregate_type = 'session' AND aggregate_id = ?
INTERSECT SELECT rowid FROM events WHERE event_type IN ('${SESSION_STARTED}', '${SESSION_CLAIMED}', '${SESSION_REOPENED}')) ORDER BY rowid`,
    [sessionId],
  );
  return Object.assign({}, ...rows.map(toStoredEvent).map(({ payload }) => payload));
}

/**
 * Which steps of a run have succeeded, from the streams of its criteria and from the latest list in its progress. Upstream
 * files that list under the session's id once it has resumed a run.
 */
export async function readFinishedSteps(
  store: Store,
  { execution_id, session_id }: Pick<Session, "execution_id" | "session_id">,
): Promise<ReadonlySet<number>> {
  const executionId = execution_id ?? session_id;
  const latest = `SELECT max(rowid) FROM (SELECT rowid FROM events WHERE aggregate_type = 'execution' AND aggregate_id = ?
INTERSECT SELECT rowid FROM events WHERE event_type = '${WORKFLOW_PROGRESS}')`;
  const lists = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN ((${latest}), (${latest}))`,
    [executionId, session_id],
  );
  const outcomes = await eventsOfSteps(store, executionId, [STEP_COMPLETED, STEP_FAILED]);
  return finishedSteps(executionId, outcomes, lists.map(toStoredEvent));
}

/** Where a session was begun or last taken back from its end: what stands before that in its streams belongs to another go. */
export async function readLastBeginning(store: Store, sessionId: string): Promise<number> {
  const [start] = await query(
    store.database,
    `SELECT max(rowid) AS top FROM (SELECT rowid FROM events WHERE aggregate_type = 'session' AND aggregate_id = ?
INTERSECT SELECT rowid FROM events WHERE event_type IN ('${SESSION_STARTED}', '${SESSION_REOPENED}'))`,
    [sessionId],
  );
  return Number(start?.top ?? 0);
}

/** Milliseconds for which owners other than that of this epoch have worked on an execution: from the first row of each to its last. */
export async function readWorkedMs(store: Store, executionId: string, epoch: number): Promise<number> {
  const [sum] = await query(
    store.database,
    `SELECT CAST(1000 * sum(seconds) AS INTEGER) AS ms FROM (
SELECT unixepoch(max(timestamp), 'subsec') - unixepoch(min(timestamp), 'subsec') AS seconds,
iif(json_valid(payload), payload ->> 'epoch', NULL) AS owner
FROM events WHERE aggregate_type = 'execution' AND aggregate_id >= :execution || '_' AND aggregate_id < :execution || '\`'
GROUP BY owner) WHERE owner <> :epoch AND seconds > 0`,
    { execution: executionId, epoch },
  );
  return Number(sum?.ms ?? 0);
}

/** The process groups that were started for an execution and of whose end nothing is recorded. */
export async function readOpenAgents(store: Store, executionId: string): Promise<AgentGroup[]> {
  const events = await eventsOfSteps(store, executionId, [AGENT_STARTED, AGENT_ENDED]);
  const open = new Map<string, AgentGroup>();
  for (const { event_type, payload } of events) {
    const group = v.safeParse(Group, payload.group);
    if (!group.success) continue;
    if (event_type === AGENT_STARTED) open.set(group.output.marker, group.output);
    else open.delete(group.output.marker);
  }
  return [...open.values()];
}

/** What each agent of an execution has reported that it took; null for one that reported nothing. Checks are no agents. */
export async function readUsages(store: Store, executionId: string): Promise<(ReportedUsage | null)[]> {
  const events = await eventsOfSteps(store, executionId, [AGENT_ENDED]);
  const agents = events.filter(({ payload }) => payload.purpose !== "check");
  return agents.map(({ payload }) => v.parse(Usage, payload.usage));
}

const Amount = v.fallback(v.nullable(v.number()), null);
const Usage = v.fallback(v.nullable(v.object({ input_tokens: Amount, output_tokens: Amount, cost_usd: Amount })), null);
type ReportedUsage = v.InferOutput<typeof Usage>;

const Text = v.nullable(v.string());
const Group = v.object({
  machine: Text,
  boot: Text,
  pid_namespace: Text,
  pid: v.pipe(v.number(), v.integer()),
  start_ticks: Text,
  marker: v.string(),
  guard_pid: v.pipe(v.number(), v.integer()),
  guard_start_ticks: Text,
});

/** Rows of these types in the streams of an execution's criteria, in commit order. */
export async function eventsOfSteps(
  store: Store,
  executionId: string,
  types: readonly string[],
): Promise<StoredEvent[]> {
  const rows = await query(
    store.database,
    `SELECT ${EVENT_COLUMNS} FROM events WHERE rowid IN (
SELECT rowid FROM events WHERE aggregate_type = 'execution' AND aggregate_id >= :execution || '_' AND aggregate_id < :execution || '\`'
INTERSECT SELECT rowid FROM events WHERE event_type IN (SELECT value FROM json_each(:types))) ORDER BY rowid`,
    { execution: executionId, types: JSON.stringify(types) },
  );
  return rows.map(toStoredEvent);
}
