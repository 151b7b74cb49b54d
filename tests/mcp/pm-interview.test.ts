// A product manager's interview over MCP, from the idea to the page, with a host that does its own thinking.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProductDocument } from "../../src/domain/product/product-document.ts";
import { registerProject, setDefault } from "../../src/store/projects.ts";
import { type GivenStore, givenStore } from "../support/given-store.ts";
import {
  faultsOf,
  type HostWork,
  InterviewHost,
  type Reply,
  refusalOf,
  type Thinks,
  viewOf,
} from "../support/interview-host.ts";
import { productMind } from "../support/product-mind.ts";

const PM = "ouroboros_pm_interview";
const ASKED = "llm.call.requested";
const IDEA = "A shopping list that a whole family shares";

let given: GivenStore;
let project: string;

beforeEach(async () => {
  given = await givenStore();
  project = await mkdtemp(join(tmpdir(), "ouroboros-product-"));
});
afterEach(async () => {
  await given[Symbol.asyncDispose]();
  await rm(project, { recursive: true, force: true });
});

const clearAfterThree = (answered: number) => (answered >= 3 ? 0.95 : 0.3);
const hostOf = (thinks: Thinks = productMind(clearAfterThree)) => new InterviewHost(given.context, thinks);
const saidBy = (reply: Reply) => viewOf(reply) as unknown as Record<string, unknown>;
const events = async (id: string) => (await given.rows("interview", id)).map(({ event_type }) => event_type);

/** One call, and whatever the host has to think for it. */
async function told(host: InterviewHost, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  return (await host.call(PM, args)) as unknown as Record<string, unknown>;
}

/** Holds a whole interview; the answer to each round in its turn. */
async function held(host: InterviewHost, answers: readonly string[], args: Record<string, unknown> = {}) {
  let now = await told(host, { initial_context: IDEA, cwd: project, ...args });
  for (const answer of answers) {
    if (now.status !== "question") break;
    now = await told(host, { session_id: now.session_id, answer, round: now.round });
  }
  return now;
}
const ANSWERS = [
  "Families with children",
  "[deferred]",
  "[decide_later] which stores",
  "It works on trains",
  "Offline first",
];

test("an idea becomes a page: each reply says what kind of question is open, and what was put off", async () => {
  const host = hostOf();
  const first = await told(host, { initial_context: IDEA, cwd: project });
  expect(first).toMatchObject({ status: "question", classification: "planning", is_complete: false });
  const second = await told(host, { session_id: first.session_id, answer: ANSWERS[0], round: 1 });
  expect(second).toMatchObject({ classification: "development", reframed_from: "Which database?" });
  expect(second.skip).toEqual({ eligible: false, answer: "[decide_later]" });
  const third = await told(host, { session_id: first.session_id, answer: "[deferred]", round: 2 });
  expect(third).toMatchObject({ classification: "later", deferred: ["Which database?"], decide_later: [] });
  expect(third.skip).toEqual({ eligible: true, answer: "[decide_later]" });

  const session_id = String(first.session_id);
  await told(host, { session_id, answer: ANSWERS[2], round: 3 });
  const last = await told(host, { session_id, answer: ANSWERS[3], round: 4 });
  expect(last).toMatchObject({
    status: "completed",
    is_complete: true,
    decide_later: ["What else, after 2 answers?"],
    next_action: { tool: PM, arguments: { session_id, action: "generate" } },
  });

  const made = await told(host, { session_id, action: "generate" });
  const pm_path = join(project, ".ouroboros", "pm.md");
  const pm_seed_path = join(given.home, "seeds", `pm_seed_${session_id}.json`);
  expect(made).toMatchObject({ status: "generated", pm_path, pm_seed_path, file_problem: null, forced: false });
  expect(made.next_action).toEqual({ tool: "ouroboros_interview", arguments: { context_file: pm_path, cwd: project } });
  expect(await readFile(pm_path, "utf8")).toStartWith(String(made.prd));
  expect(JSON.parse(await readFile(pm_seed_path, "utf8"))).toMatchObject({
    pm_id: `pm_seed_${session_id}`,
    interview_id: session_id,
    product_name: "Shopping list",
    user_stories: [{ persona: "a parent" }],
    technical_questions: ["Which database, after round 2"],
    decide_later_items: ["Left open in round 3"],
  });
});

test("what a terminal would obey and what is no character does not get into a document", async () => {
  const goal = "Shop \u001b[2Jonce\u0000 \ud800";
  const host = hostOf(productMind(clearAfterThree, (draft) => ({ ...draft, goal: { ...draft.goal, text: goal } })));
  const { session_id } = await held(host, ANSWERS);
  const made = await told(host, { session_id, action: "generate" });
  const written = readProductDocument(await readFile(String(made.pm_seed_path), "utf8"));
  expect(written?.goal).toBe("Shop [2Jonce \ufffd");
  expect(String(made.prd)).toContain("Shop \\[2Jonce \ufffd");
  expect(await told(host, { session_id, action: "generate" })).toEqual(made);
});

