import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { canonicalJson } from "../../../src/base/canonical-json.ts";
import { deltaMarkdown } from "../../../src/domain/seed/delta-markdown.ts";
import type { Seed } from "../../../src/domain/seed/seed.ts";
import { isEmptyDelta, type SetDelta, seedDelta } from "../../../src/domain/seed/seed-delta.ts";
import { seedOf } from "./support/seed-of.ts";

const word = fc.constantFrom("book", "shelf", "loan", "lists", "refuses", "date", "本");
const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
const item = fc.record({ name: text, description: text });
const seeds = fc
  .record({
    goal: text,
    constraints: fc.array(text, { maxLength: 4 }),
    acceptance_criteria: fc.array(
      fc.record({ description: text, verify_command: fc.option(text), depends_on: fc.array(text, { maxLength: 1 }) }),
      { minLength: 1, maxLength: 4 },
    ),
    ontology_schema: fc.option(fc.record({ name: text, fields: fc.array(item, { maxLength: 3 }) })),
    evaluation_principles: fc.array(item, { maxLength: 2 }),
    exit_conditions: fc.array(item, { maxLength: 2 }),
  })
  .map(seedOf);

test("a seed does not differ from itself, in whatever order its items stand", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      expect(isEmptyDelta(seedDelta(seed, seed))).toBe(true);
      const turned = { ...seed, constraints: seed.constraints.toReversed(), criteria: seed.criteria.toReversed() };
      expect(isEmptyDelta(seedDelta(seed, turned))).toBe(true);
    }),
  );
});

test("a delta applied to the first seed gives the second's items, and says nothing that is not so", () => {
  fc.assert(
    fc.property(seeds, seeds, (a, b) => {
      const delta = seedDelta(a, b);
      applies(a.constraints, b.constraints, delta.constraints);
      applies(a.criteria, b.criteria, delta.criteria);
      applies(a.ontology?.fields ?? [], b.ontology?.fields ?? [], delta.ontology_fields);
      applies(a.principles, b.principles, delta.principles);
      applies(a.exit_conditions, b.exit_conditions, delta.exit_conditions);
      expect(delta.changed.some(({ where }) => where === "goal")).toBe(a.goal !== b.goal);
      expect(deltaMarkdown(delta).includes("No difference")).toBe(isEmptyDelta(delta));
    }),
  );
});

test("a reworded criterion is the same one, an unlike one is not; a field keeps its name", () => {
  const a = seedOf({
    acceptance_criteria: ["GET /books answers 200 with all books", "Loans are listed by date"],
    ontology_schema: { name: "o", fields: [{ name: "book", type: "entity" }] },
  });
  const b = seedOf({
    acceptance_criteria: ["GET /books answers 200 with all books by title", "The log is rotated daily"],
    ontology_schema: { name: "o", fields: [{ name: "book", type: "record", description: "anything else" }] },
  });
  const { criteria, ontology_fields } = seedDelta(a, b);
  expect(criteria).toMatchObject({
    modified: [{ from: { description: "GET /books answers 200 with all books" } }],
    added: [{ description: "The log is rotated daily" }],
    removed: [{ description: "Loans are listed by date" }],
  });
  expect(ontology_fields).toMatchObject({ added: [], removed: [], modified: [{ to: { type: "record" } }] });
});

test("it reads as Markdown: what was added, modified, removed, a line each", () => {
  const a = fixture("second-generation.seed");
  const b: Seed = {
    ...a,
    seed_id: "seed_b",
    goal: "Let it answer\nfor both seasons",
    constraints: ["Node 22", "The public URLs stay as they are", "Both seasons are in one file"],
    criteria: a.criteria.map((one, index) => (index === 1 ? { ...one, verify_command: "npm test -- swap" } : one)),
    exit_conditions: a.exit_conditions.slice(1),
  };
  expect(deltaMarkdown(seedDelta(a, b))).toBe(`# seed_a07e5512cc39 → seed_b

## ADDED

- Constraint: Both seasons are in one file

## MODIFIED

- goal: Let the ferry timetable service answer for the winter season without a redeploy → Let it answer for both seasons
- Criterion: ac_0d4c2f8871be9a36 Replacing the timetable file takes effect within 60 seconds, without a restart (verify: npm test -- reload; after: ac_3b9f6c1d0e2a4857) → ac_0d4c2f8871be9a36 Replacing the timetable file takes effect within 60 seconds, without a restart (verify: npm test -- swap; after: ac_3b9f6c1d0e2a4857)

## REMOVED

- Constraint: No new runtime dependencies
- Exit condition: Both seasons answer in one test run
`);
  expect(deltaMarkdown(seedDelta(a, a))).toBe("# seed_a07e5512cc39 → seed_a07e5512cc39\n\nNo difference.\n");
});

function applies<Item>(before: readonly Item[], after: readonly Item[], delta: SetDelta<Item>): void {
  const { added, removed, modified } = delta;
  const [gone, come] = [
    [...removed, ...modified.map(({ from }) => from)],
    [...added, ...modified.map(({ to }) => to)],
  ];
  const [old, fresh] = [valuesOf(before), valuesOf(after)];
  expect([...valuesOf(gone)].filter((value) => !old.has(value) || fresh.has(value))).toEqual([]);
  expect([...valuesOf(come)].filter((value) => !fresh.has(value) || old.has(value))).toEqual([]);
  const kept = [...old].filter((value) => !valuesOf(gone).has(value));
  expect(new Set([...kept, ...valuesOf(come)])).toEqual(fresh);
}

function valuesOf(items: readonly unknown[]): Set<string> {
  return new Set(items.map(canonicalJson));
}

function fixture(name: string): Seed {
  return seedOf(readFileSync(join(import.meta.dir, "../../fixtures/seeds", name), "utf8"));
}
