// From a sentence to a seed without the person: what is decided for them, what is not, and where it stops.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import type { AutoState } from "../../src/domain/auto/auto-state.ts";
import { parseSeed } from "../../src/domain/seed/seed.ts";
import { readInterview } from "../../src/store/interviews.ts";
import { listSeeds, readSeed } from "../../src/store/seeds.ts";
import { autoText } from "../../src/views/auto-text.ts";
import { advanceAuto } from "../../src/workflows/auto/advance-auto.ts";
import type { AutoCall, AutoProgress } from "../../src/workflows/auto/auto-call.ts";
import { startAuto } from "../../src/workflows/auto/start-auto.ts";
import { abortInterview } from "../../src/workflows/interview/end-interview.ts";
import { amendAnswer } from "../../src/workflows/interview/record-answer.ts";
import { WISH } from "../e2e/support/interview-story.ts";
import { AutoMind, DECISION } from "../support/auto-mind.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";

setDefaultTimeout(30_000);

let given: GivenStore;
beforeAll(async () => {
  given = await givenStore();
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

const CALL: AutoCall = {
  by: "test",
  host: { host_session_id: null, project_dir: null },
  hasHost: false,
  continuation: null,
  tell: async () => {},
};
const ROUND = ["interview.turn", "auto.assume"];
const WAY = [...ROUND, ...ROUND, ...ROUND, ...ROUND, "interview.turn", "seed.draft"];

type Bounds = Parameters<typeof startAuto>[1]["bounds"];

async function begun(mind: AutoMind, { bounds = {} as Bounds, preferences = {} } = {}) {
  const context = { ...given.context, minds: mind };
  const request = { goal: WISH, cwd: given.home, skipRun: true, bounds, preferences, by: "test" };
  const { auto_id } = done(await startAuto(context, request));
  const goOn = async (call: Partial<AutoCall> = {}) => {
    return done(await advanceAuto(context, auto_id, { ...CALL, ...call }, new AbortController().signal));
  };
  return { auto_id, context, goOn };
}

function done<T extends object>(value: T | Refusal): T {
  if (isRefusal(value)) throw new Error(`${value.code}: ${value.message}`);
  return value;
}

test("one sentence becomes a seed; every decision is in the ledger, and the seed says that it was assumed", async () => {
  const mind = new AutoMind({ decides: (round) => ({ answer: `Decision ${round}` }) });
  const { goOn, auto_id } = await begun(mind);
  const { status, state } = await goOn();
  expect(status).toBe("complete");
  expect(mind.asked).toEqual(WAY);
  const { assumptions } = state.auto;
  expect(assumptions.map(({ round, answer }) => [round, answer])).toEqual(
    [1, 2, 3, 4].map((n) => [n, `Decision ${n}`]),
  );
  const interview = await readInterview(given.context.store, state.auto.interview_id);
  expect(interview?.rounds.map(({ answer }) => answer?.source)).toEqual(Array(4).fill("assumed"));
  const seed = parseSeed((await readSeed(given.context.store, state.auto.seed?.seed_id ?? ""))?.yaml ?? "");
  const provenance = done(seed).metadata.decision_provenance as { path: string; by: string }[];
  expect(provenance.find(({ path }) => path === "goal")?.by).toBe("person");
  expect(provenance.find(({ path }) => path === "acceptance_criteria.0")?.by).toBe("assumption");
  const text = autoText(state);
  for (const word of [
    auto_id,
    "Assumed in your place (4)",
    "Decision 3 (70 % sure)",
    DECISION.why,
    "or: Something larger",
  ]) {
    expect(text).toContain(word);
  }
  // Asked again it is what it was.
  expect((await goOn()).status).toBe("complete");
  expect(mind.asked).toEqual(WAY);
  expect(text).not.toContain("overruled");
  const { interview_id } = state.auto;
  done(await amendAnswer(given.context.store, interview_id, { round: 3, answer: "Otherwise", by: "user" }));
  expect(autoText((await goOn()).state)).toContain("overruled: Otherwise");
});

test("what the person has decided beforehand stands in the wish, as their word", async () => {
  const mind = new AutoMind();
  const { goOn } = await begun(mind, { preferences: { language: "POSIX shell", limits: { cups: 1 } } });
  const { state } = await goOn();
  expect(state.auto.goal).toBe(WISH);
  expect(state.interview?.context).toBe(
    `${WISH}\n\nDecided beforehand:\n- language: POSIX shell\n- limits: {"cups":1}`,
  );
  expect(mind.inputs[1]).toContain("- language: POSIX shell");
});

describe("a question that only the person can answer", () => {
  const asks = (round: number) => (round === 2 ? { ask_person: true, answer: "", why: "It costs money" } : {});

  test("is left to them: it stands still until they say, and their word is a person's", async () => {
    const mind = new AutoMind({ decides: asks });
    const { goOn } = await begun(mind);
    const { status, state } = await goOn();
    expect(status).toBe("blocked");
    expect(state.block).toMatchObject({
      code: "ask_person",
      round: 2,
      next: expect.stringContaining("It costs money"),
    });
    expect(state.auto.assumptions.map(({ round }) => round)).toEqual([1]);
    const asked = mind.asked.length;
    expect((await goOn()).status).toBe("blocked");
    expect(mind.asked).toHaveLength(asked);
    const after = await goOn({ answer: { text: "At most ten a month" } });
    expect(after.status).toBe("complete");
    expect(after.state.interview?.rounds[1]?.answer).toMatchObject({ text: "At most ten a month", source: "person" });
    expect(after.state.auto.assumptions.map(({ round }) => round)).toEqual([1, 3, 4]);
  });

  test("answered somewhere else, it is not asked again; and a form of an earlier question answers no later one", async () => {
    const { goOn } = await begun(new AutoMind({ decides: (round) => (round <= 2 ? { ...asks(2) } : {}) }));
    expect((await goOn()).state.block?.round).toBe(1);
    expect((await goOn({ answer: { text: "Yes", round: 1 } })).state.block?.round).toBe(2);
    const late = await goOn({ answer: { text: "Yes, too", round: 1 } });
    expect(late.state.block?.round).toBe(2);
    expect(late.state.interview?.rounds[1]?.answer).toBeNull();
  });

  test("is not there: an answer to nothing is refused", async () => {
    const { context, auto_id, goOn } = await begun(new AutoMind());
    await goOn();
    const call = { ...CALL, answer: { text: "Hm" } };
    const refused = await advanceAuto(context, auto_id, call, new AbortController().signal);
    expect(refused).toMatchObject({ code: "no_open_question" });
  });
});

describe("what it may take is asked before every question", () => {
  const stopped = async (bounds: Bounds, takes: { tokens?: number; cost_usd?: number }) => {
    const mind = new AutoMind({ takes });
    const { goOn } = await begun(mind, { bounds });
    const { status, state } = await goOn();
    const again = await goOn();
    expect(again.status).toBe(status);
    return { status, code: state.block?.code, asked: mind.asked.length };
  };

  test.each([
    ["tokens", { tokens: 25 }, { tokens: 10 }, "token_budget", 3],
    ["money", { cost_usd: 0.05 }, { cost_usd: 0.01 }, "money_budget", 5],
    ["time", { hours: 0 }, {}, "wall_clock_exhausted", 0],
  ] as const)("%s", async (_, bounds, takes, code, questions) => {
    const { status, code: found, asked } = await stopped(bounds, takes);
    expect([status, found]).toEqual(["blocked", code]);
    expect(asked).toBe(questions);
  });

  test("rounds: it says what is unclear, and goes on from an interview that somebody else has ended", async () => {
    const mind = new AutoMind();
    const { goOn } = await begun(mind, { bounds: { max_interview_rounds: 2 } });
    const { status, state } = await goOn();
    expect([status, state.block?.code]).toEqual(["blocked", "not_clear_yet"]);
    expect(state.block?.message).toContain("2 of at least 3 questions are answered");
    expect(state.auto.assumptions).toHaveLength(2);
  });

  test("clear once is enough where no further round is allowed", async () => {
    const stop = (kind: string) => {
      if (kind === "seed.draft") throw new Error("a seed is asked for");
    };
    const mind = new AutoMind({ before: stop });
    const { goOn } = await begun(mind, { bounds: { max_interview_rounds: 3 } });
    await expect(goOn()).rejects.toThrow("a seed is asked for");
    expect(mind.asked).toEqual([...ROUND, ...ROUND, ...ROUND, "interview.turn", "seed.draft"]);
  });
});

test("two who have it go on at once take each step once", async () => {
  const mind = new AutoMind({ decides: (round) => ({ answer: `Decision ${round}` }) });
  const { goOn, auto_id } = await begun(mind);
  const seedsBefore = (await listSeeds(given.context.store, { limit: 100 })).length;
  const [one, other] = await Promise.all([goOn(), goOn()]);
  expect([one.status, other.status]).toEqual(["complete", "complete"]);
  const types = (await given.rows("auto", auto_id)).map(({ event_type }) => event_type);
  expect(types.filter((type) => type.startsWith("auto."))).toEqual([
    "auto.started",
    ...Array(4).fill("auto.assumed"),
    "auto.seeded",
  ]);
  expect(await listSeeds(given.context.store, { limit: 100 })).toHaveLength(seedsBefore + 1);
});

test("a caller that waits no longer is told so; the thought goes on, and the next call has it", async () => {
  const { promise: isThought, resolve: think } = Promise.withResolvers<void>();
  const mind = new AutoMind({ before: (kind) => (kind === "auto.assume" ? isThought : undefined) });
  const { goOn } = await begun(mind);
  for (const patience of [50, 0, 50]) {
    const waited = await goOn({ deadline: performance.now() + patience });
    expect(waited).toMatchObject({ status: "running", session: null, state: { phase: "interview" } });
  }
  expect(mind.asked).toEqual(ROUND);
  think();
  expect((await goOn()).status).toBe("complete");
  expect(mind.asked.filter((kind) => kind === "seed.draft")).toHaveLength(1);
});

test("one that dies between a decision and its answer goes on with that decision", async () => {
  let left = 4;
  const mind = new AutoMind({
    decides: (round) => ({ answer: `Decision ${round}, by ${mind.asked.length}` }),
    before: () => {
      if (left-- === 0) throw new Error("killed");
    },
  });
  const { goOn, context, auto_id } = await begun(mind);
  await expect(goOn()).rejects.toThrow("killed");
  const { interview_id } = (await goOn()).state.auto;
  const rows = await given.rows("interview", interview_id);
  expect(rows.filter(({ event_type }) => event_type === "interview.started")).toHaveLength(1);
  const state: AutoState = (await goOn()).state;
  const said = state.interview?.rounds.map(({ answer }) => answer?.text);
  expect(said).toEqual(state.auto.assumptions.map(({ answer }) => answer));
  expect(context.store).toBe(given.context.store);
  expect(auto_id).toMatch(/^auto_[0-9a-f]{12}$/);
});

test("an interview that was given up is the end of it", async () => {
  const { goOn } = await begun(new AutoMind({ decides: () => ({ ask_person: true }) }));
  const { state } = await goOn();
  await abortInterview(given.context.store, state.auto.interview_id, { by: "test", reason: null });
  const progress: AutoProgress = await goOn();
  expect([progress.status, progress.state.block?.code]).toEqual(["failed", "interview_aborted"]);
});

test.each([
  ["no goal", { goal: "  " }, "bad_goal"],
  ["no folder", { cwd: "/nowhere/at/all" }, "bad_cwd"],
  ["a goal nobody can take in", { goal: "x".repeat(60_000) }, "goal_too_long"],
])("nothing is begun with %s", async (_, wrong, code) => {
  const before = await given.rowCount();
  const request = { goal: WISH, cwd: given.home, skipRun: true, bounds: {}, by: "test", ...wrong };
  expect(await startAuto(given.context, request)).toMatchObject({ code });
  expect(await given.rowCount()).toBe(before);
});