test("a document is made once: again, nobody is asked, and its files are put back", async () => {
  const host = hostOf();
  const { session_id } = await held(host, ANSWERS);
  const made = await told(host, { session_id, action: "generate" });
  await rm(join(project, ".ouroboros"), { recursive: true });
  await rm(String(made.pm_seed_path));
  const nobody = hostOf(() => {
    throw new Error("Somebody was asked");
  });
  expect(await told(nobody, { session_id, action: "generate" })).toEqual(made);
  expect(await readFile(String(made.pm_path), "utf8")).toStartWith(String(made.prd));
  expect((await events(String(session_id))).filter((type) => type === "pm.document.created")).toHaveLength(1);
});

test("another answer makes another document of the same interview", async () => {
  const host = hostOf();
  const { session_id } = await held(host, ANSWERS);
  await told(host, { session_id, action: "generate" });
  await told(host, { session_id, answer: "And no accounts", last_question: "Anything else?" });
  const again = await told(host, { session_id, action: "generate", force: true });
  expect(String(again.prd)).toContain("And no accounts");
  expect((await events(String(session_id))).filter((type) => type === "pm.document.created")).toHaveLength(2);
});

test("what was said is in the store before any mind is asked, and a call with the id alone goes on", async () => {
  const host = hostOf();
  const begun = saidBy(await host.reply(PM, { initial_context: IDEA, cwd: project }));
  const session_id = String(begun.session_id);
  expect(begun.status).toBe("needs_host");
  expect(await events(session_id)).toEqual(["interview.started", ASKED]);
  const asked = saidBy(await host.work(begun.work as HostWork));
  const answered = saidBy(await host.reply(PM, { session_id, answer: "Families", round: asked.round }));
  expect(answered.status).toBe("needs_host");
  expect((await events(session_id)).slice(-2)).toEqual(["interview.response.recorded", ASKED]);
  expect(await told(host, { session_id })).toMatchObject({ status: "question", round: 2, answered_rounds: 1 });
});

test("an answer that was put to a person by the client goes to the round it was asked in", async () => {
  const host = hostOf();
  const first = await told(host, { initial_context: IDEA, cwd: project });
  const state = JSON.stringify({ session_id: first.session_id, round: 1 });
  const reply = await host.reply(PM, { initial_context: IDEA, cwd: project }, { state, answer: "Families" });
  expect(saidBy(reply)).toMatchObject({ session_id: first.session_id, status: "needs_host", answered_rounds: 1 });
  const garbled = await host.reply(PM, { initial_context: IDEA, cwd: project }, { state: "{}", answer: "Families" });
  expect(refusalOf(garbled).code).toBe("bad_arguments");
  expect(await given.sql("SELECT 1 FROM events WHERE event_type = 'interview.started'")).toHaveLength(1);
});

test.each<[string, Parameters<typeof productMind>[1], string]>([
  [
    "a story from nowhere",
    (draft) => ({ ...draft, user_stories: draft.user_stories.map((story) => ({ ...story, sources: [] })) }),
    "user_stories.0: it has no source",
  ],
  [
    "words nobody said",
    (draft) => ({ ...draft, goal: { text: "x", sources: [{ round: 1, quote: "make it blue" }] } }),
    'goal.sources: "make it blue" does not stand in round 1',
  ],
  [
    "a round there was not",
    (draft) => ({ ...draft, product_name: { text: "x", sources: [{ round: 99, quote: "x" }] } }),
    "product_name.sources: round 99 has no answer",
  ],
  [
    "what was put off, as a limit",
    (draft) => ({ ...draft, constraints: [...draft.constraints, ...draft.decide_later_items] }),
    "constraints.1.sources: nobody decided it",
  ],
  ["a lost limit", (draft) => ({ ...draft, constraints: [] }), "constraints: nothing here cites round 1"],
  ["a lost open end", (draft) => ({ ...draft, decide_later_items: [] }), "decide_later_items: none cites round 3"],
  [
    "a lost technical question",
    (draft) => ({ ...draft, technical_questions: [] }),
    "technical_questions: none cites round 2",
  ],
])("a draft with %s is not taken, and is told why", async (_, change, fault) => {
  const { session_id } = await held(hostOf(), ANSWERS);
  const wrong = hostOf(productMind(clearAfterThree, change));
  const begun = saidBy(await wrong.reply(PM, { session_id, action: "generate" }));
  const reply = await wrong.work(begun.work as HostWork);
  expect(faultsOf(reply).join("\n")).toContain(fault);
  expect(await events(String(session_id))).not.toContain("pm.document.created");
  // The same work order, done well, is taken.
  expect(await told(hostOf(), { session_id, action: "generate" })).toMatchObject({ status: "generated" });
});

test("what is not clear is not written down, unless it is forced: then the page says so", async () => {
  const host = hostOf(productMind(() => 0.3));
  const { session_id } = await held(host, ANSWERS.slice(0, 2));
  const refused = refusalOf(await host.reply(PM, { session_id, action: "generate" }));
  expect(refused).toMatchObject({ code: "not_clear_yet", facts: { session_id } });
  expect(refused.next).toContain("force");
  const made = await told(host, { session_id, action: "generate", force: true });
  expect(made).toMatchObject({ status: "generated", forced: true, ambiguity_score: 0.7 });
  expect(String(made.prd)).toContain("before the interview was clear enough");
});

