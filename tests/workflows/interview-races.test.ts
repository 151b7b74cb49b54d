// Several who answer, amend and think for one interview at the same time: one wins, and the others are told how things stand.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import {
  answeredRounds,
  currentAssessment,
  type Interview,
  pendingRound,
} from "../../src/domain/interview/interview.ts";
import type { SessionContext } from "../../src/sessions/session-context.ts";
import { readInterview } from "../../src/store/interviews.ts";
import { type GivenStore, givenStore, interfered, once, openContext, type StoreHome } from "../support/given-store.ts";
import { agreeable, type HostView, InterviewHost, type Reply, refusalOf, viewOf } from "../support/interview-host.ts";
import { HostProcess } from "../support/interview-processes.ts";

setDefaultTimeout(60_000);

const RACERS = 4;
const thinks = agreeable(() => 0.9);

let given: GivenStore;
let others: SessionContext[];
beforeEach(async () => {
  given = await givenStore();
  others = [];
});
afterEach(async () => {
  for (const { store } of others) await store[Symbol.asyncDispose]();
  await given[Symbol.asyncDispose]();
});

describe("of several answers to one open question", () => {
  test("that processes give at the same moment, one is recorded, and the others are told which", async () => {
    const { id, view } = await started();
    const args = (n: number) => ({ session_id: id, round: view.round, answer: `The answer of process ${n}` });
    const racers = Array.from(
      { length: RACERS },
      (_, n) => new HostProcess({ ...place(), call: ["ouroboros_interview", args(n)] }),
    );
    try {
      for (const racer of racers) await racer.ready();
      for (const racer of racers) racer.go();
      const said = await Promise.all(racers.map((racer) => racer.said()));
      await onlyOneCounts(
        id,
        said.map((one) => (one?.refused === true ? String(one.code) : "won")),
        "The answer of process",
      );
    } finally {
      for (const racer of racers) await racer[Symbol.asyncDispose]();
    }
  });

  test("that come over connections of one process, one is recorded, and the others are told which", async () => {
    const { id, view } = await started();
    const hosts = await connections();
    const replies = await Promise.all(
      hosts.map((host, n) =>
        host.reply("ouroboros_interview", { session_id: id, round: view.round, answer: `Answer ${n}` }),
      ),
    );
    await onlyOneCounts(
      id,
      replies.map((reply) => (isRefusal(reply) ? reply.code : "won")),
      "Answer",
    );
    for (const reply of replies.filter(isRefusal)) {
      expect(reply.message).toMatch(/Round 1 is answered already: "Answer \d"/);
      expect(reply.next).toContain("amend");
    }
  });

  test("that are the same words, all are told that they count, and they are recorded once", async () => {
    const { id, view } = await started();
    const hosts = await connections();
    const args = { session_id: id, round: view.round, answer: "The very same" };
    const replies = await Promise.all(hosts.map((host) => host.reply("ouroboros_interview", args)));
    expect(replies.map((reply) => viewOf(reply).status)).toEqual(hosts.map(() => "needs_host"));
    expect(new Set(replies.map((reply) => viewOf(reply).work?.work_id)).size).toBe(1);
    expect(await answersOf(id)).toEqual(["The very same"]);
  });
});

describe("the same answer again, after its reply was lost,", () => {
  test.each([
    ["with its round", (view: HostView) => ({ round: view.round })],
    ["without a round", () => ({})],
    ["with the question as it was put", (view: HostView) => ({ last_question: view.question?.text })],
    ["with the question in other words", () => ({ last_question: "In other words: what else?" })],
  ])("%s is recorded once, before and after the next question is there", async (_, which) => {
    const { id, view, host } = await started();
    const args = { session_id: id, answer: "Only on weekdays", ...which(view) };
    await host.reply("ouroboros_interview", args);
    await host.reply("ouroboros_interview", args);
    expect(await answersOf(id)).toEqual(["Only on weekdays"]);
    await host.interview({ session_id: id });
    // Without anything that says which question it is about, the same words may answer the next one.
    if ("round" in args || "last_question" in args) {
      await host.reply("ouroboros_interview", args);
      expect(await answersOf(id)).toEqual(["Only on weekdays"]);
    }
  });

  test("is another answer when it is to another question", async () => {
    const { id, host } = await started();
    let view = await host.interview({ session_id: id, answer: "Yes", round: 1 });
    view = await host.interview({ session_id: id, answer: "Yes", round: view.round });
    await host.interview({ session_id: id, answer: "Yes", last_question: "And on Sundays?" });
    expect(await answersOf(id)).toEqual(["Yes", "Yes", "Yes"]);
  });
});

describe("of several who think about one transcript", () => {
  test("one result counts; the others are told so, and one question is asked", async () => {
    const { id, work } = await answered();
    const hosts = await connections();
    const replies = await Promise.all(
      hosts.map((host, n) =>
        host.reply("ouroboros_submit", { work_id: work.work_id, result: agreeable(() => 0.5 + n / 10)(work) }),
      ),
    );
    expect(outcomes(replies)).toEqual({ accepted: 1, already_answered: RACERS - 1 });
    const types = (await given.rows("interview", id)).map(({ event_type }) => event_type);
    // The first was for the wish.
    expect(types.filter((type) => type === "interview.scored")).toHaveLength(2);
    expect(types.filter((type) => type === "interview.question.asked")).toHaveLength(2);
  });

  test("who come to the same result all count as one", async () => {
    const { id, work } = await answered();
    const hosts = await connections();
    const replies = await Promise.all(hosts.map((host) => host.work(work)));
    const { accepted, already_accepted = 0, ...rest } = outcomes(replies);
    expect({ accepted, both: accepted + already_accepted, rest }).toEqual({ accepted: 1, both: RACERS, rest: {} });
    expect((await read(id)).rounds).toHaveLength(2);
  });
});

