import type { StoredEvent } from "../domain/event.ts";

/** One event in a list: enough to recognise it, with its payload cut short. */
export interface EventLine {
  readonly rowid: number;
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  /** The payload as JSON, at most 200 characters of it. */
  readonly data: string;
  readonly data_chars: number;
  /** Why parts of this row could not be decoded, or null. */
  readonly quarantined: string | null;
}

const DATA_CHARS = 200;

/** An event as a line of a list. */
export function toEventLine(event: StoredEvent): EventLine {
  const data = JSON.stringify(event.payload);
  return {
    rowid: event.rowid,
    id: event.id,
    type: event.event_type,
    timestamp: event.timestamp,
    aggregate_type: event.aggregate_type,
    aggregate_id: event.aggregate_id,
    data: data.length <= DATA_CHARS ? data : `${data.slice(0, DATA_CHARS)}…`,
    data_chars: data.length,
    quarantined: event.quarantined ?? null,
  };
}