test("chosen repositories are told of from the first question on, and none means that nothing is there", async () => {
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "till", version: "1.0.0" }));
  const empty = join(given.home, "empty");
  await mkdir(empty);
  const ground = async (args: Record<string, unknown>) => {
    const seen: string[] = [];
    const think = productMind(clearAfterThree);
    const first = await told(
      hostOf((work) => {
        seen.push(work.input);
        return think(work);
      }),
      { initial_context: IDEA, cwd: empty, ...args },
    );
    return { is_brownfield: first.is_brownfield, knows: seen.join("").includes("till"), id: String(first.session_id) };
  };
  const chosen = await ground({ selected_repos: [project] });
  expect(chosen).toMatchObject({ is_brownfield: true, knows: true });
  expect(await events(chosen.id)).toContain("pm.repositories.selected");
  await registerProject(given.context.store, { path: project, otherwise: "till" });
  await registerProject(given.context.store, { path: join(given.home, "gone"), otherwise: "gone" });
  await setDefault(given.context.store, project, true);
  await setDefault(given.context.store, join(given.home, "gone"), true);
  expect(await ground({})).toMatchObject({ is_brownfield: true, knows: true });
  expect(await ground({ selected_repos: [] })).toMatchObject({ is_brownfield: false, knows: false });
});

test("repositories that are not there, or too many, begin nothing", async () => {
  const host = hostOf();
  const gone = refusalOf(
    await host.reply(PM, { initial_context: IDEA, selected_repos: [project, join(project, "no")] }),
  );
  expect(gone).toMatchObject({ code: "unknown_repository", facts: { missing: [join(project, "no")] } });
  const many = Array.from({ length: 9 }, () => project);
  expect(refusalOf(await host.reply(PM, { initial_context: IDEA, selected_repos: many })).code).toBe(
    "too_many_repositories",
  );
  expect(await given.sql("SELECT 1 FROM events WHERE event_type LIKE 'interview.%'")).toEqual([]);
});

test("select_repos before the first answer begins anew on them, the same call again too; after it, it is refused", async () => {
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "till" }));
  const host = hostOf();
  const first = await told(host, { initial_context: IDEA, cwd: given.home, selected_repos: [] });
  const chosen = await told(host, { session_id: first.session_id, selected_repos: [project] });
  expect(chosen).toMatchObject({ status: "question", is_brownfield: true, round: 1 });
  expect(chosen.session_id).not.toBe(first.session_id);
  expect(await told(host, { session_id: first.session_id, action: "status" })).toMatchObject({ status: "aborted" });
  const again = await told(host, { action: "select_repos", session_id: first.session_id, selected_repos: [project] });
  expect(again).toMatchObject({ session_id: chosen.session_id, question: chosen.question });
  const same = await told(host, { action: "select_repos", session_id: chosen.session_id, selected_repos: [project] });
  expect(same.session_id).toBe(chosen.session_id);
  await told(host, { session_id: chosen.session_id, answer: "Families", round: 1 });
  const late = await host.reply(PM, { action: "select_repos", session_id: chosen.session_id, selected_repos: [] });
  expect(refusalOf(late).code).toBe("already_answered");
});

test("amend, undo, status and abort do what they do in any interview; null is as good as nothing", async () => {
  const host = hostOf();
  const { session_id } = await held(host, ANSWERS.slice(0, 2));
  const amended = await told(host, {
    action: "amend",
    session_id,
    round: 1,
    answer: "Flat shares",
    cwd: null,
    force: null,
  });
  expect(amended).toMatchObject({ answered_rounds: 2, status: "question" });
  expect(await told(host, { action: "undo", session_id })).toMatchObject({ answered_rounds: 1, round: 2 });
  expect(await told(host, { action: "status", session_id })).toMatchObject({ answered_rounds: 1 });
  expect(await told(host, { action: "abort", session_id })).toMatchObject({ status: "aborted" });
  expect(refusalOf(await host.reply(PM, { action: "generate", session_id, force: true })).code).toBe(
    "interview_aborted",
  );
});

test("calls that lack what they are about, or are about another kind of interview, are refused with what to do", async () => {
  const host = hostOf();
  const code = async (args: Record<string, unknown>) => refusalOf(await host.reply(PM, args)).code;
  expect(await code({})).toBe("bad_arguments");
  expect(await code({ action: "start" })).toBe("bad_arguments");
  expect(await code({ action: "generate" })).toBe("bad_arguments");
  expect(await code({ action: "select_repos", session_id: "interview_0000000000000000" })).toBe("bad_arguments");
  expect(await code({ session_id: "../../etc/passwd" })).toBe("not_found");
  const developer = saidBy(await host.reply("ouroboros_interview", { initial_context: IDEA, cwd: project }));
  for (const action of ["resume", "generate", "status"]) {
    expect(await code({ action, session_id: developer.session_id })).toBe("other_interview");
  }
  expect(await code({ session_id: developer.session_id, selected_repos: [] })).toBe("other_interview");
});
