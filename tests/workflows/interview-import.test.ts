// Interviews that upstream's program keeps in files: taken in when they are first seen, gone on with, and scored before they count.
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { answeredRounds, type Interview, pendingRound } from "../../src/domain/interview/interview.ts";
import { listInterviews, readInterview } from "../../src/store/interviews.ts";
import { importInterviews } from "../../src/workflows/interview/import-interview.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import { agreeable, InterviewHost, refusalOf, viewOf } from "../support/interview-host.ts";

setDefaultTimeout(30_000);

const OLD = "interview_20250601_115500";
const NEW = "interview_0a1b2c3d4e5f6071";

let given: GivenStore;
let host: InterviewHost;
beforeEach(async () => {
  given = await givenStore();
  host = new InterviewHost(
    given.context,
    agreeable(() => 0.9),
  );
  await mkdir(join(given.home, "data"));
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
});

/** As the first generation writes it: a round has its question before its answer, and the score stands beside. */
function firstGeneration(id: string, more: object = {}) {
  return {
    interview_id: id,
    status: "in_progress",
    rounds: [
      round(1, "What is sold?", "[from-user] Bread and rolls"),
      round(2, "In what is it written?", "[from-code] Django 4"),
      round(3, "How is it paid?", "Cash only"),
      round(4, "Who bakes?", null),
    ],
    initial_context: "A shop for a bakery",
    created_at: "2025-06-01T11:55:00.123456Z",
    updated_at: "2025-06-01T12:10:00.123456Z",
    is_brownfield: false,
    codebase_paths: [],
    codebase_context: "",
    explore_completed: false,
    ambiguity_score: 0.11,
    ambiguity_breakdown: { goal_clarity: { name: "Goal", clarity_score: 0.9, weight: 0.4, justification: "fine" } },
    ...more,
  };
}

/** As the second generation does, which keeps more beside it. */
function secondGeneration(id: string, more: object = {}) {
  return {
    ...firstGeneration(id),
    completion_candidate_streak: 1,
    lateral_review_advised_milestones: ["refined"],
    reference_cues: [],
    reference_resolutions: {},
    pending_confused_terms: null,
    requirement_input_revision: 7,
    ...more,
  };
}

describe.each([
  ["first", OLD, firstGeneration],
  ["second", NEW, secondGeneration],
] as const)("an interview of the %s generation", (_, id, state) => {
  test("is there when it is first asked for, with its open question, and is imported once", async () => {
    await put(id, state(id));
    const view = viewOf(await reply({ session_id: id, action: "status" }));
    expect(view).toMatchObject({ session_id: id, status: "question", round: 4, answered_rounds: 3, ambiguity: null });
    expect(view.question?.text).toBe("Who bakes?");
    const interview = await read(id);
    expect(interview).toMatchObject({ context: "A shop for a bakery", kind: "developer", upstream_score: 0.11 });
    expect(answeredRounds(interview).map(({ answer }) => [answer.text, answer.source])).toEqual([
      ["Bread and rolls", "person"],
      ["Django 4", "code"],
      ["Cash only", "person"],
    ]);
    const rows = await given.rowCount();
    await reply({ session_id: id, action: "status" });
    expect(await importInterviews(given.context.store, given.home)).toBe(0);
    expect(await given.rowCount()).toBe(rows);
  });

  test("is gone on with from its open question to a seed; upstream's score makes none, ours does", async () => {
    await put(id, state(id));
    const first = viewOf(await host.reply("ouroboros_generate_seed", { session_id: id }));
    // Scored 0.11 there, and by nobody here.
    expect(first).toMatchObject({ status: "needs_host", ambiguity_score: null });
    let view = await host.interview({ session_id: id, round: 4, answer: "I do, from three in the morning" });
    expect(view).toMatchObject({ answered_rounds: 4, ambiguity: { stale: false } });
    expect(view.ambiguity?.score).toBeCloseTo(0.1, 9);
    view = await host.call("ouroboros_generate_seed", { session_id: id });
    expect(view.status).toBe("generated");
    expect(await read(id)).toMatchObject({ status: "completed", seeds: [{ seed_id: view.seed_id }] });
  });

  test("is left as it is in its file", async () => {
    await put(id, state(id));
    const before = await readFile(fileOf(id), "utf8");
    await host.interview({ session_id: id, round: 4, answer: "I do" });
    expect(await readFile(fileOf(id), "utf8")).toBe(before);
  });
});

