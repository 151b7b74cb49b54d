// What is told between two generations, and which answers fit.
import { expect, test } from "bun:test";
import { failureFacts, type Verification } from "../../src/domain/run/verdict.ts";
import type { Reflection } from "../../src/domain/seed/reflection.ts";
import { fit } from "../../src/minds/answer-schema.ts";
import { reflectAnswer, reflectInput } from "../../src/prompts/reflect.ts";
import { type GenerationStory, storyInput, WonderAnswer } from "../../src/prompts/wonder.ts";
import { seedOf } from "../domain/seed/support/seed-of.ts";

const COMMAND = "node test/hidden-check.js --strict";
const SEED = seedOf({
  goal: "A list of things to do",
  constraints: ["No dependencies"],
  acceptance_criteria: [
    { description: "Items are stored", verify_command: COMMAND, output_assertion: "all seven passed" },
    "Help is good",
  ],
});
const [FIRST = "", SECOND = ""] = SEED.criteria.map(({ key }) => key);
const FAILED: Verification = {
  criterion_key: FIRST,
  verdict: "fail",
  reason: `${COMMAND} ended with 1`,
  cause: null,
  checks: [],
  command: COMMAND,
  assertion: "all seven passed",
  missing_artifacts: [],
  exit_code: 1,
  timed_out: false,
  output: new TextEncoder().encode(`$ ${COMMAND}\nitem 3 is lost`),
  output_truncated: false,
  ms: 1,
  tree_hash: null,
  commit: null,
  edited_checks: [],
  as_left: null,
  suspects: [],
  mutated: false,
  flaky: false,
  tools: {},
};
const STORY: GenerationStory = {
  seed: SEED,
  generation: 2,
  score: 0.5,
  results: [{ key: FIRST, verdict: "fail", facts: failureFacts(FAILED) }],
  regressions: [FIRST],
  tried: [`ran ${COMMAND} by hand`],
  asked: ["What is an item?"],
};
const WONDER: WonderAnswer = {
  questions: ["Why is item 3 lost?"],
  ontology_tensions: [],
  should_continue: true,
  reasoning: "r",
};

test("between generations everybody learns what failed and how, and nobody what it was checked with", () => {
  for (const text of [storyInput(STORY), reflectInput(STORY, WONDER)]) {
    for (const secret of [COMMAND, "hidden-check", "all seven passed"]) expect(text).not.toContain(secret);
    expect(text).toContain("item 3 is lost");
    expect(text).toContain("exit code 1");
  }
  expect(JSON.parse(storyInput(STORY))).toMatchObject({
    generation: 2,
    criteria: [
      { key: FIRST, verdict: "fail", held_before: true, has_check: true },
      { key: SECOND, verdict: "unverifiable", seen: null, held_before: false, has_check: false },
    ],
    asked_before: ["What is an item?"],
  });
  expect(JSON.parse(reflectInput(STORY, WONDER)).open.questions).toEqual(["Why is item 3 lost?"]);
  expect(JSON.parse(reflectInput(STORY, null)).open).toBeNull();
});

test("a story stays in its bounds however long it went on, and its newest part is in it", () => {
  const many = Array.from({ length: 500 }, (_, at) => `${at} ${"word ".repeat(300)}`);
  const story = {
    ...STORY,
    tried: many,
    asked: many.map((one) => one.slice(0, 500)),
    results: [{ key: FIRST, verdict: "fail" as const, facts: "f".repeat(20_000) }],
  };
  const text = storyInput(story);
  expect(text.length).toBeLessThan(60_000);
  expect(text).toContain("499 word");
  expect(text).not.toContain('"0 word');
});

test("a reflection that would ask for less does not fit, and says why", () => {
  const kept = { verify_command: null, output_assertion: null, expected_artifacts: null, why: "unchanged" };
  const reflection: Reflection = {
    refined_goal: SEED.goal,
    refined_constraints: SEED.constraints,
    criteria: SEED.criteria.map(({ key, description }) => ({ key, description, ...kept })),
    removed: [],
    ontology_mutations: [],
    reasoning: "r",
  };
  const schema = reflectAnswer(SEED, new Set([FIRST]));
  expect(fit(schema, reflection)).toMatchObject({ fits: true });
  const weaker = { ...reflection, criteria: reflection.criteria.slice(1), removed: [{ key: FIRST, why: "hard" }] };
  expect(fit(schema, weaker)).toEqual({ fits: false, faults: [`answer: removed: ${FIRST} holds, so it stays`] });
  expect(fit(schema, { ...reflection, refined_constraints: [] }).fits).toBe(false);
});

test("wondering may come to nothing, and asks of itself no more than it can be asked", () => {
  const answer = { questions: [], ontology_tensions: [], should_continue: false, reasoning: "nothing new" };
  expect(fit(WonderAnswer, answer).fits).toBe(true);
  expect(fit(WonderAnswer, { ...answer, questions: Array(9).fill("Why?") }).fits).toBe(false);
});
