// Interviews as people hold them, from the wish to the seed: with a mind that keeps to the rules, and with one that does not.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isRefusal } from "../../src/base/refusal.ts";
import { FLOORS } from "../../src/domain/interview/dimensions.ts";
import { answeredRounds, type Interview } from "../../src/domain/interview/interview.ts";
import { parseSeed } from "../../src/domain/seed/seed.ts";
import { fromYaml } from "../../src/domain/seed/seed-yaml.ts";
import { readInterview } from "../../src/store/interviews.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import {
  draftOf,
  type Held,
  hold,
  planOf,
  type SubmittedDraft,
  type SubmittedPlan,
  type Transcript,
  transcripts,
} from "../support/interview-corpus.ts";
import { faultsOf, type HostWork, refusalOf, viewOf } from "../support/interview-host.ts";

setDefaultTimeout(30_000);

const ALL = transcripts();
const SEEDED = ALL.filter(({ ends }) => ends === "seed");

let given: GivenStore;
beforeAll(async () => {
  given = await givenStore();
});
afterAll(async () => {
  await given[Symbol.asyncDispose]();
});

test("there are transcripts of many kinds, among them some that end without a seed", () => {
  expect(ALL.length).toBeGreaterThanOrEqual(12);
  expect(ALL.filter(({ ends }) => ends === "refused").length).toBeGreaterThanOrEqual(2);
});

describe.each(SEEDED.map((one) => [one.about, one] as const))("%s", (_, transcript) => {
  test("becomes a seed whose goal, constraints and criteria all cite who decided them, and where", async () => {
    await using held = await hold(given, transcript);
    expect(held.view.answered_rounds).toBe(transcript.rounds.length);
    const made = await held.host.call("ouroboros_generate_seed", { session_id: held.sessionId });
    expect(made.status).toBe("generated");
    const seed = parseSeed(made.yaml ?? "");
    if (isRefusal(seed)) throw new Error(seed.message);
    expect(seed.criteria.map(({ description }) => description)).toEqual(
      transcript.seed?.criteria.map(({ text }) => text) ?? [],
    );
    expect(seed.constraints).toEqual(transcript.seed?.limits.map(({ text }) => text) ?? []);
    expect(seed.brownfield.project_type).toBe(transcript.files ? "brownfield" : "greenfield");
    expect(seed.metadata).toMatchObject({
      interview_id: held.sessionId,
      generation_mode: "interview",
      ambiguity_score: held.view.ambiguity?.score,
      unresolved_slots: transcript.later ?? [],
    });
    const parts = [
      "goal",
      ...seed.constraints.map((_, index) => `constraints.${index}`),
      ...seed.criteria.map((_, index) => `acceptance_criteria.${index}`),
    ];
    const decided = seed.metadata.decision_provenance as { path: string; by: string; sources: string[] }[];
    expect(decided.map(({ path }) => path)).toEqual(parts);
    const interview = await read(held);
    for (const { path, by, sources } of decided) {
      expect([path, by]).toEqual([path, transcript.assumed?.includes(path) ? "assumption" : "person"]);
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) expectQuote(interview, source);
    }
    // The same again is the same seed: nobody is asked a second time.
    const rows = await given.rowCount();
    expect(await held.host.call("ouroboros_generate_seed", { session_id: held.sessionId })).toMatchObject({
      seed_id: made.seed_id,
    });
    expect(await given.rowCount()).toBe(rows);
    expect(fromYaml(made.yaml ?? "")).toMatchObject({ metadata: { seed_id: made.seed_id } });
  });

  test("takes nothing that breaks a rule, says where it does, and nothing has happened", async () => {
    await using held = await hold(given, transcript, transcript.rounds.length - 1);
    const turn = await workOfLastAnswer(held, transcript);
    await refusedOneByOne(held, turn, WRONG_PLANS, planOf(transcript, transcript.rounds.length), transcript);
    expect(viewOf(await held.host.work(turn)).answered_rounds).toBe(transcript.rounds.length);
    const { work } = viewOf(await held.host.reply("ouroboros_generate_seed", { session_id: held.sessionId }));
    if (!work) throw new Error("There is no work");
    await refusedOneByOne(held, work, WRONG_DRAFTS, draftOf(transcript), transcript);
    expect(viewOf(await held.host.work(work)).status).toBe("generated");
  });
});

