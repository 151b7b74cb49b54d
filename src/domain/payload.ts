import type { Payload } from "./event.ts";

const STRIPPED = new Set([
  "event_payload",
  "event_payloads",
  "raw_event",
  "raw_events",
  "raw_payload",
  "raw_payloads",
  "raw_subscribed_event",
  "raw_subscribed_events",
  "subscribed_event",
  "subscribed_events",
  "subscribed_event_payload",
  "subscribed_event_payloads",
  "subscribed_payload",
  "subscribed_payloads",
]);

const MAY_BE_STRIPPED = /^[res]/i;

/** Is this a key that is dropped before storing, at any depth (the store's shared rule: echoes of other events)? */
export function isStrippedKey(key: string): boolean {
  // Asked for every key of every payload: all of them begin with raw_, event_ or subscribed_.
  if (!MAY_BE_STRIPPED.test(key)) return false;
  const name = key.toLowerCase().replaceAll("-", "_");
  if (name.startsWith("raw_") || STRIPPED.has(name)) return true;
  return name.startsWith("subscribed_") && (name.includes("event") || name.includes("payload"));
}

/**
 * The payload as it may be stored: echo keys dropped, undefined values left out.
 * Throws a TypeError for a number that is not finite: Python writes `NaN`, and SQLite's JSON functions fail on it.
 */
export function storablePayload(payload: Payload): Payload {
  return storableObject(payload);
}

function storableObject(object: Payload): Payload {
  const kept = Object.entries(object).filter(([key, value]) => value !== undefined && !isStrippedKey(key));
  // Not by assignment: a key named `__proto__` is a key like any other.
  return Object.fromEntries(kept.map(([key, value]) => [key, storable(value, key)]));
}

function storable(value: unknown, key: string): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`Cannot store "${key}" as ${value}: only finite numbers fit into JSON`);
  }
  if (Array.isArray(value)) return value.map((item) => storable(item, key));
  if (typeof value === "object" && value !== null) return storableObject(value as Payload);
  return value;
}
