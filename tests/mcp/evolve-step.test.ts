// A lineage driven by a host: it wonders, reflects and judges through work orders, and a worker carries each generation out.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import * as v from "valibot";
import { isRefusal, type Refusal } from "../../src/base/refusal.ts";
import { offeredTools, toolNamed } from "../../src/mcp/catalogue.ts";
import type { ToolAnswer } from "../../src/mcp/tool.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { createSessionContext, type SessionContext } from "../../src/sessions/session-context.ts";
import { openStore } from "../../src/store/open-store.ts";
import { openRunHome, type RunHome, SEED } from "../cli/support/run-home.ts";
import { until } from "../support/agent-processes.ts";
import { DEFAULT_POLICY } from "../support/given-store.ts";

setDefaultTimeout(120_000);

const OFFER = { toolsets: TOOLSETS, readOnly: false };
const KEYS = [1, 2, 3].map((number) => `ac_000000000000000${number}`);
const WONDER = {
  questions: ["Why is part two not there?"],
  ontology_tensions: [],
  should_continue: true,
  reasoning: "It is missing.",
};

describe.skipIf(process.platform !== "linux")("a host drives a lineage", () => {
  test("to its outcome: it thinks when it is asked to, and an answer that asks for less is not taken", async () => {
    await using given = await openTools();
    given.home.put("lie-2");
    const step = (more = {}) => given.told("ouroboros_evolve_step", { lineage_id: "lin_host", ...more });
    const first = await step({ seed_content: SEED, project_dir: given.home.project, skip_qa: true });
    expect(first.value).toMatchObject({ status: "running", generation: 1, phase: "executing", action: "continue" });
    expect(first.text).toContain(`ouroboros_job_wait {"job_id":"${first.value.job_id}"}`);
    await given.ends(first.value.session_id);
    const judged = await step();
    expect(judged.value).toMatchObject({
      ...{
        status: "stepped",
        action: "continue",
        reason: "not_yet",
        generation: 1,
        next_generation: 2,
        converged: false,
      },
      failed: [{ key: KEYS[1], verdict: "fail" }],
    });
    given.home.drop("lie-2");
    const wondering = await step();
    expect(wondering.value).toMatchObject({ status: "needs_host", phase: "wondering", generation: 2 });
    // Whoever asks again before it has been answered is asked the same.
    expect((await step()).value.work).toEqual(wondering.value.work);
    const reflecting = await given.submit(wondering.value, WONDER);
    expect(reflecting).toMatchObject({ status: "needs_host", phase: "reflecting" });
    const less = await given.call("ouroboros_submit", {
      work_id: workOf(reflecting),
      result: reflection(KEYS.slice(1)),
    });
    expect(less).toMatchObject({ code: "bad_result" });
    const second = await given.submit(reflecting, reflection(KEYS));
    expect(second).toMatchObject({ status: "running", generation: 2 });
    await given.ends(second.session_id);
    const judging = await step();
    expect(judging.value).toMatchObject({ status: "needs_host", phase: "evaluating" });
    const done = await given.submit(judging.value, verdict());
    expect(done).toMatchObject({
      ...{ status: "stepped", action: "converged", reason: "outcome_reached", converged: true, score: 1 },
      ...{ worktree_branch: "ooo/lin_host", next_generation: null },
    });
    expect(given.home.git("rev-parse", "ooo/lin_host").trim()).toBe(String(done.commit));

    const status = await given.told("ouroboros_lineage_status", { lineage_id: "lin_host" });
    expect(status.value).toMatchObject({ status: "converged", generations: [{ met: 2 }, { met: 3 }] });
    const whole = await given.told("ouroboros_ac_dashboard", { lineage_id: "lin_host", mode: "full" });
    expect(whole.text).toContain(`${KEYS[1]}  [F] [P]`);
    const one = await given.told("ouroboros_ac_dashboard", { lineage_id: "lin_host", mode: "ac", ac_index: 2 });
    expect(one.text).toMatch(/^new, FP\n/);
    const back = await given.told("ouroboros_evolve_rewind", { lineage_id: "lin_host", to_generation: 1 });
    expect(back.value).toMatchObject({ from_generation: 2, to_generation: 1, status: "active", branch_note: null });
    const none = await given.call("ouroboros_evolve_rewind", { lineage_id: "lin_host", to_generation: 1 });
    expect(none).toMatchObject({ code: "bad_generation" });
    // Without a mind besides the host nobody conducts: it is told how to go on itself.
    const ralph = await given.told("ouroboros_ralph", { lineage_id: "lin_host", max_generations: 3 });
    expect(ralph.value).toMatchObject({ status: "drive_it_yourself", job_id: null });
  });

  test("not without a seed to begin with, and not under a name that no branch can have", async () => {
    await using given = await openTools();
    const refused = async (args: object) => given.call("ouroboros_evolve_step", args);
    expect(await refused({ lineage_id: "lin_none" })).toMatchObject({ code: "not_found" });
    const named = { lineage_id: "../x", seed_content: SEED, project_dir: given.home.project };
    expect(await refused(named)).toMatchObject({ code: "bad_lineage_id" });
    const relative = { lineage_id: "lin_1", seed_content: SEED, project_dir: "project" };
    expect(await refused(relative)).toMatchObject({ code: "bad_cwd" });
  });
});

