import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Payload } from "../../src/domain/event.ts";
import { criterionMatrix } from "../../src/domain/evolution/criterion-history.ts";
import type { Generation } from "../../src/domain/evolution/generation.ts";
import { generationDelta } from "../../src/domain/evolution/generation-delta.ts";
import {
  GENERATION_STARTED,
  LATERAL_TAKEN,
  LINEAGE_REWOUND,
  LINEAGE_STAGNATED,
} from "../../src/domain/evolution/lineage-events.ts";
import { criterionMatrixText, criterionTrends } from "../../src/views/criterion-history-text.ts";
import { lineageDeltaText } from "../../src/views/lineage-delta-text.ts";
import { lineageGraph, lineageText } from "../../src/views/lineage-text.ts";
import { evaluated, generation, lineageOf, type Row } from "../domain/evolution/support/lineages.ts";

const HALF = evaluated({ a: "P", b: "F" });
const rewind = (from_generation: number, to_generation: number): Row => {
  return [LINEAGE_REWOUND, { from_generation, to_generation }];
};

describe("a lineage as text", () => {
  test("says how it stands, what it took, how it came there and what comes next", () => {
    const lineage = lineageOf([
      ...generation(1, HALF, { branch: "ooo/lin_1/1", commit: "0123456789abcdef", spent: spent(1200, 0.5) }),
      ...generation(2, evaluated({ a: "P", b: "?" }), { spent: spent(800, null) }),
      [LINEAGE_STAGNATED, { code: "plateau", reason: "It stays where it is", pattern: "no_drift" }],
      [LATERAL_TAKEN, { persona: "researcher", pattern: "no_drift" }],
      [GENERATION_STARTED, { generation_number: 3, phase: "reflecting" }],
    ]);
    expect(lineageText(lineage).split("\n")).toEqual([
      "lin_1: a goal",
      "active",
      "spent as reported: 2,000 tokens, $0.50 (1 of 2 agents reported cost)",
      "",
      "● 1  seed_1  0.50  1 of 2 met  rejected  ooo/lin_1/1 at 0123456789ab",
      "● 2  seed_2  0.50  1 of 2 met  rejected",
      "│   → stagnated, plateau: It stays where it is",
      "│   → lateral step: researcher against no_drift",
      "◐ 3  no seed yet  reflecting",
      "",
      "next: generation 3 goes on, reflecting",
    ]);
  });

  test("draws what each rewind gave up beside where it went back to, also rewinds that were given up themselves", () => {
    const lineage = lineageOf(
      [
        ...[1, 2, 3].flatMap((number) => generation(number, null)),
        rewind(3, 2),
        ...generation(3, HALF),
        rewind(3, 1),
        ...generation(2, HALF),
      ],
      { goal: "g", forked_from: { lineage_id: "lin_0", generation: 4 } },
    );
    expect(lineageGraph(lineage)).toEqual([
      "╷ forked from lin_0, generation 4",
      "● 1  seed_1  not evaluated",
      "├─┐ rewound from 3; given up:",
      "│ ● 2  seed_2  not evaluated",
      "│ ├─┐ rewound from 3; given up:",
      "│ │ ● 3  seed_3  not evaluated",
      "│ ● 3  seed_3  0.50  1 of 2 met  rejected",
      "● 2  seed_2  0.50  1 of 2 met  rejected",
    ]);
  });

  test("shows every generation there ever was once, however often it was rewound", () => {
    const steps = fc.array(fc.oneof(fc.constant(0), fc.nat()), { maxLength: 25 });
    fc.assert(
      fc.property(steps, (list) => {
        const rows: Row[] = [];
        let [at, all] = [0, 0];
        for (const step of list) {
          if (step === 0 || at < 2) {
            rows.push(...generation(++at, null, { seed_id: `seed-${all++}` }));
          } else {
            const to = 1 + (step % (at - 1));
            rows.push(rewind(at, to));
            at = to;
          }
        }
        const text = lineageGraph(lineageOf(rows)).join("\n");
        const shown = [...text.matchAll(/seed-(\d+)/g)].map(([, number]) => Number(number));
        expect(shown.sort((a, b) => a - b)).toEqual(Array.from({ length: all }, (_, index) => index));
      }),
    );
  });

  test("lets nothing of a stored text reach the terminal as a command or as a line of its own", () => {
    const evil = "x\u001b[2J\nnext: nothing\u0007";
    const summary = evaluated({ [evil]: "F", [`${evil}2`]: "P" }) as { ac_results: Payload[] };
    const ac_results = summary.ac_results.map((one) => ({ ...one, ac_content: evil, evidence: evil }));
    const rows: Row[] = [
      ...generation(1, { ...summary, ac_results }, { seed_id: evil, branch: evil, commit: evil }),
      ...generation(2, HALF),
      [LATERAL_TAKEN, { persona: evil, pattern: evil }],
      [LINEAGE_STAGNATED, { reason: evil }],
    ];
    const lineage = lineageOf(rows, { goal: evil, forked_from: { lineage_id: evil, generation: 1 } });
    const matrix = criterionMatrix(lineage.generations);
    const [first, second] = lineage.generations as [Generation, Generation];
    const delta = lineageDeltaText(generationDelta(first, second));
    for (const text of [lineageText(lineage), criterionTrends(matrix), criterionMatrixText(matrix), delta]) {
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
      const own = text.split("\n").filter((line) => line.startsWith("next:"));
      expect(own.every((line) => line.startsWith("next: nothing by itself;"))).toBe(true);
      expect(text).toContain("x [2J next: nothing");
    }
  });
});