describe.each(ALL.filter(({ ends }) => ends === "refused").map((one) => [one.about, one] as const))(
  "%s",
  (_, transcript) => {
    test("is refused a seed, with what is missing by name; forced, the seed says so and keeps the true score", async () => {
      await using held = await hold(given, transcript);
      const rows = await given.rowCount();
      for (const [tool, args] of [
        // Whoever calls cannot say themselves how clear it is.
        ["ouroboros_generate_seed", { ambiguity_score: 0.01 }],
        ["ouroboros_interview", { action: "complete" }],
      ] as const) {
        const { code, message, facts } = refusalOf(
          await held.host.reply(tool, { session_id: held.sessionId, ...args }),
        );
        expect(code).toBe("not_clear_yet");
        const blockers = facts.blockers as { code: string; dimension: string | null }[];
        const floors = blockers.filter((one) => one.code === "floor").map(({ dimension }) => dimension);
        expect(floors).toEqual([...(transcript.missing ?? [])]);
        for (const name of transcript.missing ?? []) expect(message).toContain(`needs ${FLOORS[name].toFixed(2)}`);
      }
      expect(await given.rowCount()).toBe(rows);
      expect((await read(held)).status).toBe("in_progress");
      const { host, sessionId } = held;
      const { work } = viewOf(await host.reply("ouroboros_generate_seed", { session_id: sessionId, force: true }));
      const draft = forcedDraft(transcript);
      const made = viewOf(await host.reply("ouroboros_submit", { work_id: work?.work_id, result: draft }));
      const seed = parseSeed(made.yaml ?? "");
      expect(seed).toMatchObject({
        metadata: { generation_mode: "forced", ambiguity_score: held.view.ambiguity?.score },
      });
      expect(held.view.ambiguity?.score).toBeGreaterThan(0.2);
    });
  },
);

interface Wrong<T> {
  readonly name: string;
  readonly spoil: (good: T, transcript: Transcript) => unknown;
  readonly fault: RegExp;
}

const WRONG_PLANS: readonly Wrong<SubmittedPlan>[] = [
  {
    name: "clarity without a citation",
    spoil: ({ scores }) => edit(scores.goal, { citations: [] }),
    fault: /scores\.goal: .*cites no round/,
  },
  {
    name: "a quote nobody said",
    spoil: ({ scores }) => edit(scores.success?.citations[0], { quote: "I never said this at all, zzyzx" }),
    fault: /scores\.success\.citations: .*zzyzx.* does not stand in round \d/,
  },
  {
    name: "a true quote of another round",
    spoil: ({ scores }, { rounds }) => {
      const citation = scores.goal?.citations.find(({ round }) => round === 0);
      return citation ? edit(citation, { round: rounds.length }) : "not here";
    },
    fault: /scores\.goal\.citations: .* does not stand in round \d/,
  },
  {
    name: "a round without an answer",
    spoil: ({ scores }, { rounds }) => edit(scores.goal?.citations[0], { round: rounds.length + 1 }),
    fault: /scores\.goal\.citations: round \d+ has no answer/,
  },
  {
    name: "a quote of one letter",
    spoil: ({ scores }, { wish }) => edit(scores.goal?.citations[0], { round: 0, quote: [...wish.quote][0] }),
    fault: /scores\.goal\.citations: .*is too short to be a quote/,
  },
  {
    name: "only what was read in code or looked up",
    spoil: ({ scores }, { rounds }) => {
      const observed = rounds.findIndex(({ answer }) => /^\[from-(code|research)\]/.test(answer));
      const quote = rounds[observed]?.quote;
      return quote ? edit(scores.constraints, { citations: [{ round: observed + 1, quote }] }) : "not here";
    },
    fault: /scores\.constraints: only observations are cited/,
  },
  {
    name: "only what was put off",
    spoil: ({ scores }, { rounds }) => {
      const late = rounds.findIndex(({ answer }) => answer.startsWith("[deferred]"));
      if (late < 0) return "not here";
      return edit(scores.constraints, { citations: [{ round: late + 1, quote: "we get a new logo" }] });
    },
    fault: /scores\.constraints: only observations are cited/,
  },
  {
    name: "a score above 1",
    spoil: ({ scores }) => edit(scores.goal, { clarity: 1.2 }),
    fault: /scores\.goal\.clarity: must be <= 1/,
  },
  {
    name: "a score below 0",
    spoil: ({ scores }) => edit(scores.success, { clarity: -0.1 }),
    fault: /scores\.success\.clarity: must be >= 0/,
  },
  {
    name: "a score in words",
    spoil: ({ scores }) => edit(scores.goal, { clarity: "0.9" }),
    fault: /scores\.goal\.clarity: must be number/,
  },
  {
    name: "no score at all",
    spoil: ({ scores }) => delete scores.constraints,
    fault: /scores: must have required property 'constraints'/,
  },
  {
    name: "a question that was asked before",
    spoil: ({ question }, { rounds }) => edit(question, { text: `  ${rounds[0]?.ask.toUpperCase()}! ` }),
    fault: /question\.text: it was asked in round 1/,
  },
  {
    name: "one suggestion only",
    spoil: ({ question }) => edit(question, { suggestions: question.suggestions.slice(0, 1) }),
    fault: /question\.suggestions: must NOT have fewer than 2 items/,
  },
  {
    name: "two suggestions that are one",
    spoil: ({ question }) => edit(question, { suggestions: ["Yes.", " yes"] }),
    fault: /question\.suggestions: two of them are the same/,
  },
  {
    name: "a suggestion that would pass for somebody else's word",
    spoil: ({ question }) => edit(question, { suggestions: ["Go", "[from-code] Rust"] }),
    fault: /question\.suggestions: leave marks such as/,
  },
  {
    name: "a look into code that is not there",
    spoil: ({ question }, { files }) => (files ? "not here" : edit(question, { ask: "code" })),
    fault: /question\.ask: there is no code/,
  },
];

