import { Database } from "bun:sqlite";
import type { SessionTruth } from "../make-store.ts";
import { DEMO } from "./demo-place.ts";
import type { DemoStore } from "./demo-store.ts";

/** What the start wrote, held against what it should have written. */
export interface Outcome {
  readonly cancelled: readonly string[];
  readonly rowsWritten: number;
  /** Empty when the clean-up did exactly what it should. */
  readonly faults: readonly string[];
}

interface NewRow {
  readonly aggregate_id: string;
  readonly event_type: string;
  readonly cancelled_by: string | null;
  readonly batch_id: string | null;
}

/**
 * Reads the rows that came after the last one of the made store. Each expected orphan must have exactly one
 * cancellation of this batch, and no row may belong to any other session. Only while no server has the store open.
 */
export function checkOutcome({ manifest, truth }: DemoStore, batchId: string): Outcome {
  using database = new Database(DEMO.store);
  const rows = database
    .query<NewRow, [number]>(
      `SELECT aggregate_id, event_type, payload ->> '$.cancelled_by' AS cancelled_by, payload ->> '$.batch_id' AS batch_id
FROM events WHERE rowid > ? ORDER BY rowid`,
    )
    .all(manifest.events);
  const cancellations = rows.filter(({ event_type }) => event_type === "orchestrator.session.cancelled");
  const orphans = truth.filter(({ expected }) => expected === "cancelled");
  const touchable = new Set(orphans.flatMap(streamsOf));
  const faults = [
    ...orphans.flatMap((orphan) => faultsOf(orphan, cancellations, batchId)),
    ...rows
      .filter(({ aggregate_id }) => !touchable.has(aggregate_id))
      .map(({ aggregate_id, event_type }) => `${aggregate_id} was to be left alone and got ${event_type}`),
  ];
  return { cancelled: cancellations.map(({ aggregate_id }) => aggregate_id), rowsWritten: rows.length, faults };
}

function streamsOf({ session_id, execution_id, job_id }: SessionTruth): string[] {
  return [session_id, execution_id, job_id].filter((id) => id !== null);
}

function faultsOf({ session_id, kind }: SessionTruth, cancellations: readonly NewRow[], batchId: string): string[] {
  const own = cancellations.filter(({ aggregate_id }) => aggregate_id === session_id);
  if (own.length !== 1) return [`${session_id} (${kind}) was to be cancelled once and was ${own.length} times`];
  return own.flatMap(({ cancelled_by, batch_id }) =>
    cancelled_by === "auto_cleanup" && batch_id === batchId
      ? []
      : [`${session_id} (${kind}) was cancelled by ${cancelled_by} in batch ${batch_id}, not by this start`],
  );
}
