import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isStrippedKey, storablePayload } from "../../src/domain/payload.ts";

const keys = fc.oneof(
  fc.constantFrom(
    "raw_x",
    "RAW-X",
    "Raw_Event",
    "subscribed_events",
    "subscribed-x-payload",
    "event_payload",
    "__proto__",
    "kept",
  ),
  fc.string(),
);
const { payload } = fc.letrec<{ value: unknown; payload: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.jsonValue({ maxDepth: 1 }),
    fc.constant(undefined),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("payload"),
  ),
  payload: fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
}));

describe("what may be stored of a payload", () => {
  test("stays the same when it is stripped again, and holds no stripped key at any depth", () => {
    fc.assert(
      fc.property(payload, (given) => {
        const once = storablePayload(given);
        expect(JSON.stringify(storablePayload(once))).toBe(JSON.stringify(once));
        JSON.stringify(once, (key, value) => {
          expect(isStrippedKey(key)).toBe(false);
          return value;
        });
      }),
    );
  });

  test("is everything else, as it was, in its order", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          keys.filter((key) => !isStrippedKey(key)),
          fc.jsonValue(),
        ),
        (given) => {
          expect(Object.keys(storablePayload(given))).toEqual(Object.keys(given));
        },
      ),
    );
  });

  test("does not change what it was made from", () => {
    fc.assert(
      fc.property(payload, (given) => {
        const before = JSON.stringify(given);
        storablePayload(given);
        expect(JSON.stringify(given)).toBe(before);
      }),
    );
  });

  test("is refused for a number that is not finite, by the name of its key", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => storablePayload({ a: { list: [1, { cost: bad }] } })).toThrow(/"cost"/);
      expect(() => storablePayload({ scores: [bad] })).toThrow(/"scores"/);
      // What is not stored may be anything.
      expect(storablePayload({ raw_cost: bad })).toEqual({});
    }
  });
});