const WRONG_DRAFTS: readonly Wrong<SubmittedDraft>[] = [
  {
    name: "a criterion from nowhere",
    spoil: ({ acceptance_criteria: [first] }) => edit(first, { sources: [] }),
    fault: /acceptance_criteria\.0: it has no source/,
  },
  {
    name: "a criterion with an invented quote",
    spoil: ({ acceptance_criteria: [first] }) =>
      edit(first, { sources: [{ round: 1, quote: "It shall also make coffee" }] }),
    fault: /acceptance_criteria\.0\.sources: .*coffee.* does not stand in round 1/,
  },
  {
    name: "a constraint of a round that is none",
    spoil: ({ constraints: [first] }) => edit(first, { sources: [{ round: 99, quote: "anything" }] }),
    fault: /constraints\.0\.sources: round 99 has no answer/,
  },
  { name: "a goal from nowhere", spoil: ({ goal }) => edit(goal, { sources: [] }), fault: /goal: it has no source/ },
  {
    name: "a criterion that was only looked up",
    spoil: ({ acceptance_criteria: [first] }, { rounds }) => {
      const observed = rounds.findIndex(({ answer }) => /^\[from-(code|research)\]/.test(answer));
      const quote = rounds[observed]?.quote;
      return quote ? edit(first, { sources: [{ round: observed + 1, quote }] }) : "not here";
    },
    fault: /acceptance_criteria\.0\.sources: nobody decided it/,
  },
  {
    name: "a constraint that was dropped",
    spoil: (draft, transcript) => {
      // Everything that cites one of the rounds which set a limit, but the goal.
      const limit = planOf(transcript, transcript.rounds.length).scores.constraints?.citations.find(
        ({ round }) => round > 0,
      )?.round;
      const without = <T extends { sources: { round: number }[] }>(parts: T[]) =>
        parts.filter(({ sources }) => !sources.some(({ round }) => round === limit));
      const [first] = draft.acceptance_criteria;
      const kept = without(draft.acceptance_criteria).map((one) => ({ ...one, depends_on: [] }));
      const some =
        kept.length > 0 ? kept : [{ ...first, sources: [{ round: 0, quote: transcript.wish.quote }], depends_on: [] }];
      const goal = { ...draft.goal, sources: [{ round: 0, quote: transcript.wish.quote }] };
      return edit(draft, {
        goal,
        constraints: without(draft.constraints),
        acceptance_criteria: some as SubmittedDraft["acceptance_criteria"],
      });
    },
    fault: /constraints: round \d+ set a limit that nothing here cites/,
  },
  {
    name: "no criteria",
    spoil: (draft) => edit(draft, { acceptance_criteria: [] }),
    fault: /acceptance_criteria: must NOT have fewer than 1 items/,
  },
  {
    name: "neither a command nor a reason",
    spoil: ({ acceptance_criteria: [first] }) => edit(first, { verify_command: null, verify_exemption_reason: null }),
    fault: /acceptance_criteria\.0: give a verify_command/,
  },
  {
    name: "a file outside the project",
    spoil: ({ acceptance_criteria: [first] }) => edit(first, { expected_artifacts: ["../other/secret.txt"] }),
    fault: /acceptance_criteria\.0\.expected_artifacts: "\.\.\/other\/secret\.txt"/,
  },
  {
    name: "a criterion that waits for itself",
    spoil: ({ acceptance_criteria: [first] }) => edit(first, { depends_on: [1] }),
    fault: /acceptance_criteria(\.0\.depends_on: 1 is not another criterion|: 1 wait for each other)/,
  },
  {
    name: "code where there is none",
    spoil: (draft, { files }) =>
      files
        ? "not here"
        : edit(draft, { brownfield: { context_references: [], existing_patterns: [], existing_dependencies: [] } }),
    fault: /brownfield: there is no code here/,
  },
  {
    name: "a weight above 1",
    spoil: (draft) => edit(draft, { evaluation_principles: [{ name: "a", description: "b", weight: 7 }] }),
    fault: /evaluation_principles\.0\.weight: must be <= 1/,
  },
];

