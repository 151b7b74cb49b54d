import type { NewEvent, Payload, StoredEvent } from "../domain/event.ts";
import { storablePayload } from "../domain/payload.ts";
import { parseTimestamp, toTimestamp } from "../domain/timestamp.ts";
import type { Rows, SqlValue } from "./engine/database.ts";

/**
 * The columns every reader of `events` selects, in this order of meaning. Payload and time come as bytes: the driver
 * fails on an integer beyond 2^53 and ends the process on text that is not UTF-8, and damaged rows hold both.
 */
export const EVENT_COLUMNS = `rowid AS row_id, id, aggregate_type, aggregate_id, event_type,
CAST(payload AS BLOB) AS payload, CAST(timestamp AS BLOB) AS timestamp`;

/** The values of an insert, in the order of `INSERT_COLUMNS`. */
export const INSERT_COLUMNS = "id, aggregate_type, aggregate_id, event_type, payload, timestamp";
export function insertValues(event: NewEvent): SqlValue[] {
  const payload = JSON.stringify(storablePayload(event.payload));
  return [event.id, event.aggregate_type, event.aggregate_id, event.event_type, payload, toTimestamp(event.at)];
}

/**
 * A row as an event. It never throws: what cannot be decoded is named in `quarantined`, and the rest of the row,
 * above all its type, still counts. One bad row must not hide a session's end.
 */
export function toStoredEvent(row: Rows["rows"][number]): StoredEvent {
  const payload = parsePayload(storedText(row.payload));
  const timestamp = storedText(row.timestamp);
  const at = parseTimestamp(timestamp);
  const faults = [
    payload === undefined ? "payload is not a JSON object" : "",
    at === undefined ? "timestamp is unreadable" : "",
  ];
  const quarantined = faults.filter(Boolean).join(", ");
  return {
    rowid: Number(row.row_id),
    id: String(row.id),
    aggregate_type: String(row.aggregate_type),
    aggregate_id: String(row.aggregate_id),
    event_type: String(row.event_type),
    payload: withoutVersion(payload ?? {}),
    timestamp,
    at,
    ...(quarantined === "" ? {} : { quarantined }),
  };
}

/** The text of a column that was cast to bytes; what is not UTF-8 in it is replaced. */
export function storedText(value: unknown): string {
  return value instanceof ArrayBuffer ? UTF8.decode(value) : String(value ?? "");
}

const UTF8 = new TextDecoder();

/** The object a stored payload holds. Python writes `NaN` and `Infinity` bare, which JSON does not know: they read as null. */
function parsePayload(stored: string): Payload | undefined {
  const value = parseJson(stored) ?? parseJson(withoutBareNumbers(stored));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Payload) : undefined;
}

/** Walks from quote to quote: a pattern for whole strings gives up on one of some megabytes. */
function withoutBareNumbers(json: string): string {
  let inString = false;
  return json.replace(/\\.|"|-?\b(?:NaN|Infinity)\b/gs, (found) => {
    if (found === '"') inString = !inString;
    return inString || found === '"' || found.startsWith("\\") ? found : "null";
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller says what that means
  }
}

/** v0.51 appends `event_version` as a payload key of its own; readers take it off again. */
function withoutVersion({ event_version: _version, ...payload }: Payload): Payload {
  return payload;
}
