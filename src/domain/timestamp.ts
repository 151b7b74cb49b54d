/**
 * Times as the store keeps them: UTC text `YYYY-MM-DD HH:MM:SS.ffffff`, always six digits, no zone.
 * In memory a time is a number of microseconds since 1970 (exact below 2^53, that is until the year 2255).
 */
export function toTimestamp(micros: number): string {
  const milliseconds = Math.floor(micros / 1000);
  const rest = micros - milliseconds * 1000;
  const iso = new Date(milliseconds).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(rest).padStart(3, "0")}`;
}

/** The same instant as payloads carry it: `2026-11-22T06:30:32.238593+00:00`, the fraction left out when it is zero. */
export function toIsoTimestamp(micros: number): string {
  const text = toTimestamp(micros).replace(" ", "T");
  return `${text.endsWith(".000000") ? text.slice(0, 19) : text}+00:00`;
}

const STORED = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** Microseconds of a stored or ISO text; undefined for anything else (integers, other shapes, impossible dates). */
export function parseTimestamp(stored: unknown): number | undefined {
  if (typeof stored !== "string") return undefined;
  const match = STORED.exec(stored);
  if (!match) return undefined;
  const [, day, time, fraction = "", zone = "Z"] = match;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return milliseconds * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}
