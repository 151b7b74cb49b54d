// Texts whose distance from their seed is known, and what holds for any text.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type DriftInput, measureDrift } from "../../../src/domain/evaluation/drift.ts";
import { SEEDS, type SeedName, TEXTS, UNRELATED } from "./support/drift-texts.ts";

const PADDING = Object.values(UNRELATED).join("\n");
const drift = (seed: SeedName, output: string, rest: Partial<DriftInput> = {}) =>
  measureDrift({ seed: SEEDS[seed], output, violations: [], concepts: [], ...rest });
const of = (kind: (typeof TEXTS)[number]["kind"]) =>
  TEXTS.filter((one) => one.kind === kind).map((one) => [`${one.seed}, ${one.name}`, one] as const);

describe("drift, held against texts", () => {
  test.each(of("faithful"))("a faithful report is acceptable: %s", (_, { seed, text }) => {
    expect(drift(seed, text)).toMatchObject({ is_acceptable: true, suggestions: [] });
    // What else is in it neither adds nor takes away.
    expect(drift(seed, `${PADDING}\n${text}`).is_acceptable).toBe(true);
  });

  test.each([...of("off_topic"), ...of("empty")])(
    "what is about something else is far off: %s",
    (_, { seed, text }) => {
      expect(drift(seed, text).combined_drift).toBeGreaterThanOrEqual(0.5);
    },
  );

  test.each(of("off_topic"))("and no amount of unrelated text brings it nearer: %s", (_, { seed, text }) => {
    expect(drift(seed, `${text}\n${PADDING}`).combined_drift).toBeGreaterThanOrEqual(0.5);
  });

  test.each(of("partial"))(
    "half of it is not enough, padded or not, and what is missing is named: %s",
    (_, { seed, text }) => {
      for (const output of [text, `${text}\n${PADDING}`]) {
        const { is_acceptable, combined_drift, suggestions } = drift(seed, output);
        expect(is_acceptable).toBe(false);
        expect(combined_drift).toBeLessThan(0.7);
        expect(suggestions[0]).toContain("Nothing is said of these words of the goal");
      }
    },
  );

  test("a report of one seed is far off from every other seed of its language", () => {
    const english = of("faithful").filter(([, { seed }]) => seed === "CATALOGUE" || seed === "SCHEDULER");
    for (const [, { seed, text }] of english) {
      const other = seed === "CATALOGUE" ? "SCHEDULER" : "CATALOGUE";
      expect(drift(other, text).combined_drift).toBeGreaterThanOrEqual(0.5);
    }
  });
});

test.each([
  ["other endings of a word", "configure the deliveries", "its configuration: one delivery", true],
  ["plurals of short words", "a book of lists", "books in a list", true],
  ["verbs and nouns, in German", "Termine verwalten", "Verwaltung der Termine", true],
  ["compounds, in German", "Kalender mit Ausgabe", "Der Terminkalender; Ausgaben", true],
  ["names in code", "catalogue of invoices", "InvoiceCatalogue", true],
  ["words that only begin alike", "internet transport", "interview translation", false],
  ["words that only look alike", "contract with company", "to control or compare", false],
])("the goal is looked for by %s", (_, goal, output, found) => {
  const { goal_drift } = measureDrift({ seed: { goal, ontology: null }, output, violations: [], concepts: [] });
  expect(goal_drift).toBe(found ? 0 : 1);
});

const FAITHFUL = TEXTS[0]?.text ?? "";

test("a constraint that nobody mentions is not violated; each that is weighs a tenth, once", () => {
  expect(drift("CATALOGUE", FAITHFUL).constraint_drift).toBe(0);
  const two = drift("CATALOGUE", FAITHFUL, { violations: ["uses express", "uses express", "slow"] });
  expect(two.constraint_drift).toBe(0.2);
  expect(two.suggestions).toContain("Violated: uses express");
  expect(
    drift("CATALOGUE", FAITHFUL, { violations: Array.from({ length: 20 }, (_, at) => `${at}`) }).constraint_drift,
  ).toBe(1);
});

test("concepts that are named are looked at instead of the text", () => {
  expect(drift("CATALOGUE", FAITHFUL, { concepts: ["Book", "title"] }).ontology_drift).toBe(0);
  expect(drift("CATALOGUE", FAITHFUL, { concepts: ["Books"] }).ontology_drift).toBe(0.5);
  expect(drift("CATALOGUE", FAITHFUL, { concepts: ["user", "session"] }).ontology_drift).toBe(1);
  expect(drift("SCHEDULER", "", { concepts: ["delivery", "next_attempt", "status"] }).ontology_drift).toBe(0);
});

test("a mind's judgement is half of each number, and what it calls violated is said", () => {
  const answer = {
    goal_drift: 1,
    constraint_drift: 0.4,
    ontology_drift: 0.5,
    violations: [{ constraint: "Node 22", what: "engines says 18" }],
    reasoning: "r",
  };
  const alone = drift("CATALOGUE", FAITHFUL);
  const both = drift("CATALOGUE", FAITHFUL, { answer });
  expect(both.goal_drift).toBeCloseTo((alone.goal_drift + 1) / 2, 3);
  expect(both.constraint_drift).toBe(0.2);
  expect(both.ontology_drift).toBe(0.25);
  expect(both.is_acceptable).toBe(false);
  expect(both.suggestions).toContain("Violated, a mind says: Node 22 (engines says 18)");
});

test("law: more text never has more drift, more violations never less, and the parts add up to what decides", () => {
  const words = fc
    .array(fc.constantFrom(...`${FAITHFUL} ${PADDING}`.split(/\s+/)), { maxLength: 60 })
    .map((list) => list.join(" "));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const answer = fc.option(
    fc.record({
      goal_drift: share,
      constraint_drift: share,
      ontology_drift: share,
      violations: fc.constant([]),
      reasoning: fc.constant(""),
    }),
    { nil: undefined },
  );
  const name = fc.constantFrom<SeedName[]>("CATALOGUE", "SCHEDULER", "BUDGET", "TASKS", "BOOKINGS");
  fc.assert(
    fc.property(
      name,
      words,
      words,
      fc.array(fc.string(), { maxLength: 4 }),
      answer,
      (seed, text, more, violations, answer) => {
        const one = drift(seed, text, { violations, answer });
        expect(drift(seed, `${text}\n${more}`, { violations, answer }).combined_drift).toBeLessThanOrEqual(
          one.combined_drift,
        );
        expect(
          drift(seed, text, { violations: [...violations, "another"], answer }).combined_drift,
        ).toBeGreaterThanOrEqual(one.combined_drift);
        const { goal_drift, constraint_drift, ontology_drift, combined_drift, threshold, is_acceptable } = one;
        expect(0.5 * goal_drift + 0.3 * constraint_drift + 0.2 * ontology_drift).toBeCloseTo(combined_drift, 3);
        expect(is_acceptable).toBe(combined_drift <= threshold);
        for (const part of [goal_drift, constraint_drift, ontology_drift]) {
          expect(part).toBeGreaterThanOrEqual(0);
          expect(part).toBeLessThanOrEqual(1);
        }
      },
    ),
    { numRuns: 200 },
  );
});
