// Quality and drift by a mind's word: asked once, held to its form, and a verdict that is nobody's word but the number's.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import { parseSeed } from "../../src/domain/seed/seed.ts";
import { findAskedWork } from "../../src/workflows/evaluation/asked-work.ts";
import { measureDriftOf } from "../../src/workflows/evaluation/drift.ts";
import { judgeQuality } from "../../src/workflows/evaluation/qa.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { withMind, withoutMind } from "./support/scripted-mind.ts";

let given: GivenStore;
beforeEach(async () => {
  given = await givenStore();
});
afterEach(() => given[Symbol.asyncDispose]());

const CALLER = { hasHost: false, continuation: null };
const signal = new AbortController().signal;
const DIMENSIONS = { correctness: 0.9, completeness: 0.9, quality: 0.9, intent_alignment: 0.9, domain_specific: 0.9 };
const SAID = { score: 0.7, dimensions: DIMENSIONS, differences: ["It shouts"], suggestions: [], reasoning: "Loud" };
const QUESTION = { artifact: "UP!", artifact_type: "code", quality_bar: "It is quiet" };
const EARLIER = [{ iteration: 1, score: 0.3, verdict: "fail" }];

test("the same artifact is looked at once; with another round before it, anew, and counted", async () => {
  const { context, asked } = withMind(given.context, { says: () => SAID });
  const ask = (earlier: typeof EARLIER, threshold?: number) =>
    judgeQuality(context, { question: { ...QUESTION, earlier }, threshold }, CALLER, signal);
  const first = await ask([]);
  expect(first).toMatchObject({ result: { verdict: "revise", loop_action: "continue", iteration: 1, passed: false } });
  expect(await ask([])).toEqual(first);
  expect(asked).toHaveLength(1);
  expect(await ask(EARLIER)).toMatchObject({ result: { iteration: 2 } });
  expect(await ask([], 0.6)).toMatchObject({ result: { verdict: "pass", score: 0.7, pass_threshold: 0.6 } });
  expect(asked).toHaveLength(3);
});

test("who says that it is not enough has to say what is missing", async () => {
  const { context } = withMind(given.context, { says: () => ({ ...SAID, differences: [] }) });
  const refused = await judgeQuality(context, { question: { ...QUESTION, earlier: [] } }, CALLER, signal);
  expect(codeOf(refused)).toBe("mind_bad_answer");
});

const YAML =
  "goal: A diary that nobody else can read\nacceptance_criteria: [It is encrypted]\nconstraints: [No server]\n";
const REPORT = "The diary is encrypted with a key of its reader, so nobody else can read it.";

test("drift is measured without any mind; one that is asked counts for half, and is asked once", async () => {
  const seed = parseSeed(YAML);
  if (isRefusal(seed)) throw new Error(seed.message);
  const request = { seed, sessionId: "orch_1", output: REPORT, violations: [], concepts: [] };
  const plain = await measureDriftOf(withoutMind(given.context), request, null, signal);
  expect(plain).toMatchObject({ judged_by: null, drift: { is_acceptable: true, constraint_drift: 0 } });
  const violations = [{ constraint: "No server", what: "It sends everything to one" }];
  const says = () => ({ goal_drift: 0.2, constraint_drift: 1, ontology_drift: 0, violations, reasoning: "A server" });
  const { context, asked } = withMind(given.context, { says });
  const judged = await measureDriftOf(context, request, CALLER, signal);
  expect(judged).toMatchObject({ judged_by: "openai", drift: { constraint_drift: 0.5 } });
  expect(await measureDriftOf(context, request, CALLER, signal)).toEqual(judged);
  expect(asked).toHaveLength(1);
  expect(codeOf(await measureDriftOf(withoutMind(given.context), { ...request, output: "No" }, CALLER, signal))).toBe(
    "mind_unavailable",
  );
  // Of the session itself nothing has happened by that.
  expect(await given.rows("session", "orch_1")).toEqual([]);
});

test("named criteria that the seed knows are judged with its checks, others by their words alone", async () => {
  const checked = { description: "It is encrypted", verify_command: "sh check.sh" };
  const seedText = JSON.stringify({ goal: "A diary", acceptance_criteria: [checked, "It is kept"] });
  const find = async (criteria: readonly string[], more: object = { seedText }) => {
    const work = await findAskedWork(given.context, { criteria, cwd: given.home, ...more });
    return isRefusal(work) ? work.code : work.seed.criteria.map((one) => one.verify_command ?? one.description);
  };
  expect(await find([])).toEqual(["sh check.sh", "It is kept"]);
  expect(await find(["It is encrypted"])).toEqual(["sh check.sh", "It is kept"]);
  expect(await find(["It is encrypted", "It is small"])).toEqual(["It is encrypted", "It is small"]);
  expect(await find(["It is small"], {})).toEqual(["It is small"]);
  expect(await find([], { sessionId: "orch_nobody" })).toBe("needs_seed");
});

function codeOf(answer: object | Refusal): string | undefined {
  return isRefusal(answer) ? answer.code : undefined;
}
