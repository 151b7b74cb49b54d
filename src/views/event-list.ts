import type { Payload, StoredEvent } from "../domain/event.ts";

/** What tells an event from the others. */
interface EventHead {
  readonly rowid: number;
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly aggregate_type: string;
  readonly aggregate_id: string;
  /** Why parts of this row could not be decoded, or null. */
  readonly quarantined: string | null;
}

/** One event in a list: enough to recognise it, with its payload cut short. */
export interface EventLine extends EventHead {
  /** The payload as JSON, at most 200 characters of it. */
  readonly data: string;
  readonly data_chars: number;
}

/** An event with its whole payload. */
export interface WholeEvent extends EventHead {
  readonly payload: Payload;
}

const DATA_CHARS = 200;

/** An event as a line of a list. */
export function toEventLine(event: StoredEvent): EventLine {
  const data = JSON.stringify(event.payload);
  const cut = data.length <= DATA_CHARS ? data : `${data.slice(0, DATA_CHARS)}…`;
  return { ...toHead(event), data: cut, data_chars: data.length };
}

/** The whole of an event. */
export function toWholeEvent(event: StoredEvent): WholeEvent {
  return { ...toHead(event), payload: event.payload };
}

function toHead({
  rowid,
  id,
  event_type,
  timestamp,
  aggregate_type,
  aggregate_id,
  quarantined,
}: StoredEvent): EventHead {
  return { rowid, id, type: event_type, timestamp, aggregate_type, aggregate_id, quarantined: quarantined ?? null };
}
