// A product manager's interview without a terminal: one command a turn, then the page.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openModelServer } from "../minds/support/model-server.ts";
import { openHome } from "./support/ouroboros.ts";
import { configure } from "./support/small-agents.ts";

setDefaultTimeout(60_000);

const IDEA = "A shopping list for a family";
const SOURCES = [{ round: 0, quote: "shopping list" }];
const claim = { clarity: 0.95, citations: SOURCES, why: "It was said" };
const turn = (number: number) => ({
  scores: { goal: claim, constraints: claim, success: claim },
  missing: [],
  question: {
    text: `Question number ${number}?`,
    dimension: "goal",
    ask: "person",
    why: "Something may be left",
    suggestions: ["Yes", "No"],
    classification: "planning",
    reframed_from: null,
  },
});
const document = {
  product_name: { text: "Shopping list", sources: SOURCES },
  goal: { text: "Nothing is bought twice", sources: SOURCES },
  user_stories: [{ persona: "a parent", action: "see the list", benefit: "it is short", sources: SOURCES }],
  constraints: [],
  success_criteria: [],
  assumptions: [],
  out_of_scope: [],
  decide_later_items: [],
  technical_questions: [],
  left_out: [],
};

test("an idea is asked about turn by turn, and written down; again, no model is asked", async () => {
  await using home = await openHome();
  const says = [1, 2, 3, 4].map((number) => ({ says: JSON.stringify(turn(number)) }));
  await using model = await openModelServer([...says, { says: JSON.stringify(document) }]);
  configure(home, `minds: { standard: near/m, deep: near/m, providers: { near: { base_url: "${model.url}" } } }\n`);
  const project = join(home.home, "project");
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await home.run([...args, "--json"], { NEAR_API_KEY: "sk-local" });
    return { code, stderr, ...JSON.parse(stdout) };
  };

  const first = await told("pm", IDEA, "--greenfield", "--cwd", project);
  expect(first).toMatchObject({ code: 0, round: 1, classification: "planning", is_brownfield: false });
  const id: string = first.session_id;
  const early = await told("pm", "generate", id);
  expect(early).toMatchObject({ code: 2, error: { code: "not_clear_yet" } });
  expect(early.error.next).toContain(`ouroboros pm generate ${id} --force`);
  for (const round of [1, 2, 3]) {
    expect(await told("interview", "answer", id, `Answer number ${round}`, "--round", String(round))).toMatchObject({
      code: 0,
      answered_rounds: round,
    });
  }
  const open = await home.run(["pm", "--resume", id]);
  expect(open.stdout).toContain("Question number 4?");
  expect(open.stdout).toEndWith(`Answer: ouroboros interview answer ${id} TEXT --round 4\n`);

  const made = await told("pm", "generate", id);
  const seed = join(home.home, "seeds", `pm_seed_${id}.json`);
  expect(made).toMatchObject({ code: 0, pm_seed_path: seed, document: { product_name: "Shopping list" } });
  // There is no such folder, so the page is beside the document.
  expect(made.pm_path).toBe(seed.replace(/json$/, "md"));
  expect(existsSync(project)).toBe(false);
  expect(readFileSync(made.pm_path, "utf8")).toStartWith(made.prd);
  const again = await home.run(["pm", "generate", id, "--cwd", "."]);
  expect(again.code).toBe(0);
  expect(again.stdout).toStartWith(made.prd);
  expect(model.requests).toHaveLength(5);
});

test("what makes no sense is refused before anything is made", async () => {
  await using home = await openHome();
  for (const args of [["pm"], ["pm", "x", "--resume", "interview_a"], ["pm", "x", "--greenfield", "--repo", "."]]) {
    expect({ args, code: (await home.run(args)).code }).toEqual({ args, code: 2 });
  }
  expect(existsSync(home.path)).toBe(false);
});
