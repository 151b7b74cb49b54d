import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonIn } from "../../src/minds/extract-json.ts";

const OBJECT = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });

test("an object is found amid any words without brackets of their own, written on one line or many", () => {
  const words = fc.string().map((text) => text.replaceAll(/[{}"`\\]/g, ""));
  fc.assert(
    fc.property(OBJECT, words, words, fc.constantFrom(0, 2), (object, before, after, indent) => {
      const json = JSON.stringify(object, null, indent);
      expect([...jsonIn(`${before}.\n${json}\n.${after}`)]).toContainEqual(JSON.parse(json));
    }),
  );
});

test("fences come before what stands around them, whatever they are called", () => {
  const text = 'Not {"a":1} but\n```jsonc\n{"a":2}\n```\nor\n```\n{"a":3}\n```';
  expect([...jsonIn(text)].slice(0, 3)).toEqual([{ a: 2 }, { a: 3 }, { a: 1 }]);
});

test("a bracket in a string closes nothing", () => {
  expect([...jsonIn('so: {"a":"}{\\"}"} end')]).toEqual([{ a: '}{"}' }]);
});

test("whatever a model says, it is gone through in time and nothing is thrown", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("{", "}", '"', "\\", "`", "\n", "a") }),
      (text) => void [...jsonIn(text)],
    ),
  );
  expect([...jsonIn('{"'.repeat(500_000))]).toEqual([]);
});
