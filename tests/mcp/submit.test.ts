import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { isRefusal, type Refusal, refuse } from "../../src/base/refusal.ts";
import { answerFaults } from "../../src/mcp/answer-faults.ts";
import type { ToolAnswer, ToolCall } from "../../src/mcp/tool.ts";
import { ouroborosSubmit } from "../../src/mcp/tools/ouroboros-submit.ts";
import { fit, toAnswerSchema } from "../../src/minds/answer-schema.ts";
import { hostMind } from "../../src/minds/host-mind.ts";
import type { Question } from "../../src/minds/mind.ts";
import { claimOrder } from "../../src/store/orders/work-claims.ts";
import { type Continuation, readOrder } from "../../src/store/orders/work-rows.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";

setDefaultTimeout(30_000);

const Next = v.object({
  question: v.pipe(v.string(), v.minLength(5)),
  clarity: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  kind: v.picklist(["scope", "constraint"]),
  cited: v.array(v.strictObject({ round: v.pipe(v.number(), v.integer()), text: v.string() })),
});
const QUESTION: Question<v.InferOutput<typeof Next>> = {
  role: "standard",
  kind: "interview.next",
  instructions: "Ask.",
  input: "A wish",
  schema: Next,
};
const GOOD = { question: "Who will use it?", clarity: 0.5, kind: "scope", cited: [] };
const GOES_ON: Continuation = { tool: "ouroboros_interview", arguments: { session_id: "interview_1" } };

type Reply = ToolAnswer<Record<string, unknown>> | Refusal;

let given: GivenStore;
let calls: [string, unknown][];
beforeEach(async () => {
  given = await givenStore();
  calls = [];
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
});

test("a result that fits is stored, and what waited for it goes on; its answer comes back", async () => {
  const id = await order(GOES_ON);
  const { value, text, links } = answer(await submit({ work_id: id, result: GOOD }, next));
  expect(value).toEqual({
    outcome: "accepted",
    work_id: id,
    kind: "interview.next",
    tool: "ouroboros_interview",
    answer: { found: GOOD },
  });
  expect(text).toContain("Round 2");
  expect(links).toEqual([{ uri: "ouroboros://x", name: "x", description: "x" }]);
  expect(calls).toEqual([["ouroboros_interview", { session_id: "interview_1" }]]);

  async function next(): Promise<Reply> {
    // The tool asks the same question again, and now it finds what was submitted.
    const found = await host(GOES_ON).ask(QUESTION, new AbortController().signal);
    if (isRefusal(found) || found.status !== "answered") throw new Error("The answer is not there");
    return {
      value: { found: found.value },
      text: "Round 2",
      links: [{ uri: "ouroboros://x", name: "x", description: "x" }],
    };
  }
});

test("the same result again gets the same answer, another one is refused and changes nothing", async () => {
  const id = await order(GOES_ON);
  await submit({ work_id: id, result: GOOD });
  const { question, ...rest } = GOOD;
  const again = answer(await submit({ work_id: id, result: { ...rest, question } }));
  expect(again.value).toMatchObject({ outcome: "already_accepted", answer: { said: "on it goes" } });
  expect(calls).toHaveLength(2);
  const other = refusal(await submit({ work_id: id, result: { ...GOOD, clarity: 0.9 } }), "already_answered");
  expect(other.next).toContain("ouroboros_interview");
  expect(calls).toHaveLength(2);
  expect((await readOrder(given.context.store, id))?.result?.value).toEqual(GOOD);
});

test("a result that does not fit is told where and why, does not use the order up, and may be sent again", async () => {
  const id = await order(GOES_ON);
  const bad = { question: "Who", clarity: 3, kind: "other", cited: [{ round: 1.5, text: "x", note: "y" }, 7] };
  const { facts, message, next } = refusal(await submit({ work_id: id, result: bad }), "bad_result");
  const faults = facts.faults as string[];
  for (const part of [
    "question: ",
    "clarity: ",
    'kind: must be equal to one of the allowed values: ["scope","constraint"]',
  ])
    expect(faults.some((fault) => fault.startsWith(part))).toBe(true);
  for (const part of [
    "cited.0.round: must be integer",
    'cited.0: must NOT have additional properties: "note"',
    "cited.1: must be object",
  ])
    expect(faults).toContain(part);
  expect(message).toContain("clarity: must be <= 1");
  expect(next).toContain("same work_id");
  expect(facts.answer_schema).toMatchObject({ required: ["question", "clarity", "kind", "cited"] });
  refusal(await submit({ work_id: id, result: {} }), "bad_result");
  expect(calls).toEqual([]);
  expect(answer(await submit({ work_id: id, result: GOOD })).value.outcome).toBe("accepted");
});

test.each([
  ["as text", JSON.stringify(GOOD)],
  ["in a fence", `Here:\n\`\`\`json\n${JSON.stringify(GOOD)}\n\`\`\``],
])("an object sent %s is taken for what it means", async (_, result) => {
  const id = await order(null);
  expect(answer(await submit({ work_id: id, result })).value).toEqual({
    outcome: "accepted",
    work_id: id,
    kind: "interview.next",
  });
  expect((await readOrder(given.context.store, id))?.result?.value).toEqual(GOOD);
});