test("all of them are listed after an import, each once, whatever else lies in the folder", async () => {
  await put(OLD, firstGeneration(OLD));
  await put(NEW, secondGeneration(NEW, { status: "completed", rounds: firstGeneration(NEW).rounds.slice(0, 3) }));
  await put("interview_20250601_115501", firstGeneration("x", { status: "aborted" }));
  for (const name of [`interview_${OLD}.json.lock`, "notes.txt", "interview_.json", "interview_interview_UPPER.json"]) {
    await writeFile(join(given.home, "data", name), "{}");
  }
  expect(await importInterviews(given.context.store, given.home)).toBe(3);
  const listed = await listInterviews(given.context.store, 100);
  expect(Object.fromEntries(listed.map(({ interview_id, status }) => [interview_id, status]))).toEqual({
    [OLD]: "in_progress",
    [NEW]: "completed",
    interview_20250601_115501: "aborted",
  });
});

test("one that was completed there is scored here before it becomes a seed", async () => {
  await put(NEW, secondGeneration(NEW, { status: "completed", rounds: firstGeneration(NEW).rounds.slice(0, 3) }));
  const unclear = new InterviewHost(
    given.context,
    agreeable(() => 0.3),
  );
  const { work } = viewOf(await unclear.reply("ouroboros_generate_seed", { session_id: NEW }));
  const refused = refusalOf(await unclear.work(work));
  expect(refused.code).toBe("not_clear_yet");
  expect(refused.message).toContain("before it was clear");
  expect((await read(NEW)).seeds).toEqual([]);
  // Reopened by an answer to another question, it goes on.
  const view = await host.interview({ session_id: NEW, last_question: "Who bakes?", answer: "I do" });
  expect(view).toMatchObject({ answered_rounds: 4, ambiguity: { ready: true } });
  expect((await host.call("ouroboros_generate_seed", { session_id: NEW })).status).toBe("generated");
});

test("one that was given up there stays so", async () => {
  await put(OLD, firstGeneration(OLD, { status: "aborted" }));
  expect(viewOf(await reply({ session_id: OLD })).status).toBe("aborted");
  expect(refusalOf(await reply({ session_id: OLD, round: 4, answer: "I do" })).code).toBe("interview_aborted");
  expect(refusalOf(await host.reply("ouroboros_generate_seed", { session_id: OLD, force: true })).code).toBeTruthy();
});

test("one held with a product manager is one here too", async () => {
  await put(OLD, firstGeneration(OLD));
  const meta = { deferred_items: ["x"], decide_later_items: [], cwd: "", status: "interview_started" };
  await writeFile(join(given.home, "data", `pm_meta_${OLD}.json`), JSON.stringify(meta));
  await reply({ session_id: OLD, action: "status" });
  expect((await read(OLD)).kind).toBe("product");
});

test("what it knew of the code comes along, as data for whoever asks on", async () => {
  const codebase_paths = [{ path: "/srv/shop", role: "primary" }];
  const state = firstGeneration(OLD, { is_brownfield: true, codebase_paths, codebase_context: "Django 4, 12 models" });
  await put(OLD, { ...state, rounds: state.rounds.slice(0, 3) });
  const { work } = viewOf(await reply({ session_id: OLD }));
  expect(JSON.parse(work?.input ?? "[]")[0]).toEqual({
    round: 0,
    wish: "A shop for a bakery",
    project: "Django 4, 12 models",
  });
  expect(await read(OLD)).toMatchObject({ is_brownfield: true, cwd: "/srv/shop" });
});

test("one that somebody else imports at the same moment is imported once", async () => {
  await put(OLD, firstGeneration(OLD));
  const replies = await Promise.all(Array.from({ length: 4 }, () => reply({ session_id: OLD, action: "status" })));
  expect(replies.map((one) => viewOf(one).round)).toEqual([4, 4, 4, 4]);
  const rows = await given.rows("interview", OLD);
  expect(rows.map(({ event_type }) => event_type)).toEqual(["interview.imported"]);
});

test("what upstream writes into the store about it later changes nothing of ours", async () => {
  await put(OLD, firstGeneration(OLD));
  await reply({ session_id: OLD, action: "status" });
  const before = await read(OLD);
  await given.appendRow({ type: "interview.completed", aggregate: "interview", id: OLD, payload: { total_rounds: 4 } });
  expect(await read(OLD)).toEqual(before);
  expect((await host.interview({ session_id: OLD, round: 4, answer: "I do" })).answered_rounds).toBe(4);
});

