import type { Database } from "bun:sqlite";
import { defaultTimestamp, storeTimestamp } from "./clock.ts";
import type { Prng } from "./prng.ts";
import { Encoded, pythonJson } from "./python-json.ts";
import type { Row } from "./row.ts";
import type { Generation } from "./run.ts";
import { PROJECTED_TYPES } from "./schema.ts";

const TERMINALS: readonly string[] = [
  "orchestrator.session.completed",
  "orchestrator.session.failed",
  "orchestrator.session.cancelled",
];

/** Inserts the rows in the order given and returns how many there were. */
export function writeRows(
  database: Database,
  generation: Generation,
  rows: Iterable<Row>,
  prng: Prng,
  onCount: (count: number) => void,
): number {
  const later = generation === "v51";
  const insert = database.prepare(
    "INSERT INTO events (id, aggregate_type, aggregate_id, event_type, payload, timestamp, consensus_id" +
      `${later ? ", picker_projection_version" : ""}) VALUES (?, ?, ?, ?, ?, ?, NULL${later ? ", ?" : ""})`,
  );
  const guard = later ? guardWriter(database) : undefined;
  let count = 0;
  for (const row of rows) {
    const id = row.id ?? prng.uuid4();
    const stamp = row.storedTimestamp ?? storeTimestamp(row.at);
    const payload = payloadText(row, later);
    if (later) {
      const projected = PROJECTED_TYPES.includes(row.eventType) ? 3 : null;
      insert.run(id, row.aggregateType, row.aggregateId, row.eventType, payload, stamp, projected);
      guard?.(id, row);
    } else {
      insert.run(id, row.aggregateType, row.aggregateId, row.eventType, payload, stamp);
    }
    count += 1;
    if (count % 100_000 === 0) onCount(count);
  }
  insert.finalize();
  if (later) project(database);
  return count;
}

function payloadText(row: Row, later: boolean): string {
  if (row.payload instanceof Encoded) return row.payload.text;
  return pythonJson(later ? { ...row.payload, event_version: 1 } : row.payload);
}

// The first start and the first terminal of a session are the ones that hold.
function guardWriter(database: Database): (id: string, row: Row) => void {
  const start = database.prepare("INSERT OR IGNORE INTO session_start_guards VALUES (?, ?, ?, ?)");
  const terminal = database.prepare("INSERT OR IGNORE INTO session_terminal_guards VALUES (?, ?, ?, ?)");
  return (id, row) => {
    if (row.payload instanceof Encoded) return;
    if (row.eventType === "orchestrator.session.started") {
      const execution = row.payload.execution_id;
      start.run(row.aggregateId, id, typeof execution === "string" ? execution : "", defaultTimestamp(row.at));
    } else if (TERMINALS.includes(row.eventType)) {
      terminal.run(row.aggregateId, id, row.eventType, defaultTimestamp(row.at));
    }
  };
}

function project(database: Database): void {
  database.run(`INSERT INTO dashboard_picker_starts_v1
    SELECT rowid, json_extract(payload, '$.execution_id'), aggregate_id
    FROM events WHERE event_type = 'orchestrator.session.started'`);
  database.run(`INSERT INTO dashboard_picker_start_sessions_v1
    SELECT session_id, execution_id, min(event_rowid) FROM dashboard_picker_starts_v1 GROUP BY 1, 2`);
  database.run(`INSERT INTO dashboard_picker_progress_v1
    SELECT aggregate_id, event_type, max(rowid),
      max(CASE WHEN instr(payload, '"runtime_status": "running"') > 0 THEN rowid END),
      max(CASE WHEN event_type = 'workflow.progress.updated' THEN rowid END)
    FROM events
    WHERE event_type IN ('orchestrator.progress.updated', 'workflow.progress.updated')
      AND json_valid(payload) AND json_type(payload) = 'object'
    GROUP BY 1, 2`);
  database.run("INSERT INTO dashboard_picker_projection_meta_v1 SELECT 3, coalesce(max(rowid), 0) FROM events");
}