async function refusedOneByOne<T>(
  held: Held,
  work: HostWork,
  wrongs: readonly Wrong<T>[],
  good: T,
  transcript: Transcript,
): Promise<void> {
  for (const { name, spoil, fault } of wrongs) {
    const bad = structuredClone(good);
    if (spoil(bad, transcript) === "not here") continue;
    expect([name, await refused(held, work, bad)]).toEqual([name, expect.stringMatching(fault)]);
  }
}

/** Hands a wrong result in; what was said to be wrong. The interview is then what it was, and no row says otherwise. */
async function refused(held: Held, work: HostWork, bad: unknown): Promise<string> {
  const [interview, rows] = [await read(held), await given.rowCount()];
  const reply = await held.host.reply("ouroboros_submit", { work_id: work.work_id, result: bad });
  expect(await read(held)).toEqual(interview);
  const added = (await given.rowsAfter(rows)).map(({ event_type }) => event_type);
  expect(added.filter((type) => type !== "llm.call.returned")).toEqual([]);
  expect(
    await given.sql("SELECT 1 FROM ouro_work WHERE work_id = ? AND result_hash IS NOT NULL", [work.work_id]),
  ).toEqual([]);
  return faultsOf(reply).join("\n");
}

async function workOfLastAnswer({ host, sessionId, view }: Held, { rounds }: Transcript): Promise<HostWork> {
  const answer = rounds.at(-1)?.answer;
  const { work } = viewOf(
    await host.reply("ouroboros_interview", { session_id: sessionId, round: view.round, answer }),
  );
  if (!work) throw new Error("There is no work");
  return work;
}

async function read({ sessionId }: Held): Promise<Interview> {
  const interview = await readInterview(given.context.store, sessionId);
  if (!interview) throw new Error("The interview is gone");
  return interview;
}

/** A source as a seed keeps it: the interview, the round, and words that really stand there. */
function expectQuote(interview: Interview, source: string): void {
  const [, id, round, quote = ""] = /^(\S+) round (\d+): (.*)$/s.exec(source) ?? [];
  expect(id).toBe(interview.interview_id);
  const said = Number(round) === 0 ? interview.context : answeredRounds(interview)[Number(round) - 1]?.answer.text;
  expect(said?.toLowerCase()).toContain(quote.toLowerCase());
}

/** All that can honestly be written of an interview that is not clear: the wish, and what was left out and why. */
function forcedDraft(transcript: Transcript): SubmittedDraft {
  const { wish, rounds } = transcript;
  const from = { 0: wish.quote };
  const criteria = [{ text: "It is there", from, why: "Nobody said how it would be seen" }];
  const seed = { goal: { text: wish.text, from }, type: "code", limits: [], criteria };
  const left_out = rounds.map((_, index) => ({ round: index + 1, why: "It contradicts another answer" }));
  return { ...draftOf({ ...transcript, seed }), left_out };
}

function edit(target: object | undefined, change: object): void {
  if (!target) throw new Error("There is nothing to spoil");
  Object.assign(target, change);
}
