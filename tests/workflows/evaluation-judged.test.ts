// What a judge may and may not bring about: cited lines are looked up, whoever did the work cannot vouch for it, and no word turns a failure.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRefusal } from "../../src/base/refusal.ts";
import type { EvaluationRecord } from "../../src/domain/evaluation/evaluation-record.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { approve } from "../../src/trust/approvals.ts";
import { viewEvaluation } from "../../src/views/evaluation.ts";
import { type EvaluationRequest, evaluate } from "../../src/workflows/evaluation/evaluate.ts";
import type { Work } from "../../src/workflows/evaluation/work-to-judge.ts";
import { layOut } from "../evaluation/support/evaluate-state.ts";
import { NODE } from "../fixtures/states/good-states.ts";
import type { State } from "../fixtures/states/state.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { gitIn } from "../support/run-library.ts";
import { judgement, withMind, withoutMind } from "./support/scripted-mind.ts";

setDefaultTimeout(60_000);

let given: GivenStore;
beforeEach(async () => {
  given = await givenStore();
});
afterEach(() => given[Symbol.asyncDispose]());

/** Good work of which no command tells anything. */
const UNCHECKED: State = { ...NODE, criteria: [{ description: "mean() is the mean of numbers" }] };
const LINE = { path: "src/mean.mjs", line: 4, quote: "  return sum(all) / all.length;" };
const BY_CLAUDE = [{ name: "claude", model: null }];

test("an independent judge that cites lines which are there passes what no command could tell", async () => {
  const work = await laidOut(UNCHECKED);
  const { context, asked } = withMind(given.context, { says: () => judgement(keysOf(work), [LINE]) });
  const record = await judged(context, work);
  expect(record.completed).toMatchObject({ verdict: "approved", approved: true, highest_stage: 2, score: 0.95 });
  expect(record.completed?.criteria).toMatchObject([{ verdict: "pass", by: "judge" }]);
  expect(record.stage2?.judgement.independence).toBe("independent");
  expect(asked.map(({ kind }) => kind)).toEqual(["evaluation.judge"]);
  // A mind that can open no files is handed those that have changed.
  expect(asked[0]?.input).toContain("4:   return sum(all) / all.length;");
  expect(viewEvaluation(record).checklist[0]?.evidence).toContain("src/mean.mjs:4");
});

test.each([
  ["a line that says something else", { ...LINE, quote: "  return exactlyTheMean(all);" }],
  ["a file that is not there", { ...LINE, path: "src/proof.mjs" }],
  ["a file outside of the work", { ...LINE, path: "../../../etc/hostname" }],
])("a judge that cites %s has shown nothing, and is named for it", async (_, forged) => {
  const work = await laidOut(UNCHECKED);
  const { context } = withMind(given.context, { says: () => judgement(keysOf(work), [forged]) });
  const record = await judged(context, work);
  expect(record.completed).toMatchObject({ verdict: "unverified", approved: false });
  expect(record.stage2?.forged).toHaveLength(1);
  expect(record.completed?.reasons.join()).toContain("A citation does not hold");
});

test("whoever did the work cannot vouch for it, and can still say what is wrong with it", async () => {
  const work = await laidOut(UNCHECKED);
  const self = { name: "claude", model: null, says: () => judgement(keysOf(work), [LINE]) };
  const record = await judged(withMind(given.context, self).context, work);
  expect(record.completed).toMatchObject({ verdict: "unverified", approved: false });
  expect(record.stage2?.judgement.independence).toBe("self");

  const checked = await laidOut({ ...NODE, name: "checked" });
  const key = keysOf(checked)[0];
  const no = {
    criterion_key: key,
    met: "no",
    score: 0,
    reason: "Wrong for none",
    citations: [{ ...LINE, end_line: null }],
  };
  const against = { ...self, says: () => ({ ...judgement([], []), criteria: [no] }) };
  const lowered = await judged(withMind(given.context, against).context, checked);
  expect(lowered.completed).toMatchObject({ verdict: "rejected" });
});

test("where nobody can be asked, what was run speaks for itself", async () => {
  const unchecked = await judged(withoutMind(given.context), await laidOut(UNCHECKED));
  expect(unchecked.completed).toMatchObject({ verdict: "unverified", highest_stage: 1 });
  const checked = await judged(withoutMind(given.context), await laidOut({ ...NODE, name: "checked" }));
  expect(checked.completed).toMatchObject({ verdict: "approved", highest_stage: 1 });
});

test("of what has failed when it was run, nobody is asked", async () => {
  const work = await laidOut({ ...NODE, after: { ...NODE.after, ...NODE.wrong } });
  const { context, asked } = withMind(given.context, { says: () => judgement(keysOf(work), [LINE]) });
  const record = await judged(context, work);
  expect([record.completed?.verdict, asked]).toEqual(["rejected", []]);
});

test("work that looks made for its checks is rejected though they pass", async () => {
  const work = await laidOut(NODE);
  const says = () => judgement(keysOf(work), [LINE], { reward_hacking_risk: 0.9, reasoning: "It knows the test" });
  const record = await judged(withMind(given.context, { says }).context, work);
  expect(record.completed).toMatchObject({ verdict: "rejected", approved: false });
  expect(record.completed?.reasons.join()).toContain("It knows the test");
});

