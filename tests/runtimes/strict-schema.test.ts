import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { createCodexRuntime } from "../../src/runtimes/codex.ts";
import { toStrictSchema } from "../../src/runtimes/strict-schema.ts";
import { agentTest } from "../support/agent-processes.ts";
import { contractTask, play, TRUST_MS } from "./support/contract-runtimes.ts";

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

test("Codex is held to a strict schema, and to none where it would be another one: then its words are the answer", async () => {
  const here = agentTest();
  try {
    const codex = join(here.folder, "codex");
    const held = join(here.folder, "held");
    writeFileSync(codex, CODEX, { mode: 0o755 });
    const runtime = createCodexRuntime({ name: "codex", command: [codex] });
    const put = async (schema: v.GenericSchema) => {
      const task = contractTask(here.folder, { access: "read_only", answerSchema: toAnswerSchema(schema) });
      return (await play(await runtime.start(task, TRUST_MS))).outcome;
    };
    const free = v.object({ verdict: v.string(), why: v.optional(v.string()) });
    expect(await put(free)).toMatchObject({ ending: "succeeded", structured: null, text: '{"verdict":"pass"}' });
    expect(existsSync(held)).toBe(false);
    const bound = v.object({ verdict: v.pipe(v.string(), v.minLength(1)) });
    expect(await put(bound)).toMatchObject({ ending: "succeeded", structured: { verdict: "pass" } });
    expect(JSON.parse(readFileSync(held, "utf8"))).toEqual({
      type: "object",
      properties: { verdict: { type: "string" } },
      required: ["verdict"],
      additionalProperties: false,
    });
  } finally {
    await here.end();
  }
});

/** Keeps the schema that it is held to beside itself, and answers. */
const CODEX = `#!/bin/sh
case " $* " in *" mcp list --json "*) echo '[]'; exit 0 ;; esac
while [ $# -gt 0 ]; do
  [ "$1" = --output-schema ] && cp "$2" "$(dirname "$0")/held"
  shift
done
cat >/dev/null
echo '{"type":"thread.started","thread_id":"t"}'
echo '{"type":"item.completed","item":{"id":"i","type":"agent_message","text":"{\\"verdict\\":\\"pass\\"}"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":3}}'
`;
