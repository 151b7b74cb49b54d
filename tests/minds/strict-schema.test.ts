import { expect, test } from "bun:test";
import * as v from "valibot";
import { agentMind } from "../../src/minds/agent-mind.ts";
import { toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { toStrictSchema } from "../../src/minds/strict-schema.ts";
import { NEVER, QUESTION } from "./support/mind-contract.ts";
import { scriptedRuntime } from "./support/scripted-runtime.ts";

const strict = (schema: v.GenericSchema) => toStrictSchema(toAnswerSchema(schema));

test("a schema whose keys are all required becomes strict, rules that strict mode does not know left out", () => {
  const schema = v.object({
    why: v.pipe(v.string(), v.minLength(5), v.description("in a word")),
    verdict: v.picklist(["pass", "fail"]),
    cited: v.array(v.object({ round: v.pipe(v.number(), v.integer(), v.minValue(1)) })),
    next: v.nullable(v.string()),
  });
  expect(strict(schema)).toEqual({
    type: "object",
    properties: {
      why: { type: "string", description: "in a word" },
      verdict: { type: "string", enum: ["pass", "fail"] },
      cited: {
        type: "array",
        items: {
          type: "object",
          properties: { round: { type: "integer" } },
          required: ["round"],
          additionalProperties: false,
        },
      },
      next: { anyOf: [{ type: "string" }, { type: "null" }] },
    },
    required: ["why", "verdict", "cited", "next"],
    additionalProperties: false,
  });
});

test.each([
  ["a key that may be left out", v.object({ a: v.optional(v.string()) })],
  ["one deep inside", v.object({ a: v.array(v.object({ b: v.optional(v.string()) })) })],
  ["keys that nobody has named", v.object({ a: v.record(v.string(), v.number()) })],
  ["anything at all", v.object({ a: v.unknown() })],
  ["a tuple", v.object({ a: v.tuple([v.string(), v.number()]) })],
  ["no object", v.string()],
])("%s cannot be asked for strictly", (_, schema) => {
  expect(strict(schema)).toBeUndefined();
});

test("Codex is held to a strict schema or to none, other agents to the question's own", async () => {
  const held = async (kind: "codex" | "claude", schema: typeof QUESTION.schema) => {
    const { runtime, tasks } = scriptedRuntime([{ text: "{}" }]);
    await agentMind({ ...runtime, kind }).ask({ ...QUESTION, schema }, NEVER);
    return tasks[0]?.answerSchema;
  };
  const required = v.object({ verdict: v.picklist(["pass", "fail"]), score: v.number() });
  expect(await held("codex", required)).toMatchObject({ additionalProperties: false });
  expect(await held("claude", required)).toEqual(toAnswerSchema(required));
  expect(await held("codex", QUESTION.schema)).toBeUndefined();
  expect(await held("claude", QUESTION.schema)).toEqual(toAnswerSchema(QUESTION.schema));
});
