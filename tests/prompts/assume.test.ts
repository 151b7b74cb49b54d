// A decision in a person's place: which answers fit.
import { expect, test } from "bun:test";
import { fit, toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { AssumeAnswer } from "../../src/prompts/assume.ts";
import { toStrictSchema } from "../../src/runtimes/strict-schema.ts";

const DECIDED = {
  ask_person: false,
  answer: "A shell script",
  why: "It is the smallest",
  confidence: 0.9,
  changes: "The language",
  alternatives: [],
};
const fits = (more: object) => fit(AssumeAnswer, { ...DECIDED, ...more }).fits;

test("it decides, or says that only the person can", () => {
  expect(fits({})).toBe(true);
  expect(fits({ answer: "  " })).toBe(false);
  expect(fits({ ask_person: true, answer: "" })).toBe(true);
});

test("it passes nothing off as somebody's word, and puts nothing off", () => {
  for (const mark of ["[from-user]", "[from-code]", "[decide_later]", "[draft]"]) {
    expect([mark, fits({ answer: `${mark} A shell script` })]).toEqual([mark, false]);
  }
  expect(fits({ answer: "A list such as [1, 2]" })).toBe(true);
});

test("it says why, and how sure it is", () => {
  for (const more of [{ why: "" }, { confidence: 1.5 }, { alternatives: ["", "b"] }]) expect(fits(more)).toBe(false);
});

test("it can be asked for by a strict schema", () => {
  expect(toStrictSchema(toAnswerSchema(AssumeAnswer))).toBeDefined();
});
