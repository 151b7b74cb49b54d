import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import * as v from "valibot";
import { isRefusal } from "../../src/base/refusal.ts";
import { hostMind } from "../../src/minds/host-mind.ts";
import type { NeedsHost, Question } from "../../src/minds/mind.ts";
import { submitResult } from "../../src/store/orders/submit-result.ts";
import { readOrder } from "../../src/store/orders/work-rows.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { answered, NEVER, QUESTION, refused } from "./support/mind-contract.ts";

setDefaultTimeout(30_000);

const SCOPE = { aggregateType: "interview", aggregateId: "interview_1" };
/** What JSON Schema cannot say: the parts must add up. */
const Shares = v.pipe(
  v.object({ a: v.number(), b: v.number() }),
  v.check(({ a, b }) => a + b === 1, "a and b must add up to 1"),
);
const SHARES: Question<v.InferOutput<typeof Shares>> = { ...QUESTION, kind: "test.shares", schema: Shares };

let given: GivenStore;
beforeEach(async () => {
  given = await givenStore();
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
});

test("the first answer is an order with all it takes to do the work, the second is what was submitted", async () => {
  const { work } = needsHost(await host().ask(QUESTION, NEVER));
  expect(work).toMatchObject({
    kind: "test.verdict",
    instructions: "Judge strictly.",
    input: "Is 2 + 2 = 4?",
    answer_schema: { type: "object", required: ["verdict", "score"] },
    submit_with: "ouroboros_submit",
    faults: [],
  });
  expect(needsHost(await host().ask(QUESTION, NEVER)).work).toEqual(work);
  await submit(work.work_id, { verdict: "pass", score: 1 });
  const answer = answered(await host().ask(QUESTION, NEVER));
  expect(answer).toMatchObject({
    value: { verdict: "pass", score: 1 },
    by: { mind: "host", model: null },
    attempts: 1,
  });
});

test("the schema keeps the order its author gave it: what is thought before is written before", async () => {
  const schema = v.object({ why: v.string(), verdict: v.string(), also: v.string() });
  const { work } = needsHost(await host().ask({ ...QUESTION, schema }, NEVER));
  const stored = await readOrder(given.context.store, work.work_id);
  expect(Object.keys(Object(stored?.body.answer_schema.properties))).toEqual(["why", "verdict", "also"]);
});

test("what fits the JSON Schema and not the question's own rules is asked for once more, with what is wrong", async () => {
  const { work } = needsHost(await host().ask(SHARES, NEVER));
  await submit(work.work_id, { a: 0.5, b: 0.9 });
  const again = needsHost(await host().ask(SHARES, NEVER)).work;
  expect(again).toMatchObject({ work_id: work.work_id, faults: ["answer: a and b must add up to 1"] });
  expect(needsHost(await host().ask(SHARES, NEVER)).work).toEqual(again);
  await submit(work.work_id, { a: 0.5, b: 0.5 });
  expect(answered(await host().ask(SHARES, NEVER))).toMatchObject({ value: { a: 0.5, b: 0.5 }, attempts: 2 });
});

test("a second answer that does not fit ends the call, and the next one begins afresh", async () => {
  const { work } = needsHost(await host().ask(SHARES, NEVER));
  for (const b of [2, 3]) {
    await submit(work.work_id, { a: 1, b });
    const answer = await host().ask(SHARES, NEVER);
    if (b === 3) expect(refused(answer, "mind_bad_answer").facts).toMatchObject({ attempts: 2, mind: "host" });
  }
  expect(needsHost(await host().ask(SHARES, NEVER)).work).toMatchObject({ work_id: work.work_id, faults: [] });
});

test("a caller who has gone already leaves no order behind", async () => {
  refused(await host().ask(QUESTION, AbortSignal.abort()), "mind_stopped");
  expect(await given.sql("SELECT 1 FROM ouro_work")).toHaveLength(0);
});

function host() {
  return hostMind({ store: given.context.store, scope: SCOPE, continuation: null });
}

function needsHost(answer: unknown): NeedsHost {
  const isOrder = typeof answer === "object" && answer !== null && "status" in answer && answer.status === "needs_host";
  if (!isOrder || isRefusal(answer)) throw new Error(`Expected an order, got ${JSON.stringify(answer)}`);
  return answer as NeedsHost;
}

async function submit(workId: string, result: unknown): Promise<void> {
  const order = await readOrder(given.context.store, workId);
  if (!order) throw new Error(`There is no order ${workId}`);
  expect(await submitResult(given.context.store, order, { workId, result, claimEpoch: 0 })).toBe("accepted");
}
