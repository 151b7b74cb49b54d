import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  MECHANICAL_KINDS,
  type MechanicalResult,
  type MechanicalVerdict,
  regressionsOf,
} from "../../../src/domain/evaluation/mechanical.ts";

describe("compared with the untouched tree", () => {
  test("what passed and fails now is a regression, and what failed already is not", () => {
    const before = [result("lint", "fail"), result("test", "pass"), result("build", "not_applicable")];
    const after = [result("lint", "fail"), result("test", "fail"), result("build", "fail")];
    expect(regressionsOf(before, after)).toEqual({
      regressions: [result("test", "fail")],
      failing_before: [result("lint", "fail")],
      failing_otherwise: [],
      new_failures: [result("build", "fail")],
      lost: [],
    });
  });

  test("what failed already and complains of something else now is told apart", () => {
    const now = { ...result("test", "fail"), unlike_before: true };
    const { failing_before, failing_otherwise } = regressionsOf([result("test", "fail")], [now]);
    expect([failing_before, failing_otherwise]).toEqual([[], [now]]);
  });

  test("another command in the place of one that passed does not hide that it fails now", () => {
    const { regressions } = regressionsOf(
      [result("test", "pass", "pyproject.toml")],
      [result("test", "fail", "Makefile test")],
    );
    expect(regressions).toHaveLength(1);
  });

  test("of two languages in a folder each is compared with itself", () => {
    const before = [result("test", "pass", "package.json scripts.test"), result("test", "fail", "Cargo.toml")];
    const after = [result("test", "fail", "package.json scripts.test"), result("test", "fail", "Cargo.toml")];
    const { regressions, failing_before } = regressionsOf(before, after);
    expect([regressions, failing_before].map((list) => list.map(({ source }) => source))).toEqual([
      ["package.json scripts.test"],
      ["Cargo.toml"],
    ]);
  });

  test("tests that passed and are not run any more are lost", () => {
    const passed = result("test", "pass");
    for (const after of [[], [result("test", "unverifiable")], [result("test", "not_applicable")]]) {
      expect(regressionsOf([passed], after).lost).toEqual([passed]);
    }
    expect(regressionsOf([passed], [result("test", "pass")]).lost).toEqual([]);
  });
});

describe("laws", () => {
  const verdict = fc.constantFrom<MechanicalVerdict>("pass", "fail", "not_applicable", "unverifiable");
  const results = fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom(...MECHANICAL_KINDS),
      folder: fc.constantFrom(".", "a"),
      source: fc.constantFrom("x", "y"),
      verdict,
    }),
    { selector: ({ kind, folder, source }) => `${kind}${folder}${source}`, maxLength: 8 },
  );

  test("every failure is told once, and nothing else is", () => {
    fc.assert(
      fc.property(results, results, (one, other) => {
        const [before, after] = [one.map(whole), other.map(whole)];
        const { regressions, failing_before, new_failures } = regressionsOf(before, after);
        const told = [...regressions, ...failing_before, ...new_failures];
        expect(new Set(told)).toEqual(new Set(after.filter((now) => now.verdict === "fail")));
        expect(told).toHaveLength(new Set(told).size);
      }),
    );
  });

  test("a tree compared with itself has no regressions and has lost nothing", () => {
    fc.assert(
      fc.property(results, (some) => {
        const all = some.map(whole);
        expect(regressionsOf(all, all)).toMatchObject({ regressions: [], new_failures: [], lost: [] });
      }),
    );
  });
});

function result(kind: MechanicalResult["kind"], verdict: MechanicalVerdict, source = "Makefile"): MechanicalResult {
  return whole({ kind, verdict, source, folder: "." });
}

function whole(part: Pick<MechanicalResult, "kind" | "verdict" | "source" | "folder">): MechanicalResult {
  return { ...part, command: null, reason: "", exit_code: null, ms: 0, output_hash: null, coverage: null, tools: {} };
}
