import { expect, test } from "bun:test";
import * as v from "valibot";
import { planRun } from "../../src/domain/run/plan.ts";
import { fit, toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { conflictPrompt } from "../../src/prompts/conflict.ts";
import {
  PLAN_INSTRUCTIONS,
  planAnswer,
  planInput,
  SPLIT_INSTRUCTIONS,
  SplitAnswer,
  splitInput,
  toPlanHints,
} from "../../src/prompts/plan.ts";
import { seedOf } from "../domain/seed/support/seed-of.ts";

const SEED = seedOf({
  acceptance_criteria: [
    { description: "One", verify_command: "hidden --one", output_assertion: "hidden words" },
    { description: "Two", expected_artifacts: ["two.ts"] },
    { description: "Three" },
  ],
});

test("a mind's answer counts from one, the plan from nought; paths outside the project are left out", () => {
  const answer = v.parse(planAnswer(3), {
    order: [{ earlier: 1, later: 3, why: "uses its format" }],
    files: [
      { criterion: 1, paths: ["./two.ts", "../secret", "/etc/passwd", "src/"] },
      { criterion: 1, paths: ["src"] },
    ],
  });
  const hints = toPlanHints(answer);
  expect(hints).toEqual({ edges: [{ before: 0, after: 2 }], predictedFiles: { 0: ["two.ts", "src"] } });
  expect(planRun(SEED.criteria, hints)).toMatchObject({ levels: [[0, 1], [2]], not_together: [[0, 1]] });
});

test("numbers of criteria that are not there do not fit, and whoever answers is shown so", () => {
  const order = (earlier: number) => ({ order: [{ earlier, later: 2, why: "w" }], files: [] });
  expect(fit(planAnswer(3), order(3)).fits).toBe(true);
  for (const wrong of [0, 4, 1.5]) expect(fit(planAnswer(3), order(wrong)).fits).toBe(false);
  expect(fit(planAnswer(3), { order: [], files: [{ criterion: 4, paths: [] }] }).fits).toBe(false);
  expect(JSON.stringify(toAnswerSchema(planAnswer(3)))).toContain(`"maximum":3`);
});

test("a criterion is split into two to five parts that say something", () => {
  const parts = (count: number) => ({ parts: Array.from({ length: count }, () => ({ description: "A part" })) });
  for (const count of [2, 5]) expect(fit(SplitAnswer, parts(count)).fits).toBe(true);
  for (const count of [0, 1, 6]) expect(fit(SplitAnswer, parts(count)).fits).toBe(false);
  expect(fit(SplitAnswer, { parts: [{ description: "A part" }, { description: " " }] }).fits).toBe(false);
  expect(toAnswerSchema(SplitAnswer).type).toBe("object");
});

test("nobody who plans, splits or merges is told how anything is checked", () => {
  const [first] = SEED.criteria;
  if (first === undefined) throw new Error("The seed has no criterion");
  const done = { summary: "half", files: ["a.ts"] };
  const texts = [
    planInput(SEED, "src/"),
    splitInput(SEED, first, done),
    conflictPrompt({ files: ["a.ts"], ours: first.description, theirs: ["Two"] }),
    PLAN_INSTRUCTIONS,
    SPLIT_INSTRUCTIONS,
  ];
  for (const text of texts) expect(text).not.toContain("hidden");
  expect(texts[1]).toContain("half");
});

test("what is to be planned is data of bounded length, and names what each waits for by number", () => {
  const key = SEED.criteria[0]?.key;
  const seed = seedOf({
    acceptance_criteria: [
      { description: "One", semantic_ac_key: key },
      { description: "Two", depends_on: [key] },
    ],
  });
  const input = JSON.parse(planInput(seed, "x".repeat(50_000)));
  expect(input.criteria[1]).toEqual({ number: 2, description: "Two", expected_artifacts: [], after_numbers: [1] });
  expect(input.tree).toHaveLength(8_000);
});

test("whoever merges is told both sides, the files, and to leave the merge itself alone", () => {
  const prompt = conflictPrompt({ files: ["src/a.ts"], ours: "Items are removed", theirs: ["Items are stored"] });
  for (const part of [
    "for this criterion:\nItems are removed",
    "- Items are stored",
    "- src/a.ts",
    "Do not commit, abort",
  ]) {
    expect(prompt).toContain(part);
  }
  const many = Array.from({ length: 500 }, (_, index) => `src/some/longer/folder/${index}.ts`);
  expect(conflictPrompt({ files: many, ours: "x", theirs: many }).length).toBeLessThanOrEqual(12_000);
});
