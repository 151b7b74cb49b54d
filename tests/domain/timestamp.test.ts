import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createStamper } from "../../src/domain/stamper.ts";
import { parseTimestamp, toIsoTimestamp, toTimestamp } from "../../src/domain/timestamp.ts";

/** Wherever a number of microseconds is exact: the years 1684 to 2255. */
const micros = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

describe("a time", () => {
  test("is the same after it was written and read, in either spelling", () => {
    fc.assert(
      fc.property(micros, (at) => {
        expect(parseTimestamp(toTimestamp(at))).toBe(at);
        expect(parseTimestamp(toIsoTimestamp(at))).toBe(at);
      }),
    );
  });

  test("is always text of one length and shape", () => {
    fc.assert(fc.property(micros, (at) => expect(toTimestamp(at)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)));
  });

  test("rises as text when it rises as a number", () => {
    fc.assert(
      fc.property(micros, fc.integer({ min: 1, max: 3_000_000 }), (at, step) => {
        fc.pre(at + step <= Number.MAX_SAFE_INTEGER);
        expect(toTimestamp(at) < toTimestamp(at + step)).toBe(true);
      }),
    );
  });

  test("in a payload leaves out a fraction of zero, as Python does", () => {
    expect(toIsoTimestamp(Date.UTC(2026, 10, 22, 6, 30, 32) * 1000)).toBe("2026-11-22T06:30:32+00:00");
    expect(toIsoTimestamp(Date.UTC(2026, 10, 22, 6, 30, 32) * 1000 + 5)).toBe("2026-11-22T06:30:32.000005+00:00");
  });

  const noon = Date.UTC(2026, 3, 3, 12) * 1000;
  const readable: Record<string, number> = {
    "2026-04-03 12:00:00": noon,
    "2026-04-03 12:00:00.1": noon + 100_000,
    "2026-04-03 12:00:00.123456789": noon + 123_456,
    "2026-04-03T12:00:00.123Z": noon + 123_000,
    "2026-04-03T21:00:00+09:00": noon,
    "2026-04-03 12:00:00.000001+00:00": noon + 1,
  };
  for (const [text, at] of Object.entries(readable)) {
    test(`is read from ${text}`, () => expect(parseTimestamp(text)).toBe(at));
  }

  const unreadable = [
    "",
    "yesterday",
    "2026-04-03",
    "12:00:00",
    "2026-13-45 99:99:99.000000",
    "1775217600",
    " 2026-04-03 12:00:00",
  ];
  for (const stored of [...unreadable, 1_775_217_600, null, undefined, {}]) {
    test(`is not read from ${JSON.stringify(stored)}`, () => expect(parseTimestamp(stored)).toBeUndefined());
  }
});

describe("stamps", () => {
  test("rise strictly whatever the clock does; one that must be later than something is, and drags no other along", () => {
    const ticks = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.option(fc.integer({ min: 0, max: 6_000_000 }))),
    );
    fc.assert(
      fc.property(ticks, (readings) => {
        let clock = 0;
        const stamp = createStamper(() => clock);
        let last = 0;
        for (const [now, notBefore] of readings) {
          clock = now;
          if (notBefore !== null) expect(stamp(notBefore)).toBeGreaterThan(notBefore);
          const at = stamp();
          expect(at).toBeGreaterThan(last);
          expect(at).toBeGreaterThanOrEqual(now * 1000);
          expect(at).toBeLessThanOrEqual(Math.max(now * 1000, last) + 2);
          last = at;
        }
      }),
    );
  });
});
