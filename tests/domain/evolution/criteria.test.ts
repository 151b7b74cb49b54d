import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { criterionMatrix } from "../../../src/domain/evolution/criterion-history.ts";
import { evaluationPayload, readEvaluation } from "../../../src/domain/evolution/evaluation-summary.ts";
import type { Generation } from "../../../src/domain/evolution/generation.ts";
import { ontologySimilarity } from "../../../src/domain/evolution/ontology-similarity.ts";
import { regressionsOf } from "../../../src/domain/evolution/regression.ts";
import { evaluated, generation, lineageOf } from "./support/lineages.ts";

const letters = fc.constantFrom("P", "F", "?");

describe("the history of a criterion", () => {
  const cases: Record<string, string> = {
    P: "new",
    F: "failing",
    "?": "unverified",
    PP: "stable",
    FFPPP: "stable",
    FP: "new",
    FFP: "new",
    PF: "flaky",
    PFP: "flaky",
    "P?P": "flaky",
    PFFF: "failing",
    "F?": "failing",
    "P???": "unverified",
    "P.": "gone",
    "P.P": "stable",
    "F..P": "new",
  };
  for (const [results, expected] of Object.entries(cases)) {
    test(`${results} is ${expected}`, () => {
      // A criterion beside it, so that a generation without this one was evaluated all the same.
      const rows = [...results].map((letter): Record<string, string> => {
        return letter === "." ? { other: "P" } : { it: letter, other: "P" };
      });
      expect(historyOf("it", rows)?.class as string).toBe(expected);
    });
  }

  test("shows the last five results and how many passed, and a cell for every generation", () => {
    const rows = ["P", "F", "P", "?", "P", "P"].map((it) => ({ it }));
    expect(historyOf("it", rows)).toMatchObject({ trend: "FP?PP", passed: 3, results: 5 });
    expect(historyOf("it", rows)?.row.length).toBe(6);
  });

  test("puts first what needs somebody", () => {
    const matrix = criterionMatrix(
      generationsOf([
        { stable: "P", flaky: "P", failing: "F", gone: "P", unverified: "?" },
        { stable: "P", flaky: "F", failing: "F", fresh: "P", unverified: "?" },
      ]),
    );
    expect(matrix.criteria.map(({ key }) => key)).toEqual([
      "failing",
      "flaky",
      "unverified",
      "fresh",
      "stable",
      "gone",
    ]);
    expect(matrix.generations).toEqual([1, 2]);
    const alike = criterionMatrix(
      generationsOf([
        { a: "P", b: "P" },
        { b: "P", a: "P" },
      ]),
    );
    // Among equals, the order of the latest seed.
    expect(alike.criteria.map(({ key }) => key)).toEqual(["b", "a"]);
  });

  test("says the same whatever becomes of the other criteria: their order, their names and their results", () => {
    const row = fc.record({
      it: fc.option(letters, { nil: undefined }),
      others: fc.array(letters, { minLength: 1, maxLength: 4 }),
    });
    const rows = fc.array(row, { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(
        rows,
        fc.string({ minLength: 1 }),
        fc.array(letters, { minLength: 4, maxLength: 4 }),
        (list, name, changed) => {
          const before = list.map(({ it, others }) => named(it, others, (index) => `other ${index}`, false));
          const after = list.map(({ it, others }) =>
            named(
              it,
              others.map((_, at) => changed[at] ?? "P"),
              (index) => `${name} ${index}`,
              true,
            ),
          );
          const { class: was, trend, row } = historyOf("it", before) ?? {};
          const now = historyOf("it", after);
          expect([now?.class, now?.trend, now?.row]).toEqual([was, trend, row]);
        },
      ),
    );
  });
});

describe("a regression", () => {
  test("is a criterion that fails now and passed in any earlier generation, by its key and wherever it stands", () => {
    const generations = generationsOf([
      { a: "P", b: "F", c: "P" },
      { a: "?", b: "F", c: "P" },
      { c: "?", b: "F", a: "F" },
    ]);
    expect(regressionsOf(generations)).toEqual([{ key: "a", description: "criterion a", passed_in: 1, failed_in: 3 }]);
  });

  test("is neither what never passed nor what nobody could verify nor what is no criterion any more", () => {
    expect(
      regressionsOf(
        generationsOf([
          { a: "F", b: "P", c: "P" },
          { a: "F", b: "?" },
        ]),
      ),
    ).toEqual([]);
    expect(regressionsOf(generationsOf([{ a: "F" }]))).toEqual([]);
    expect(regressionsOf([])).toEqual([]);
  });
});

test("an evaluation comes back from the store as it went in", () => {
  const text = fc.string();
  const summary = fc.record({
    approved: fc.boolean(),
    verdict: fc.constantFrom("approved" as const, "rejected" as const, "unverified" as const),
    score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    highest_stage: fc.constantFrom(1 as const, 2 as const, 3 as const),
    drift_score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    failure_reason: fc.option(text),
    mechanical: fc.option(
      fc.constantFrom("pass" as const, "fail" as const, "not_applicable" as const, "unverifiable" as const),
    ),
    criteria: fc.array(
      fc.record({
        key: text,
        description: text,
        verdict: fc.constantFrom("pass" as const, "fail" as const, "unverifiable" as const),
        reason: fc.option(fc.string({ minLength: 1 })),
      }),
    ),
  });
  fc.assert(
    fc.property(summary, (one) =>
      expect(readEvaluation(evaluationPayload(one), null)).toEqual({ ...one, checked: true }),
    ),
  );
});

describe("the similarity of ontologies", () => {
  const field = (name: string, type = "string", description = "d") => ({ name, type, description });

  test("weighs names, types and equality as upstream does", () => {
    expect(ontologySimilarity([], [])).toBe(1);
    expect(ontologySimilarity([field("a")], [])).toBe(0);
    expect(ontologySimilarity([field("a")], [field("a", "number")])).toBe(0.5);
    expect(ontologySimilarity([field("a")], [field("a", "string", "e")])).toBe(0.8);
    expect(ontologySimilarity([field("a"), field("b")], [field("b"), field("c")])).toBe(1 / 3);
  });

  test("is one for the same fields in any order, the same both ways, and never outside 0 to 1", () => {
    const word = fc.constantFrom("a", "b", "c");
    const fields = fc.uniqueArray(fc.record({ name: fc.string(), type: word, description: word }), {
      selector: ({ name }) => name,
    });
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        expect(ontologySimilarity(a, a.toReversed())).toBe(1);
        const both = ontologySimilarity(a, b);
        expect(ontologySimilarity(b, a)).toBe(both);
        expect(both).toBeGreaterThanOrEqual(0);
        expect(both).toBeLessThanOrEqual(1);
      }),
    );
  });
});

function generationsOf(rows: readonly Readonly<Record<string, string>>[]): readonly Generation[] {
  return lineageOf(rows.flatMap((row, index) => generation(index + 1, evaluated(row)))).generations;
}

function historyOf(key: string, rows: readonly Readonly<Record<string, string>>[]) {
  return criterionMatrix(generationsOf(rows)).criteria.find((one) => one.key === key);
}

/** A generation's letters, with the one that is looked at before or behind the others. */
function named(it: string | undefined, others: readonly string[], name: (index: number) => string, first: boolean) {
  const own: [string, string][] = it === undefined ? [] : [["it", it]];
  const rest = others.map((letter, index): [string, string] => [name(index), letter]);
  return Object.fromEntries(first ? [...own, ...rest.toReversed()] : [...rest, ...own]);
}