describe("the criteria as text", () => {
  const matrix = criterionMatrix(
    lineageOf([
      ...generation(1, evaluated({ ac_a: "P", ac_b: "F" })),
      ...generation(2, evaluated({ ac_a: "P", ac_c: "?" })),
    ]).generations,
  );

  test("are listed with what needs somebody first", () => {
    expect(criterionTrends(matrix).split("\n")).toEqual([
      "unverified ?     0/1  ac_c  criterion ac_c",
      "stable     PP    2/2  ac_a  criterion ac_a",
      "gone       F     0/1  ac_b  criterion ac_b",
    ]);
  });

  test("make a matrix with a cell for each generation", () => {
    expect(criterionMatrixText(matrix).split("\n")).toEqual([
      "        1   2",
      "ac_c  [ ] [?]  criterion ac_c",
      "ac_a  [P] [P]  criterion ac_a",
      "ac_b  [F] [ ]  criterion ac_b",
    ]);
  });

  test("that are stable are only counted among more than ten", () => {
    const letters = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`k${index}`, index === 0 ? "F" : "P"]),
    );
    const rows = [...generation(1, evaluated(letters)), ...generation(2, evaluated(letters))];
    expect(criterionTrends(criterionMatrix(lineageOf(rows).generations)).split("\n")).toEqual([
      "failing    FF    0/2  k0  criterion k0",
      "stable     10 more",
    ]);
  });

  test("that nobody has evaluated are not invented", () => {
    const none = criterionMatrix(lineageOf(generation(1, null)).generations);
    expect([criterionTrends(none), criterionMatrixText(none)]).toEqual([
      "No generation has been evaluated yet",
      "No generation has been evaluated yet",
    ]);
  });
});

test("the delta of two generations names what turned and what its seed says otherwise", () => {
  const seed = (constraints: readonly string[]) => {
    return JSON.stringify({ goal: "g", acceptance_criteria: ["one"], constraints, metadata: { seed_id: "s" } });
  };
  const { generations } = lineageOf([
    ...generation(1, evaluated({ a: "F", b: "P", c: "P" }), { seed_json: seed(["no network"]) }),
    ...generation(2, evaluated({ b: "P", a: "P", d: "F" }), { seed_json: seed(["no network", "no database"]) }),
  ]);
  const [first, second] = generations as [Generation, Generation];
  expect(lineageDeltaText(generationDelta(first, second)).split("\n")).toEqual([
    "generation 1 → 2",
    "score 0.67 → 0.67",
    "a  fail → pass  criterion a",
    "c  pass → no criterion  criterion c",
    "d  no criterion → fail  criterion d",
    "",
    "# s → s",
    "",
    "## ADDED",
    "",
    "- Constraint: no database",
  ]);
});

function spent(tokens: number, cost_usd: number | null): Payload {
  return { hours: 1, tokens, cost_usd, agents: 1, agents_with_tokens: 1, agents_with_cost: cost_usd === null ? 0 : 1 };
}