test("lateral_think asks nobody: it words the impasse as the minds that suit it", async () => {
  await using given = await openTools();
  const impasse = { problem_context: "The parser hangs on nested quotes", current_approach: "Another regex" };
  const one = await given.told("ouroboros_lateral_think", { ...impasse, persona: "hacker" });
  expect(one.value).toMatchObject({ persona: "hacker", personas: ["hacker"], approach_summary: "The hacker" });
  expect(one.text).toContain("The parser hangs on nested quotes");
  const suited = await given.told("ouroboros_lateral_think", { ...impasse, stagnation_pattern: "oscillation" });
  expect(suited.value).toMatchObject({ persona: "architect" });
  const all = await given.told("ouroboros_lateral_think", { ...impasse, persona: "all", failed_attempts: ["Greedy"] });
  expect(all.value.personas).toHaveLength(5);
  const some = await given.told("ouroboros_lateral_think", { ...impasse, personas: ["hacker", "simplifier"] });
  expect(some.value).toMatchObject({ persona: "all", personas: ["hacker", "simplifier"] });
});

function reflection(keys: readonly string[]) {
  const words = ["Part one is there", "Part two is there", "There is a README"];
  const kept = { verify_command: null, output_assertion: null, expected_artifacts: null, why: "unchanged" };
  return {
    refined_goal: "Parts of a whole",
    refined_constraints: [],
    criteria: keys.map((key) => ({ key, description: words[KEYS.indexOf(key)], ...kept })),
    removed: [],
    ontology_mutations: [],
    reasoning: "The work was wrong, and not what was asked for.",
  };
}

function verdict() {
  const citations = [{ path: "README", line: 1, end_line: null, quote: "README" }];
  const criteria = KEYS.map((criterion_key) => ({ criterion_key, met: "yes", score: 1, reason: "Seen.", citations }));
  return {
    criteria,
    goal_alignment: 1,
    drift_score: 0,
    uncertainty: 0,
    reward_hacking_risk: 0,
    reasoning: "All is there.",
  };
}

function workOf(value: Record<string, unknown>): string {
  return v.parse(v.object({ work_id: v.string() }), value.work).work_id;
}

type Reply = ToolAnswer<Record<string, unknown>> | Refusal;

interface Tools extends AsyncDisposable {
  readonly home: RunHome;
  call(tool: string, args: object): Promise<Reply>;
  told(tool: string, args: object): Promise<{ value: Record<string, unknown>; text: string }>;
  /** Hands a result in for the order that a value holds; what the tool behind it then said. */
  submit(value: Record<string, unknown>, result: object): Promise<Record<string, unknown>>;
  ends(sessionId: unknown): Promise<void>;
}

/** The tools over a home with a project, where a worker finds the same configuration. */
async function openTools(): Promise<Tools> {
  const home = await openRunHome();
  const path = join(home.home, "ouroboros.db");
  const store = await openStore({ kind: "file", path, createFolder: false }, { readOnly: false, create: true });
  const runtimes = { chosen: "small", commands: { small: [join(home.home, "agent.sh")] } };
  const asking = createSessionContext(store, home.home, DEFAULT_POLICY, runtimes);
  const context: SessionContext = { ...asking, consent: "always" };
  const call = async (name: string, args: unknown): Promise<Reply> => {
    const tool = toolNamed(OFFER, name);
    if (!tool) throw new Error(`There is no tool ${name}`);
    const signal = new AbortController().signal;
    const one = { context, signal, progress: async () => {}, callTool: call };
    const said = (await tool.run(v.parse(tool.input, args), one)) as Reply;
    if (isRefusal(said)) return said;
    const value = JSON.parse(JSON.stringify(said.value));
    expect(v.parse(tool.output, value)).toEqual(value);
    return { ...said, value };
  };
  const tools: Tools = {
    home,
    call,
    async told(name, args) {
      const said = await call(name, args);
      if (isRefusal(said)) throw new Error(`${said.code}: ${said.message}`);
      return said;
    },
    async submit(value, result) {
      const { value: said } = await tools.told("ouroboros_submit", { work_id: workOf(value), result });
      return v.parse(v.record(v.string(), v.unknown()), said.answer);
    },
    async ends(id) {
      const now = async () => (await tools.told("ouroboros_session_status", { session_id: id })).value;
      await until(async () => (await now()).status !== "running", "the run has ended");
      // One that stands still for a while goes on with the next call, which then says that it is under way.
      expect(await now()).not.toMatchObject({ status: "paused" });
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
  expect(offeredTools(OFFER).map(({ name }) => name)).not.toContain("ouroboros_start_evolve_step");
  return tools;
}
