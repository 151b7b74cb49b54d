// Questions to those who judge: which answers fit, and what they are shown.
import { describe, expect, test } from "bun:test";
import type * as v from "valibot";
import { fit, toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { consensusInput, voteAnswer } from "../../src/prompts/consensus.ts";
import { DriftAnswer, driftInput } from "../../src/prompts/drift.ts";
import { type Case, judgeAnswer, judgeInput } from "../../src/prompts/judge.ts";
import { qaAnswer, qaInput } from "../../src/prompts/qa.ts";
import { reflectAnswer } from "../../src/prompts/reflect.ts";
import { WonderAnswer } from "../../src/prompts/wonder.ts";
import { toStrictSchema } from "../../src/runtimes/strict-schema.ts";
import { seedOf } from "../domain/seed/support/seed-of.ts";

const SEED = seedOf({
  goal: "Add numbers",
  constraints: ["No dependencies"],
  acceptance_criteria: [{ description: "1 and 2 are 3", verify_command: "node check.js" }, "Nonsense is refused"],
});
const KEYS = SEED.criteria.map(({ key }) => key);
const [FIRST = "", SECOND = ""] = KEYS;
const CITED = { path: "src/add.ts", line: 2, end_line: null, quote: "return a + b;" };
const word = (criterion_key: string, rest = {}) => {
  return { criterion_key, met: "yes", score: 1, reason: "r", citations: [CITED], ...rest };
};
const JUDGED = {
  criteria: [word(FIRST), word(SECOND)],
  goal_alignment: 1,
  drift_score: 0,
  uncertainty: 0,
  reward_hacking_risk: 0,
  reasoning: "r",
};
const CASE: Case = {
  seed: SEED,
  checked: new Map([[FIRST, { verdict: "pass", reason: "exit code 0" }]]),
  artifact: "Done",
  files: [{ path: "src/add.ts", text: "function add(a, b) {\n  return a + b;\n}\n" }],
  changed: ["src/add.ts"],
};
const faultsOf = (schema: v.GenericSchema<Record<string, unknown>, unknown>, answer: unknown) => {
  const found = fit(schema, answer);
  return found.fits ? [] : found.faults;
};

test("every answer can be asked for by a strict schema", () => {
  const schemas = [
    judgeAnswer(KEYS),
    voteAnswer(KEYS),
    qaAnswer(),
    DriftAnswer,
    WonderAnswer,
    reflectAnswer(SEED, new Set()),
  ];
  for (const schema of schemas) expect(toStrictSchema(toAnswerSchema(schema))).toBeDefined();
});

describe("a judge's answer", () => {
  const schema = judgeAnswer(KEYS);

  test("names each criterion once, and cites a line for each it calls met", () => {
    expect(faultsOf(schema, JUDGED)).toEqual([]);
    expect(faultsOf(schema, { ...JUDGED, criteria: [word(FIRST)] })).toEqual([
      `answer: criteria: ${SECOND} stands there 0 times, not once`,
    ]);
    expect(faultsOf(schema, { ...JUDGED, criteria: [word(FIRST), word(FIRST)] })).toHaveLength(2);
    expect(faultsOf(schema, { ...JUDGED, criteria: [word(FIRST), word("ac_other")] }).join()).toContain(
      'no criterion "ac_other"',
    );
    const uncited = [word(FIRST, { citations: [] }), word(SECOND, { met: "no", citations: [] })];
    expect(faultsOf(schema, { ...JUDGED, criteria: uncited })).toEqual([
      `answer: criteria: ${FIRST} is called met and cites no line; cite one, or say unclear`,
    ]);
  });

  test.each(["goal_alignment", "drift_score", "uncertainty", "reward_hacking_risk"])("%s goes from 0 to 1", (name) => {
    for (const wrong of [-0.1, 1.1, "0.5", null])
      expect(faultsOf(schema, { ...JUDGED, [name]: wrong })).toHaveLength(1);
  });

  test("a line has a number from 1 and words that stand there", () => {
    for (const wrong of [{ line: 0 }, { line: 1.5 }, { quote: " " }, { path: "" }]) {
      const criteria = [word(FIRST, { citations: [{ ...CITED, ...wrong }] }), word(SECOND)];
      expect(faultsOf(schema, { ...JUDGED, criteria })).toHaveLength(1);
    }
  });
});

describe("what a judge is shown", () => {
  test("is data: criteria with what our checks came to, and files with their lines numbered", () => {
    const shown = JSON.parse(judgeInput(CASE));
    expect(shown.criteria).toMatchObject([
      { criterion_key: FIRST, verify_command: "node check.js", our_check: { verdict: "pass" } },
      { criterion_key: SECOND, our_check: null },
    ]);
    expect(shown.files).toEqual([
      { path: "src/add.ts", lines: "1: function add(a, b) {\n2:   return a + b;\n3: }\n4: ", is_whole: true },
    ]);
    const agent = JSON.parse(judgeInput({ ...CASE, files: null }));
    expect(agent).toMatchObject({ changed_files: ["src/add.ts"] });
    expect(agent.files).toBeUndefined();
  });

  test("stays within bounds, and says of each file whether it is whole", () => {
    const files = Array.from({ length: 50 }, (_, at) => ({ path: `f${at}`, text: "x".repeat(60_000) }));
    const shown = JSON.parse(judgeInput({ ...CASE, files, artifact: "y".repeat(100_000) }));
    expect(JSON.stringify(shown).length).toBeLessThan(200_000);
    expect(shown.files.some(({ is_whole }: { is_whole: boolean }) => is_whole)).toBe(false);
  });

  test("a voter is shown the same, why several are asked, and what other sides said", () => {
    const heard = [{ perspective: "advocate", approved: true, reasoning: "line 2 adds" }] as const;
    expect(JSON.parse(consensusInput(CASE, "stage2_uncertainty", heard))).toEqual({
      why_several: "a judge was not sure",
      heard: [{ perspective: "advocate", approved: true, reasoning: "line 2 adds" }],
      case: JSON.parse(judgeInput(CASE)),
    });
  });
});

test("a vote cites lines for criteria that are there", () => {
  const vote = { approved: true, confidence: 0.9, reasoning: "r", citations: [{ criterion_key: FIRST, ...CITED }] };
  expect(faultsOf(voteAnswer(KEYS), vote)).toEqual([]);
  expect(faultsOf(voteAnswer(KEYS), { ...vote, citations: [{ criterion_key: "ac_x", ...CITED }] })).toHaveLength(1);
  expect(faultsOf(voteAnswer(KEYS), { ...vote, confidence: 2 })).toHaveLength(1);
});

describe("a QA answer", () => {
  const dimensions = { correctness: 0.9, completeness: 0.6, quality: 0.9, intent_alignment: 1, domain_specific: 0.8 };
  const answer = { score: 0.7, dimensions, differences: ["No test"], suggestions: ["Add one"], reasoning: "r" };

  test("says what is missing where it does not pass, scores nothing above its best dimension, and gives no verdict", () => {
    expect(faultsOf(qaAnswer(), answer)).toEqual([]);
    expect(faultsOf(qaAnswer(), { ...answer, differences: [] })).toEqual([
      "answer: differences: say what is missing to 0.8",
    ]);
    expect(faultsOf(qaAnswer(0.7), { ...answer, differences: [] })).toEqual([]);
    const low = { correctness: 0.5, completeness: 0.5, quality: 0.5, intent_alignment: 0.5, domain_specific: 0.5 };
    expect(faultsOf(qaAnswer(), { ...answer, dimensions: low }).join()).toContain(
      "more than the best of its dimensions",
    );
    expect(fit(qaAnswer(), { ...answer, verdict: "pass" })).toMatchObject({ fits: true, value: answer });
    expect(JSON.stringify(toAnswerSchema(qaAnswer()))).not.toContain("verdict");
  });

  test("a seed's criteria and constraints are part of the question; without one it is about the bar alone", () => {
    const question = { artifact: "a", artifact_type: "code", quality_bar: "It adds", earlier: [] };
    expect(JSON.parse(qaInput(question))).toEqual({ quality_bar: "It adds", artifact_type: "code", artifact: "a" });
    const earlier = [{ iteration: 1, score: 0.5, verdict: "revise" }];
    expect(JSON.parse(qaInput({ ...question, seed: SEED, reference: "ref", earlier }))).toMatchObject({
      seed: {
        goal: "Add numbers",
        constraints: ["No dependencies"],
        acceptance_criteria: ["1 and 2 are 3", "Nonsense is refused"],
      },
      reference: "ref",
      earlier_rounds: earlier,
    });
  });
});

test("whoever measures drift is shown goal, constraints, ontology and a bounded output", () => {
  const shown = JSON.parse(driftInput(SEED, { output: "o".repeat(100_000), concepts: [] }));
  expect(Object.keys(shown)).toEqual(["goal", "constraints", "ontology", "output"]);
  expect(shown.output.length).toBeLessThanOrEqual(60_000);
  expect(JSON.parse(driftInput(SEED, { output: "", concepts: ["sum"] })).concepts).toEqual(["sum"]);
});
