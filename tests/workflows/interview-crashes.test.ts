// A host that is killed after every step, and minds that fail: nothing said is lost, no round is there twice, and the next call goes on.
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { refuse } from "../../src/base/refusal.ts";
import { answeredRounds, type Interview, pendingRound } from "../../src/domain/interview/interview.ts";
import { parseSeed } from "../../src/domain/seed/seed.ts";
import type { Minds } from "../../src/minds/minds.ts";
import { readInterview } from "../../src/store/interviews.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { agreeable, InterviewHost, refusalOf } from "../support/interview-host.ts";
import { HostProcess } from "../support/interview-processes.ts";

setDefaultTimeout(120_000);

const ID = "interview_000000000000dead";
const ANSWERS = ["Rye, and no yeast", "Rye, and no yeast", "Twelve loaves a day", "Done when my mother likes it"];
/** Many more than there are writes on the road, so that one that does not get on fails. */
const MOST_DEATHS = 60;

let given: GivenStore;
beforeEach(async () => {
  given = await givenStore();
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
});

// Between two writes nothing is left behind: to the store, dying before the next one is the same.
test.each(process.env.SOAK === "1" ? (["after", "before"] as const) : (["after"] as const))(
  "killed %s each of its writes, the road from a wish to a seed is gone to its end",
  async (when) => {
    const { deaths, said } = await dieAndCarryOn(when);
    // A handful of steps a turn: start, order, result, scores and question, answer, ..., draft, seed.
    expect(deaths).toBeGreaterThan(12);
    const interview = await read();
    const rounds = answeredRounds(interview);
    expect(rounds.map(({ number, answer }) => [number, answer.text])).toEqual(
      rounds.map((_, index) => [index + 1, ANSWERS[index] ?? ""]),
    );
    expect(rounds.length).toBeGreaterThanOrEqual(3);
    expect(interview).toMatchObject({ status: "completed", seeds: [{ seed_id: said?.seed_id }] });
    const counts = new Map<string, number>();
    for (const { event_type } of await given.rows("interview", ID))
      counts.set(event_type, (counts.get(event_type) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toMatchObject({
      "interview.started": 1,
      "interview.response.recorded": rounds.length,
      // The last one was open when the person said that it is enough.
      "interview.question.asked": rounds.length + 1,
      // Once for the wish, and once after each answer: nothing is scored twice.
      "interview.scored": rounds.length + 1,
      "interview.completed": 1,
      "interview.seeded": 1,
    });
    const seeds = await given.sql("SELECT aggregate_id FROM events WHERE aggregate_type = 'seed'");
    expect(seeds.map(({ aggregate_id }) => aggregate_id)).toEqual([String(said?.seed_id)]);
    expect(parseSeed(String(said?.yaml))).toMatchObject({ seed_id: said?.seed_id, metadata: { interview_id: ID } });
    expect((await readdir(`${given.home}/seeds`)).filter((name) => name.endsWith(".yaml"))).toEqual([
      `${said?.seed_id}.yaml`,
    ]);
  },
);

test("a mind that fails loses no answer: it is there, the refusal says how to go on, and so does the next call", async () => {
  const host = new InterviewHost(
    given.context,
    agreeable(() => 0.5),
  );
  const { session_id } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  const failing = new InterviewHost({ ...given.context, minds: FAILING }, () => ({}));
  const answer = { session_id, round: 1, answer: "Rye" };
  const refused = refusalOf(await failing.reply("ouroboros_interview", answer));
  expect(refused).toMatchObject({
    code: "mind_limited",
    facts: { session_id, recoverable: true, retry_after_ms: 1000 },
  });
  expect(refused.next).toContain(session_id);
  expect(answeredRounds(await read(session_id)).map(({ answer }) => answer.text)).toEqual(["Rye"]);
  // The same answer again, to the same mind: still one answer, and still the same refusal.
  refusalOf(await failing.reply("ouroboros_interview", answer));
  expect(answeredRounds(await read(session_id))).toHaveLength(1);
  // A seed needs scores, and nobody makes them up.
  expect(refusalOf(await failing.reply("ouroboros_generate_seed", { session_id, force: true })).code).toBe(
    "mind_limited",
  );
  expect(await host.interview({ session_id })).toMatchObject({ status: "question", round: 2, answered_rounds: 1 });
});

test("a mind that throws is a failure of that call, and of nothing else", async () => {
  const host = new InterviewHost(
    given.context,
    agreeable(() => 0.5),
  );
  const { session_id } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  const throwing = new InterviewHost({ ...given.context, minds: THROWING }, () => ({}));
  expect(refusalOf(await throwing.reply("ouroboros_interview", { session_id, round: 1, answer: "Rye" })).code).toBe(
    "internal",
  );
  expect(await host.interview({ session_id })).toMatchObject({ status: "question", round: 2, answered_rounds: 1 });
});

test("a start whose mind fails is kept, and is gone on with by its id", async () => {
  const failing = new InterviewHost({ ...given.context, minds: FAILING }, () => ({}));
  const refused = refusalOf(
    await failing.reply("ouroboros_interview", { initial_context: "A wish for bread", cwd: given.home }),
  );
  const { session_id } = refused.facts as { session_id: string };
  const host = new InterviewHost(
    given.context,
    agreeable(() => 0.5),
  );
  expect(await host.interview({ session_id })).toMatchObject({ status: "question", round: 1 });
});

test("a question that is open stays open when it is not enough to end, and when nobody says anything", async () => {
  const host = new InterviewHost(
    given.context,
    agreeable(() => 0.5),
  );
  const { session_id, question } = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  for (const args of [{ action: "complete" }, { answer: "  \n " }, { answer: "[from-user]" }]) {
    refusalOf(await host.reply("ouroboros_interview", { session_id, ...args }));
    expect(pendingRound(await read(session_id))?.question.text).toBe(question?.text ?? "");
  }
});

const limited = () => refuse("mind_limited", "Its provider refuses for now", "Wait", { retry_after_ms: 1000 });
const FAILING: Minds = { open: async () => ({ name: "tired", kind: "api", ask: async () => limited() }) };
const THROWING: Minds = {
  open: async () => ({
    name: "broken",
    kind: "api",
    ask: async () => {
      throw new Error("Broken for a test");
    },
  }),
};

/** Lets host after host carry on, each killed at its first write that the ones before it have not survived. */
async function dieAndCarryOn(when: "after" | "before") {
  const path = `${given.home}/ouroboros.db`;
  const road = { sessionId: ID, answers: ANSWERS };
  // Killed before its first write, it has done nothing.
  const first = when === "after" ? 1 : 2;
  let write = first;
  for (let deaths = 0; deaths < MOST_DEATHS; deaths++) {
    const rows = await given.rowCount();
    await using host = new HostProcess({ home: given.home, path, road, dies: { when, write } });
    await host.ready();
    const said = await host.said();
    if (said) return { deaths, said };
    expect(await host.killed()).toBe(true);
    // What is written again on the way changes nothing; the next one lives that much longer.
    write = (await given.rowCount()) === rows ? write + 1 : first;
  }
  throw new Error(
    `Not at its end after ${MOST_DEATHS} deaths: ${(await given.rows("interview", ID)).map(({ event_type }) => event_type)}`,
  );
}

async function read(id = ID): Promise<Interview> {
  const interview = await readInterview(given.context.store, id);
  if (!interview) throw new Error("The interview is gone");
  return interview;
}
