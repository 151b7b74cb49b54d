import { STEP_STARTED, TOOL_STARTED, WORKFLOW_PROGRESS } from "../../domain/run/steps.ts";
import { PROGRESS_UPDATED } from "../../domain/session/session.ts";

/**
 * What a run says while it goes on: nearly all of a store's bytes, and nothing that a status, a verdict or a resume rests
 * on. A list of what may go, so that whatever is not known stays.
 */
export const BULKY_TYPES: readonly string[] = [
  PROGRESS_UPDATED,
  WORKFLOW_PROGRESS,
  TOOL_STARTED,
  "orchestrator.tool.called",
  "execution.tool.completed",
  "execution.agent.thinking",
  "execution.ac.heartbeat",
  "execution.coordinator.thinking",
  "execution.coordinator.tool.started",
  "execution.coordinator.tool.completed",
];

const BULKY: ReadonlySet<string> = new Set(BULKY_TYPES);

/** A row of a session's streams, without what it says. */
export interface RowFacts {
  readonly rowid: number;
  readonly id: string;
  /** The stream it stands in. */
  readonly stream: string;
  readonly type: string;
  /** As stored, compared as text. */
  readonly timestamp: string;
  readonly bytes: number;
}

/**
 * Which rows of an ended session may go, of all its rows in commit order. Of each stream stay its first row (it dates the
 * stream), the latest by time and the newest of each type (readers ask for those, and a rowid that was the highest would
 * be given out again), what came just before another attempt (an owner's time is counted to its last row), and all that
 * came after the end: upstream's older readers take their word for the status.
 */
export function expendable(rows: readonly RowFacts[], endRowid: number): RowFacts[] {
  const firsts = new Set<number>();
  const seen = new Set<string>();
  const latest = new Map<string, RowFacts>();
  const previous = new Map<string, RowFacts>();
  const newest = new Map<string, number>();
  const beforeAttempts = new Set<number>();
  for (const row of rows) {
    if (!seen.has(row.stream)) firsts.add(row.rowid);
    seen.add(row.stream);
    const before = previous.get(row.stream);
    if (before && row.type === STEP_STARTED) beforeAttempts.add(before.rowid);
    previous.set(row.stream, row);
    newest.set(`${row.stream} ${row.type}`, row.rowid);
    const top = latest.get(row.stream);
    if (!top || row.timestamp >= top.timestamp) latest.set(row.stream, row);
  }
  return rows.filter(
    (row) =>
      BULKY.has(row.type) &&
      row.rowid < endRowid &&
      !firsts.has(row.rowid) &&
      !beforeAttempts.has(row.rowid) &&
      newest.get(`${row.stream} ${row.type}`) !== row.rowid &&
      latest.get(row.stream)?.rowid !== row.rowid,
  );
}