describe("an answer that is changed while somebody thinks about it", () => {
  test("makes the thoughts worthless: they are not recorded, and the work is for what is said now", async () => {
    const { id, work, host } = await answered();
    await host.reply("ouroboros_interview", {
      action: "amend",
      session_id: id,
      round: 1,
      answer: "Something else altogether",
    });
    const next = viewOf(await host.work(work));
    expect(next.status).toBe("needs_host");
    expect(next.work?.work_id).not.toBe(work.work_id);
    expect(next.work?.input).toContain("Something else altogether");
    expect(currentAssessment(await read(id))).toBeUndefined();
    const settled = viewOf(await host.work(next.work));
    expect(settled).toMatchObject({ status: "question", round: 2, ambiguity: { stale: false } });
  });

  test("in the very moment in which the scores are written makes them worthless too", async () => {
    const { id, work } = await answered();
    const [other] = await connections();
    const amend = once(() =>
      other?.reply("ouroboros_interview", {
        action: "amend",
        session_id: id,
        round: 1,
        answer: "Changed at the last moment",
      }),
    );
    const between = interfered(given.context, {
      beforeWrite: async (statements) => {
        if (statements.some(({ args }) => Array.isArray(args) && args.includes("interview.scored"))) await amend();
      },
    });
    await new InterviewHost(between, thinks).work(work);
    const interview = await read(id);
    expect(answeredRounds(interview)[0]?.answer).toMatchObject({
      text: "Changed at the last moment",
      earlier: ["First answer"],
    });
    expect(currentAssessment(interview)).toBeUndefined();
    expect(pendingRound(interview)).toBeUndefined();
  });

  test("is changed back: the scores from before are used, and nobody is asked again", async () => {
    const { id, host, work } = await answered();
    await host.work(work);
    await host.interview({ action: "amend", session_id: id, round: 1, answer: "Something else" });
    const rows = await given.rowCount();
    const back = viewOf(
      await host.reply("ouroboros_interview", { action: "amend", session_id: id, round: 1, answer: "First answer" }),
    );
    expect(back).toMatchObject({ status: "question", ambiguity: { stale: false } });
    const types = (await given.rowsAfter(rows)).map(({ event_type }) => event_type);
    expect(types).toEqual(["interview.response.amended", "interview.scored", "interview.question.asked"]);
  });
});

test("of several who start an interview under one id, one starts it, and the others are told that it is there", async () => {
  const hosts = await connections();
  const replies = await Promise.all(
    hosts.map((host, n) =>
      host.reply("ouroboros_interview", {
        initial_context: `Wish ${n}`,
        interview_id: "interview_0123456789abcdef",
        cwd: given.home,
      }),
    ),
  );
  const refused = replies.filter(isRefusal);
  expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: RACERS - 1 }, () => "interview_exists"));
  const begun = replies.findIndex((reply) => !isRefusal(reply));
  expect((await read("interview_0123456789abcdef")).context).toBe(`Wish ${begun}`);
});

test("an answer that is taken back while another one is given leaves one of two orders, and never half of one", async () => {
  const { id, host } = await started();
  await host.interview({ session_id: id, answer: "First", round: 1 });
  const [one, other] = await connections();
  const replies = await Promise.all([
    one?.reply("ouroboros_interview", { action: "undo", session_id: id }),
    other?.reply("ouroboros_interview", { session_id: id, answer: "Second", round: 2 }),
  ]);
  const texts = await answersOf(id);
  const second = replies[1];
  // Undone first, round 2 does not exist yet; answered first, it is round 2 that is taken back.
  if (second && isRefusal(second)) expect([texts, second.code]).toEqual([[], "round_answered"]);
  else expect(texts).toEqual(["First"]);
});

async function started() {
  const host = new InterviewHost(given.context, thinks);
  const view = await host.interview({ initial_context: "A wish for bread", cwd: given.home });
  return { id: view.session_id, view, host };
}

/** An interview whose first answer is there and has not been thought about. */
async function answered() {
  const { id, host } = await started();
  const { work } = viewOf(
    await host.reply("ouroboros_interview", { session_id: id, answer: "First answer", round: 1 }),
  );
  if (!work) throw new Error("There is no work");
  return { id, host, work };
}

async function connections(): Promise<InterviewHost[]> {
  for (let n = 0; n < RACERS; n++) others.push(await openContext(place()));
  return others.map((context) => new InterviewHost(context, thinks));
}

function place(): StoreHome {
  return { home: given.home, path: `${given.home}/ouroboros.db`, truth: [], [Symbol.asyncDispose]: async () => {} };
}

async function onlyOneCounts(id: string, said: readonly string[], beginning: string): Promise<void> {
  expect(said.toSorted()).toEqual([...Array.from({ length: RACERS - 1 }, () => "round_answered"), "won"]);
  expect(await answersOf(id)).toEqual([`${beginning} ${said.indexOf("won")}`]);
  const recorded = (await given.rows("interview", id)).filter(
    ({ event_type }) => event_type === "interview.response.recorded",
  );
  expect(recorded).toHaveLength(1);
}

function outcomes(replies: readonly Reply[]): Record<string, number> & { accepted: number } {
  const counts: Record<string, number> & { accepted: number } = { accepted: 0 };
  for (const reply of replies) {
    const outcome = isRefusal(reply) ? refusalOf(reply).code : String(reply.value.outcome);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

async function answersOf(id: string): Promise<string[]> {
  return answeredRounds(await read(id)).map(({ answer }) => answer.text);
}

async function read(id: string): Promise<Interview> {
  const interview = await readInterview(given.context.store, id);
  if (!interview) throw new Error("The interview is gone");
  return interview;
}