test("an id nobody gave out is told apart from one that has expired, and both say what to do", async () => {
  const unknown = refusal(await submit({ work_id: "work_0", result: GOOD }), "unknown_work");
  expect(unknown.next).toContain("needs_host");
  const id = await order(GOES_ON);
  await given.context.store.database.write([{ sql: "UPDATE ouro_work SET open_until = unixepoch('subsec') - 1" }]);
  expect(refusal(await submit({ work_id: id, result: GOOD }), "work_expired").next).toContain("ouroboros_interview");
  expect(await order(GOES_ON)).toBe(id);
  expect(answer(await submit({ work_id: id, result: GOOD })).value.outcome).toBe("accepted");
});

test("what was claimed is submitted under its claim; once somebody else has claimed it, it is kept and nothing goes on", async () => {
  const id = await order(GOES_ON);
  const { store } = given.context;
  await claimOrder(store, id, "first");
  await store.database.write([{ sql: "UPDATE ouro_work SET expires_at = unixepoch('subsec') - 1" }]);
  // A result that has to be corrected carries the claim, and so extends it.
  refusal(await submit({ work_id: id, result: {}, claim_epoch: 1 }), "bad_result");
  expect(await claimOrder(store, id, "second")).toEqual({ outcome: "claimed_by_another" });
  await store.database.write([{ sql: "UPDATE ouro_work SET expires_at = unixepoch('subsec') - 1" }]);
  await claimOrder(store, id, "second");
  const late = answer(await submit({ work_id: id, result: { ...GOOD, clarity: 0 }, claim_epoch: 1 }));
  expect(late.value).toEqual({ outcome: "superseded", work_id: id, kind: "interview.next" });
  expect(calls).toEqual([]);
  refusal(await submit({ work_id: id, result: GOOD, claim_epoch: 9 }), "not_claimed");
  expect(answer(await submit({ work_id: id, result: GOOD, claim_epoch: 2 })).value.outcome).toBe("accepted");
});

test("when what goes on is refused, the refusal comes back, saying that the result counts all the same", async () => {
  const id = await order(GOES_ON);
  const goesWrong = async (): Promise<Reply> => refuse("not_ready", "Not yet", "Wait", { retry_after_ms: 5 });
  const refused = refusal(await submit({ work_id: id, result: GOOD }, goesWrong), "not_ready");
  expect(refused).toMatchObject({ next: "Wait", facts: { retry_after_ms: 5, outcome: "accepted", work_id: id } });
  expect(refused.message).toContain("Accepted");
  expect(answer(await submit({ work_id: id, result: GOOD })).value.outcome).toBe("already_accepted");
});

describe("the two judges of an answer agree", () => {
  test("what the question's schema takes, its JSON Schema takes, and what that refuses the schema refuses", () => {
    const near = fc.record(
      {
        question: fc.oneof(fc.string(), fc.integer()),
        clarity: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1, max: 2 }), fc.string()),
        kind: fc.constantFrom("scope", "constraint", "other"),
        cited: fc.array(
          fc.record({
            round: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
            text: fc.string(),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    const schema = toAnswerSchema(Next);
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        expect({ value, fits: answerFaults(schema, value).length === 0 }).toEqual({
          value,
          fits: fit(Next, value).fits,
        });
      }),
      { numRuns: process.env.SOAK === "1" ? 2_000 : 100 },
    );
  });
});

function host(continuation: Continuation | null) {
  const scope = { aggregateType: "interview", aggregateId: "interview_1" };
  return hostMind({ store: given.context.store, scope, continuation });
}

async function order(continuation: Continuation | null): Promise<string> {
  const asked = await host(continuation).ask(QUESTION, new AbortController().signal);
  if (isRefusal(asked) || asked.status !== "needs_host") throw new Error("No order was made");
  return asked.work.work_id;
}

async function submit(args: Record<string, unknown>, goOn: () => Promise<Reply> = onItGoes): Promise<Reply> {
  const call: ToolCall = {
    context: given.context,
    signal: new AbortController().signal,
    progress: async () => {},
    callTool: (name, input) => {
      calls.push([name, input]);
      return goOn();
    },
  };
  const said = (await ouroborosSubmit.run(v.parse(ouroborosSubmit.input, args), call)) as Reply;
  if (isRefusal(said)) return said;
  const sent = JSON.parse(JSON.stringify(said.value));
  expect(v.parse(ouroborosSubmit.output, sent)).toEqual(sent);
  return said;
}

async function onItGoes(): Promise<Reply> {
  return { value: { said: "on it goes" }, text: "on it goes" };
}

function answer(reply: Reply): ToolAnswer<Record<string, unknown>> {
  if (isRefusal(reply)) throw new Error(`Refused: ${reply.message}`);
  return reply;
}

function refusal(reply: Reply, code: string): Refusal {
  if (!isRefusal(reply)) throw new Error(`Expected ${code}, got ${JSON.stringify(reply.value)}`);
  expect(reply.code).toBe(code);
  expect(reply.next).toBeTruthy();
  return reply;
}
