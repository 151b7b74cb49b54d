const UNITS = { h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;
const AGE = /^(\d{1,6})([hdw])$/;

/** An age as somebody types it (`36h`, `30d`, `8w`), in milliseconds. */
export function parseAge(input: string): number {
  const [, count, unit] = AGE.exec(input) ?? [];
  if (count === undefined || !(unit === "h" || unit === "d" || unit === "w")) {
    throw new RangeError("it must be a number of hours, days or weeks, such as 36h, 30d or 8w");
  }
  return Number(count) * UNITS[unit];
}

/** The same, as a person reads it. */
export function showAge(ms: number): string {
  const hours = ms / UNITS.h;
  const [count, unit] = hours % 24 === 0 ? [hours / 24, "day"] : [hours, "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