describe("a file that is", () => {
  test.each<[string, string | object]>([
    ["cut off", JSON.stringify(firstGeneration(OLD)).slice(0, -40)],
    ["empty", ""],
    ["no JSON", "interview: yes"],
    ["a list", "[]"],
    ["nothing", "null"],
    ["of an object that says nothing yet", "{}"],
    ["of wrong types", firstGeneration(OLD, { rounds: [{ question: 7 }] })],
    ["of rounds that are none", firstGeneration(OLD, { rounds: "many" })],
    ["of a context that is no text", firstGeneration(OLD, { initial_context: { a: 1 } })],
    ["binary", "\u0000\u0001"],
  ])("%s is no interview, and stops no other from being imported", async (_, content) => {
    await put(OLD, content);
    await put(NEW, secondGeneration(NEW));
    expect(refusalOf(await reply({ session_id: OLD })).code).toBe("not_found");
    expect(await importInterviews(given.context.store, given.home)).toBe(1);
    // Repaired, or written to its end, it is there.
    await put(OLD, firstGeneration(OLD));
    expect(viewOf(await reply({ session_id: OLD, action: "status" })).round).toBe(4);
  });

  test("a pipe holds nobody up", async () => {
    expect(spawnSync("mkfifo", [fileOf(OLD)]).status).toBe(0);
    expect(await importInterviews(given.context.store, given.home)).toBe(0);
    expect(refusalOf(await reply({ session_id: OLD })).code).toBe("not_found");
  });

  test("a link into nowhere, or to a folder, is nothing", async () => {
    await symlink("/nowhere/at/all", fileOf(OLD));
    await symlink(given.home, fileOf(NEW));
    expect(await importInterviews(given.context.store, given.home)).toBe(0);
  });

  test("of another interview by its content goes by the name of its file", async () => {
    await put(OLD, firstGeneration("interview_somebody_elses", {}));
    expect(viewOf(await reply({ session_id: OLD, action: "status" })).session_id).toBe(OLD);
    expect(refusalOf(await reply({ session_id: "interview_somebody_elses" })).code).toBe("not_found");
  });

  test("without what it need not say is imported as far as it says anything", async () => {
    await put(OLD, { rounds: [{ question: "Who bakes?" }] });
    expect(viewOf(await reply({ session_id: OLD, action: "status" }))).toMatchObject({ status: "question", round: 1 });
  });

  test("of rounds of which some were never answered keeps those that were, and the last question", async () => {
    const rounds = [
      round(1, "A?", "a"),
      round(1, "A?", "a"),
      round(3, "Open?", null),
      round(9, "B?", "b"),
      round(9, "Last?", null),
    ];
    await put(OLD, firstGeneration(OLD, { rounds }));
    await reply({ session_id: OLD, action: "status" });
    const { rounds: kept } = await read(OLD);
    expect(kept.map(({ number, question, answer }) => [number, question.text, answer?.text ?? null])).toEqual([
      [1, "A?", "a"],
      [2, "A?", "a"],
      [3, "B?", "b"],
      [4, "Last?", null],
    ]);
  });

  test("longer than people talk, ten thousand rounds, is imported whole", async () => {
    const rounds = Array.from({ length: 10_000 }, (_, index) =>
      round(index + 1, `Question ${index}?`, `Answer ${index}`),
    );
    await put(OLD, firstGeneration(OLD, { rounds }));
    expect(viewOf(await reply({ session_id: OLD, action: "status" })).answered_rounds).toBe(10_000);
  });

  test("longer than any interview is left where it is", async () => {
    await put(OLD, firstGeneration(OLD, { initial_context: "a".repeat(20_000_000) }));
    expect(refusalOf(await reply({ session_id: OLD })).code).toBe("not_found");
  });
});

test("a pending question of an imported interview is open for the person, and can be put off", async () => {
  await put(OLD, firstGeneration(OLD));
  const view = await host.interview({ session_id: OLD, round: 4, answer: "[decide_later]" });
  expect(view.answered_rounds).toBe(4);
  expect(answeredRounds(await read(OLD))[3]?.answer.source).toBe("later");
  expect(pendingRound(await read(OLD))).toBeDefined();
});

function round(round_number: number, question: string, user_response: string | null) {
  return { round_number, question, user_response, timestamp: "2025-06-01T11:56:00Z" };
}

function fileOf(id: string): string {
  return join(given.home, "data", `interview_${id}.json`);
}

async function put(id: string, content: string | object): Promise<void> {
  await writeFile(fileOf(id), typeof content === "string" ? content : JSON.stringify(content, null, 2));
}

function reply(args: unknown) {
  return host.reply("ouroboros_interview", args);
}

async function read(id: string): Promise<Interview> {
  const interview = await readInterview(given.context.store, id);
  if (!interview) throw new Error("The interview is gone");
  return interview;
}
