import { expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { isRefusal } from "../../src/base/refusal.ts";
import { MAX_SEED_BYTES, parseSeed } from "../../src/domain/seed.ts";

const LEAST = { goal: "g", acceptance_criteria: ["one"] };

test("reads a seed as upstream writes it, criteria as text or as objects, in their order", () => {
  const text = `goal: Build it
task_type: code
constraints:
- Python 3.12
acceptance_criteria:
- Tasks can be created
- description: Tasks can be listed
- criterion: Tasks can be deleted
- content: Tasks survive a restart
ontology_schema: {name: Task, fields: []}
metadata:
  seed_id: seed_abc
  version: 1.0.0
`;
  expect(parseSeed(text)).toEqual({
    seed_id: "seed_abc",
    goal: "Build it",
    constraints: ["Python 3.12"],
    criteria: ["Tasks can be created", "Tasks can be listed", "Tasks can be deleted", "Tasks survive a restart"],
  });
});

test("metadata and constraints may be missing or null", () => {
  const least = { seed_id: null, goal: "g", constraints: [], criteria: ["one"] };
  expect(parseSeed(stringify(LEAST))).toEqual(least);
  expect(parseSeed(stringify({ ...LEAST, constraints: null, metadata: null }))).toEqual(least);
  expect(parseSeed(stringify({ ...LEAST, metadata: { seed_id: null } }))).toEqual(least);
});

test.each([
  ["no YAML", "goal: [", "Cannot use this seed"],
  ["a text", "just words", "Cannot use this seed"],
  ["nothing", "", "Cannot use this seed"],
  ["no goal", stringify({ ...LEAST, goal: " " }), "goal"],
  ["no criteria", stringify({ ...LEAST, acceptance_criteria: [] }), "acceptance_criteria"],
  ["an empty criterion", stringify({ ...LEAST, acceptance_criteria: ["one", ""] }), "acceptance_criteria.1"],
  [
    "a criterion of another shape",
    stringify({ ...LEAST, acceptance_criteria: [{ text: "one" }] }),
    "acceptance_criteria.0",
  ],
])("refuses %s, and says where it is wrong", (_what, text, where) => {
  const refusal = parseSeed(text);
  if (!isRefusal(refusal)) throw new Error("It was read");
  expect(refusal.code).toBe("bad_seed");
  expect(refusal.message).toContain(where);
});

test("refuses what is larger than upstream reads, counted in bytes", () => {
  const fits = (goal: string) => !isRefusal(parseSeed(stringify({ ...LEAST, goal })));
  expect(fits("a".repeat(MAX_SEED_BYTES - 100))).toBe(true);
  expect(fits("ä".repeat(MAX_SEED_BYTES / 2))).toBe(false);
});

test("aliases that would unfold into millions of values are refused", () => {
  const levels = Array.from(
    { length: 9 },
    (_, n) =>
      `a${n}: &a${n} [${
        n === 0
          ? "x"
          : Array(9)
              .fill(`*a${n - 1}`)
              .join(", ")
      }]`,
  );
  const refusal = parseSeed(`${levels.join("\n")}\n${stringify(LEAST)}`);
  expect(isRefusal(refusal) && refusal.code).toBe("bad_seed");
});

test("any text is a seed or a refusal, never an exception", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.json(),
        fc.object().map((value) => stringify(value)),
      ),
      (text) => {
        const seed = parseSeed(text);
        expect(isRefusal(seed) ? seed.code : seed.criteria.length > 0).toBe(isRefusal(seed) ? "bad_seed" : true);
      },
    ),
  );
});
