// Rules of an interview that hold from turn to turn: the rhythm of its questions, when it may end, and how it is opened again.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import * as v from "valibot";
import { answeredRounds, type Interview } from "../../src/domain/interview/interview.ts";
import type { Mind } from "../../src/minds/mind.ts";
import { listInterviews, readInterview } from "../../src/store/interviews.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import type { SubmittedPlan } from "../support/interview-corpus.ts";
import { agreeable, faultsOf, InterviewHost, refusalOf, type Thinks, viewOf } from "../support/interview-host.ts";

setDefaultTimeout(30_000);

let given: GivenStore;
beforeAll(async () => {
  given = await givenStore();
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

test("after three answers that nobody decided, the fourth is the person's; what they put off breaks the row", async () => {
  const { host, id } = await started(agreeable(() => 0.3));
  for (const [index, mark] of ["[from-code]", "[from-research]", "[from-repo]"].entries()) {
    await host.interview({ session_id: id, round: index + 1, answer: `${mark} Fact ${index}` });
  }
  for (const answer of ["[from-code] One more", "[from-auto] Assumed"]) {
    const refused = refusalOf(await host.reply("ouroboros_interview", { session_id: id, round: 4, answer }));
    expect(refused).toMatchObject({ code: "persons_turn", next: expect.stringContaining("[from-user]") });
  }
  expect(await host.interview({ session_id: id })).toMatchObject({ round: 4, question: { persons_turn: true } });
  await host.interview({ session_id: id, round: 4, answer: "[decide_later]" });
  expect((await host.interview({ session_id: id, round: 5, answer: "[from-code] Again" })).answered_rounds).toBe(5);
});

describe("an interview ends by itself", () => {
  test("only after two clear turns in a row, the first of them after three answers", async () => {
    const { host, id } = await started(agreeable(() => 0.9));
    const seen: [number, number, string][] = [];
    for (let round = 1; round <= 4; round++) {
      const view = await host.interview({ session_id: id, round, answer: `Answer ${round}` });
      seen.push([view.answered_rounds, view.completion.streak, view.status]);
    }
    expect(seen).toEqual([
      [1, 0, "question"],
      [2, 0, "question"],
      [3, 1, "question"],
      [4, 2, "completed"],
    ]);
  });

  test("never while one turn in between was not clear, or an answer was changed in between", async () => {
    const unsteady = agreeable((answered) => (answered === 4 ? 0.5 : 0.9));
    const { host, id } = await started(unsteady);
    const streaks: number[] = [];
    for (let round = 1; round <= 5; round++) {
      const view = await host.interview({ session_id: id, round, answer: `Answer ${round}` });
      streaks.push(view.completion.streak);
    }
    expect(streaks).toEqual([0, 0, 1, 0, 1]);
    const amended = await host.interview({ action: "amend", session_id: id, round: 1, answer: "Another" });
    expect(amended).toMatchObject({ status: "question", completion: { streak: 1 } });
  });

  test("and by a person's word after one clear turn; before that it says what is missing", async () => {
    const { host, id } = await started(agreeable((answered) => (answered < 3 ? 0.5 : 0.9)));
    await host.interview({ session_id: id, round: 1, answer: "One" });
    const early = refusalOf(await host.reply("ouroboros_interview", { session_id: id, action: "complete" }));
    expect(early.code).toBe("not_clear_yet");
    for (const part of ["1 of at least 3", "Ambiguity is", "goal is at 0.50"]) expect(early.message).toContain(part);
    await host.interview({ session_id: id, round: 2, answer: "Two" });
    await host.interview({ session_id: id, round: 3, answer: "Three" });
    expect(await host.interview({ session_id: id, action: "complete" })).toMatchObject({ status: "completed" });
    // Said twice it is no fault.
    expect(await host.interview({ session_id: id, action: "complete" })).toMatchObject({ status: "completed" });
  });

  test("never because of how an answer sounds, in any language", async () => {
    const { host, id } = await started(agreeable(() => 0.2));
    const words = ["done", "It should mail me when seed generation is done", "Fertig, bitte abschließen", "終わり"];
    for (const [index, answer] of words.entries()) {
      expect(await host.interview({ session_id: id, round: index + 1, answer })).toMatchObject({ status: "question" });
    }
    expect(answeredRounds(await read(id)).map(({ answer }) => answer.text)).toEqual(words);
  });
});

test("an answer is one though the wish is said again beside it: nothing is begun anew, and nothing is lost", async () => {
  const { host, id } = await started(agreeable(() => 0.3));
  const begun = (await listInterviews(given.context.store, 1_000)).length;
  const args = {
    initial_context: "A wish for bread",
    session_id: id,
    answer: "Rye",
    round: 1,
    cwd: null,
    action: null,
  };
  expect(await host.interview(args)).toMatchObject({ session_id: id, answered_rounds: 1 });
  expect((await listInterviews(given.context.store, 1_000)).length).toBe(begun);
});

test("one that is complete is opened again by an answer with its question, and by nothing else", async () => {
  const { host, id } = await started(agreeable(() => 0.9));
  for (let round = 1; round <= 4; round++) await host.interview({ session_id: id, round, answer: `Answer ${round}` });
  const closed = refusalOf(await host.reply("ouroboros_interview", { session_id: id, answer: "One more thing" }));
  expect(closed).toMatchObject({ code: "interview_completed", next: expect.stringContaining("last_question") });
  const first = await host.call("ouroboros_generate_seed", { session_id: id });
  const view = await host.interview({ session_id: id, answer: "Blue", last_question: "Which colour?" });
  expect(view).toMatchObject({ status: "question", answered_rounds: 5, completion: { streak: 1 } });
  // What was decided anew is another seed, and the first one is what it was.
  const second = await host.call("ouroboros_generate_seed", { session_id: id });
  expect(second.seed_id).not.toBe(first.seed_id);
  expect((await read(id)).seeds.map(({ seed_id }) => seed_id)).toEqual([String(first.seed_id), String(second.seed_id)]);
});

test("one that was given up says so to everybody, and keeps what was said", async () => {
  const { host, id } = await started(agreeable(() => 0.9));
  await host.interview({ session_id: id, round: 1, answer: "Rye" });
  expect(await host.interview({ session_id: id, action: "abort" })).toMatchObject({ status: "aborted" });
  for (const args of [{ answer: "More" }, { action: "amend", round: 1, answer: "Less" }, { action: "undo" }]) {
    expect(refusalOf(await host.reply("ouroboros_interview", { session_id: id, ...args })).code).toBe(
      "interview_aborted",
    );
  }
  expect(refusalOf(await host.reply("ouroboros_generate_seed", { session_id: id, force: true })).code).toBe(
    "interview_aborted",
  );
  expect(await host.interview({ session_id: id, action: "status" })).toMatchObject({
    status: "aborted",
    answered_rounds: 1,
  });
});

test("answers taken back one after the other lead to the beginning, where there is nothing more to take back", async () => {
  const { host, id } = await started(agreeable(() => 0.3));
  for (let round = 1; round <= 3; round++) await host.interview({ session_id: id, round, answer: `Answer ${round}` });
  const rows = await given.rowCount();
  for (let left = 2; left >= 0; left--) {
    // Each transcript on the way was scored on the way here: nobody is asked.
    const view = viewOf(await host.reply("ouroboros_interview", { session_id: id, action: "undo" }));
    expect(view).toMatchObject({
      status: "question",
      round: left + 1,
      answered_rounds: left,
      ambiguity: { stale: false },
    });
  }
  expect((await given.rowsAfter(rows)).some(({ event_type }) => event_type.startsWith("llm.call"))).toBe(false);
  expect(refusalOf(await host.reply("ouroboros_interview", { session_id: id, action: "undo" })).code).toBe(
    "nothing_to_undo",
  );
});

test("what a mind made of a transcript is kept: it is asked once for each, however often one comes back to it", async () => {
  const asked: string[] = [];
  const thinks = agreeable(() => 0.3);
  const mind: Mind = {
    name: "counting",
    kind: "api",
    async ask({ kind, input, instructions, schema }) {
      asked.push(input);
      const value = v.parse(schema, thinks({ work_id: "", kind, input, instructions, faults: [] }));
      return { status: "answered", value, by: { mind: "counting", model: null }, usage: null, attempts: 1 };
    },
  };
  const host = new InterviewHost({ ...given.context, minds: { open: async () => mind } }, thinks);
  const { session_id } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  await host.interview({ session_id, round: 1, answer: "Rye" });
  await host.interview({ session_id, action: "amend", round: 1, answer: "Wheat" });
  expect(asked).toHaveLength(3);
  await host.interview({ session_id, action: "amend", round: 1, answer: "Rye" });
  await host.interview({ session_id, action: "undo" });
  await host.interview({ session_id, round: 1, answer: "Wheat" });
  await host.interview({ session_id });
  await host.interview({ session_id, action: "status" });
  expect(asked).toHaveLength(3);
  expect(await read(session_id)).toMatchObject({ plan: { by: { mind: "counting" } } });
});

test.each([
  ["that differ in a sign", ["C", "C#", "C++"]],
  ["that differ in a unit", ["5", "5 %", "-5"]],
])("suggestions %s are different answers", async (_, suggestions) => {
  const { host, id } = await started(agreeable(() => 0.3));
  const { work } = viewOf(await host.reply("ouroboros_interview", { session_id: id, round: 1, answer: "Rye" }));
  if (!work) throw new Error("There is no work");
  const plan = agreeable(() => 0.3)(work) as SubmittedPlan;
  plan.question.suggestions = suggestions;
  const reply = await host.reply("ouroboros_submit", { work_id: work.work_id, result: plan });
  expect(faultsOf(reply)).toEqual([]);
  expect(viewOf(reply).question?.suggestions).toEqual(suggestions);
});

async function started(thinks: Thinks) {
  const host = new InterviewHost(given.context, thinks);
  const { session_id: id } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  return { host, id };
}

async function read(id: string): Promise<Interview> {
  const interview = await readInterview(given.context.store, id);
  if (!interview) throw new Error("The interview is gone");
  return interview;
}