test("what a judge writes into the work while it looks is nothing it could cite", async () => {
  const work = await laidOut(UNCHECKED);
  const quote = "export const PROOF = 'everything holds';";
  const says = async ({ folder = "" }) => {
    await writeFile(join(folder, "src/proof.mjs"), `${quote}\n`);
    return judgement(keysOf(work), [{ path: "src/proof.mjs", line: 1, quote }]);
  };
  const record = await judged(withMind(given.context, { name: "codex", kind: "agent", says }).context, work);
  expect(record.completed?.verdict).toBe("unverified");
  expect(record.stage2?.forged[0]?.why).toContain("src/proof.mjs");
});

test("a judge in doubt is followed by three sides of it, the last of which hears the others; their word is counted", async () => {
  const work = await laidOut(NODE);
  const [key = ""] = keysOf(work);
  const votes = (approved: boolean) => ({
    approved,
    confidence: 0.9,
    reasoning: approved ? "It holds" : "It does not hold for an empty list",
    citations: [{ criterion_key: key, ...LINE, end_line: null }],
  });
  const says = (approves: boolean[]) => {
    const left = [...approves];
    return ({ kind }: { kind: string }) =>
      kind === "evaluation.judge" ? judgement([key], [LINE], { uncertainty: 0.6 }) : votes(left.shift() ?? false);
  };
  const first = withMind(given.context, { says: says([true, false, true]) });
  const agreed = await judged(first.context, work);
  expect(agreed.stage3?.trigger).toBe("stage2_uncertainty");
  expect(agreed.stage3?.tally).toMatchObject({ outcome: "approved", approvals: 2, valid: 3 });
  expect(agreed.completed).toMatchObject({ verdict: "approved", highest_stage: 3 });
  expect(first.asked).toHaveLength(4);
  expect(first.asked[3]?.input).toContain("It does not hold for an empty list");
  expect(first.asked[1]?.input).not.toContain("It does not hold for an empty list");

  const other = await laidOut({ ...NODE, name: "rejected" });
  const rejected = await judged(withMind(given.context, { says: says([true, false, false]) }).context, other);
  expect(rejected.completed).toMatchObject({ verdict: "rejected", highest_stage: 3 });
});

test("two that are evaluated at once are one evaluation, each stage of it once", async () => {
  const work = await laidOut(UNCHECKED);
  const { context } = withMind(given.context, { says: () => judgement(keysOf(work), [LINE]) });
  const [one, other] = await Promise.all([judged(context, work), judged(context, work)]);
  expect(other.evaluation_id).toBe(one.evaluation_id);
  expect(other.completed).toEqual(one.completed);
  const types = (await given.rows("evaluation", one.evaluation_id)).map(({ event_type }) => event_type);
  expect(types.filter((type) => !type.startsWith("mind."))).toEqual([
    "evaluation.started",
    "evaluation.stage1.completed",
    "evaluation.stage2.completed",
    "evaluation.completed",
  ]);
});

test("what the agents of a run declared needs no word of its own where its branch is here, and no row of a store makes it so", async () => {
  const work = await laidOut(NODE);
  const context = { ...withoutMind(given.context), consent: "ask" } as const;
  const asked = { ...work, subject: { ...work.subject, execution_id: "exec_1" } };
  const ask = async () => {
    const request = { work: asked, artifact: "", depth: "checks", known: [] } as const;
    const how = { caller: { hasHost: false, continuation: null }, tell: async () => {} };
    const done = await evaluate(context, request, how, new AbortController().signal);
    return isRefusal(done) ? [done.code, done.facts.root] : done.record.completed?.verdict;
  };
  const by = { by: "begun_here", about: "" } as const;
  await approve(given.home, { kind: "seed", hash: work.subject.seed_hash }, by);
  await approve(given.home, { kind: "run", execution_id: "exec_1" }, by);
  // The store names a commit; the branch of that run does not hold it.
  gitIn(work.cwd, "branch", "ooo/exec_1", work.base?.commit ?? "");
  expect(await ask()).toEqual(["needs_approval", work.cwd]);
  gitIn(work.cwd, "branch", "--force", "ooo/exec_1", work.from?.commit ?? "");
  expect(await ask()).toBe("approved");
});

let laid = 0;
async function laidOut(state: State): Promise<Work> {
  const work = await layOut(given.context, state, join(given.home, `project-${++laid}`));
  return { ...work, subject: { ...work.subject, makers: BY_CLAUDE } };
}

function keysOf({ seed }: Work): string[] {
  return seed.criteria.map(({ key }) => key);
}

async function judged(
  context: SessionContext,
  work: Work,
  more: Partial<EvaluationRequest> = {},
): Promise<EvaluationRecord> {
  const request = { work, artifact: "All done", depth: "judged", known: [], ...more } as const;
  const how = { caller: { hasHost: false, continuation: null }, tell: async () => {} };
  const done = await evaluate({ ...context, consent: "always" }, request, how, new AbortController().signal);
  if (isRefusal(done)) throw new Error(`${done.code}: ${done.message}`);
  return done.record;
}
