/** Microseconds; every time in the generator is in microseconds since the epoch. */
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

let cachedSecond = Number.NaN;
let cachedText = "";

/** The text of a DATETIME column: space, six digits of fraction, no zone. */
export function storeTimestamp(at: number): string {
  return `${secondText(at)}.${fraction(at)}`;
}

/** Python's `isoformat()` of an aware UTC time: no fraction when it is exactly zero. */
export function isoTimestamp(at: number): string {
  const seconds = secondText(at).replace(" ", "T");
  return at % SECOND === 0 ? `${seconds}+00:00` : `${seconds}.${fraction(at)}+00:00`;
}

/** What CURRENT_TIMESTAMP would have written. */
export function defaultTimestamp(at: number): string {
  return secondText(at);
}

function secondText(at: number): string {
  const second = Math.floor(at / SECOND);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedText = new Date(second * 1000).toISOString().slice(0, 19).replace("T", " ");
  }
  return cachedText;
}

function fraction(at: number): string {
  return (at % SECOND).toString().padStart(6, "0");
}
