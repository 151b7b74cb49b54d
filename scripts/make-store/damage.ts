import { isoTimestamp, SECOND } from "./clock.ts";
import { workflowProgress } from "./execution-events.ts";
import { Encoded } from "./python-json.ts";
import type { Row } from "./row.ts";
import { type Run, subAcScope } from "./run.ts";
import { messageProgress } from "./session-events.ts";

/** One damaged row for the run at the given time; `ordinal` counts the rows of this kind, from zero. */
type DamageKind = (run: Run, at: number, ordinal: number) => Row;

export const DAMAGE_KINDS = {
  bad_timestamp: badTimestamp,
  t_timestamp: zonedTimestamp,
  payload_list: withPayload("[]"),
  payload_broken: withPayload("{a:1}"),
  payload_nan: withPayload('{"messages_processed": 3, "score": NaN}'),
  payload_null_text: withPayload("null"),
  long_ids: longIds,
} as const satisfies Record<string, DamageKind>;

export type DamageName = keyof typeof DAMAGE_KINDS;

// Session and execution streams take turns, so that both kinds of reader meet the damage.
function soundRow(run: Run, at: number, ordinal: number): Row {
  return ordinal % 2 === 0 ? messageProgress(run, at) : workflowProgress(run, at, 1, 9);
}

function badTimestamp(run: Run, at: number, ordinal: number): Row {
  const odd = ["yesterday", "", "2026-13-45 99:99:99.000000"][Math.floor(ordinal / 2) % 3] ?? "";
  return { ...soundRow(run, at, ordinal), storedTimestamp: ordinal % 2 === 0 ? Math.floor(at / SECOND) : odd };
}

function zonedTimestamp(run: Run, at: number, ordinal: number): Row {
  const iso = isoTimestamp(at);
  return { ...soundRow(run, at, ordinal), storedTimestamp: ordinal % 2 === 0 ? iso.replace("+00:00", "Z") : iso };
}

function withPayload(text: string): DamageKind {
  return (run, at, ordinal) => ({ ...soundRow(run, at, ordinal), payload: new Encoded(text) });
}

// Not broken, only longer than the declared 36 characters, which SQLite does not enforce and upstream exceeds.
function longIds(run: Run, at: number, ordinal: number): Row {
  const row = messageProgress(run, at);
  if (ordinal % 2 === 0) {
    const id = `mcp-job-recovered-interrupted-${run.jobId}-${ordinal}`;
    return { ...row, id, aggregateType: "job", aggregateId: run.jobId, eventType: "mcp.job.interrupted" };
  }
  const aggregateId = `${subAcScope(run, 12, 34)}_${"x".repeat(160)}`;
  return { ...row, aggregateType: "execution", aggregateId, eventType: "execution.agent.thinking" };
}
