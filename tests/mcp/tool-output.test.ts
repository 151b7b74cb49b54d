import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { makeStore, type SessionTruth } from "../../scripts/make-store.ts";
import { newId } from "../../src/base/ids.ts";
import { callTool } from "../../src/mcp/call.ts";
import { offeredTools } from "../../src/mcp/catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { createMinds } from "../../src/minds/minds.ts";
import { createSessionContext } from "../../src/sessions/session-context.ts";
import { StartUp } from "../../src/startup/start-up.ts";
import { append } from "../../src/store/append.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createOrder } from "../../src/store/orders/work-orders.ts";
import { STEP_WORK } from "../../src/store/orders/work-rows.ts";
import { until } from "../support/agent-processes.ts";

const TOOLS = offeredTools({ toolsets: TOOLSETS, readOnly: false });
const POLICY = { thresholdMicros: 3600e6, action: "default" } as const;
/** One of each kind that a store left by Python may hold. */
const ORPHANS = {
  stale: 1,
  no_start: 1,
  bad_row: 2,
  completed_late: 1,
  double_terminal: 1,
  paused: 1,
  young: 1,
  exec_active: 1,
  failed: 1,
  quota_paused: 1,
  future: 1,
};

/** Whatever agents are installed where this runs: nobody but the host thinks here. */
const NO_AGENTS = { chosen: undefined, commands: {} };
const ONLY_HOST = {
  roles: { fast: "host", standard: "host", deep: "host" },
  backend: undefined,
  standIn: undefined,
  providers: {},
};

let folder: string;
let truth: readonly SessionTruth[];
let startUp: StartUp;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ouroboros-output-"));
  const path = join(folder, "store.db");
  truth = makeStore({ out: path, events: 600, sessions: 6, orphans: ORPHANS }).truth;
  startUp = new StartUp({
    async open() {
      const store = await openStore({ kind: "file", path, createFolder: false }, { readOnly: false, create: true });
      return createSessionContext(
        store,
        folder,
        POLICY,
        NO_AGENTS,
        createMinds(ONLY_HOST, NO_AGENTS, async () => new Map()),
      );
    },
  });
  startUp.start();
  expect(await startUp.gate.admit("acts")).toBeUndefined();
});

afterAll(async () => {
  await startUp.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("what a tool answers is what its output schema says, no key more or less", () => {
  test("ouroboros_session_status, for every kind of session", async () => {
    for (const { session_id, execution_id, kind } of truth) {
      const output = await outputOf("ouroboros_session_status", { session_id });
      expect({ kind, session_id: output.session_id }).toEqual({ kind, session_id });
      if (execution_id === null) continue;
      const byExecution = await outputOf("ouroboros_session_status", { session_id: execution_id });
      expect(byExecution.session_id).toBe(session_id);
    }
  });

  test("ouroboros_query_events, by session, by type, and page by page over rows that cannot be decoded", async () => {
    let seen = 0;
    for (let offset = 0, more = true; more; offset += 200) {
      const output = await outputOf("ouroboros_query_events", { limit: 200, offset });
      seen += Number(output.total_events);
      more = output.has_more === true;
    }
    expect(seen).toBeGreaterThan(600);
    for (const { session_id, kind } of truth) {
      const output = await outputOf("ouroboros_query_events", { session_id });
      expect({ kind, some: Number(output.total_events) > 0 }).toEqual({ kind, some: true });
    }
    const started = await outputOf("ouroboros_query_events", { event_type: "orchestrator.session.started" });
    expect(Number(started.total_events)).toBeGreaterThan(6);
  });

  test("the job tools, of a job whose session has ended and of one that nobody works on", async () => {
    for (const { job_id } of truth.filter((one) => one.job_id !== null)) {
      await outputOf("ouroboros_job_status", { job_id });
      await outputOf("ouroboros_job_wait", { job_id, timeout_seconds: 0, stream: "linked" });
      await outputOf("ouroboros_job_wait", {
        job_id,
        timeout_seconds: 0,
        cursor: Number.MAX_SAFE_INTEGER,
        view: "compact",
      });
      await outputOf("ouroboros_job_result", { job_id });
      await outputOf("ouroboros_cancel_job", { job_id });
    }
  });

  test("ouroboros_resume_session, of everything that can be resumed", async () => {
    const output = await outputOf("ouroboros_resume_session", {});
    expect(output.outcome).toBe("listed");
    expect(Array.isArray(output.sessions) && output.sessions.length > 0).toBe(true);
  });

  test("ouroboros_cancel_execution, of a session that runs and one that is paused", async () => {
    for (const kind of ["young", "paused"]) {
      const session = truth.find((one) => one.kind === kind);
      const output = await outputOf("ouroboros_cancel_execution", {
        execution_id: session?.execution_id,
        reason: "no need",
      });
      expect(output).toMatchObject({ session_id: session?.session_id, new_status: "cancelled", reason: "no need" });
    }
  });

  test("ouroboros_claim_work, of a step that waits for the host, and of the same claim once more", async () => {
    const { store } = startUp.context ?? {};
    if (!store) throw new Error("The store is not open");
    const [session_id, work] = ["orch_host", { instructions: "Do it.", input: "one", continuation: null }];
    await append(store, { kind: "any" }, [
      {
        id: newId(),
        aggregate_type: "session",
        aggregate_id: session_id,
        event_type: "orchestrator.session.started",
        payload: { execution_id: "exec_host", runtime_backend: "host", workspace_path: folder },
        at: store.stamp(),
      },
    ]);
    const scope = { aggregateType: "execution", aggregateId: "exec_host_ac_0" };
    const body = { scope, session_id, role: "work", answer_schema: { type: "object" }, ...work };
    const { work_id } = await createOrder(store, STEP_WORK, body);
    const claimed = await outputOf("ouroboros_claim_work", { session_id });
    expect(claimed).toMatchObject({ work_id, claim_epoch: 1, cwd: folder, session_id, left: 0 });
    expect(await outputOf("ouroboros_claim_work", { work_id, claim_epoch: 1 })).toMatchObject({
      work_id,
      claim_epoch: 1,
    });
  });

  test("ouroboros_ac_tree_hud, for every kind of session", async () => {
    for (const { session_id } of truth) {
      const output = await outputOf("ouroboros_ac_tree_hud", { session_id });
      expect(output).toMatchObject({ session_id, changed: true });
      const { cursor } = output;
      expect(await outputOf("ouroboros_ac_tree_hud", { session_id, cursor })).toMatchObject({ cursor });
    }
  });

  test("ouroboros_execute_seed, of a seed that the host's agents carry out", async () => {
    const seed_content = "goal: A file\nacceptance_criteria: [It is there]\n";
    const args = { seed_content, cwd: folder, runtime: "host", workspace: "in_place", max_iterations: 3 };
    const begun = await outputOf("ouroboros_execute_seed", args);
    expect(begun).toMatchObject({ status: "running", runtime: "host", ignored: ["max_iterations"] });
    const { session_id } = begun;
    const status = async () => (await outputOf("ouroboros_session_status", { session_id })).status;
    await until(async () => (await status()) === "paused", "its worker has laid the step out");
  });

  test("ouroboros_interview and ouroboros_generate_seed, while the host has to think first", async () => {
    const begun = await outputOf("ouroboros_interview", {
      initial_context: "A diary that nobody else reads",
      cwd: folder,
    });
    expect(begun).toMatchObject({
      status: "needs_host",
      answered_rounds: 0,
      next_action: { tool: "ouroboros_submit" },
    });
    const { session_id } = begun;
    const seed = await outputOf("ouroboros_generate_seed", { session_id, force: true });
    expect(seed).toMatchObject({ status: "needs_host", interview_id: session_id, seed_id: null });
    const given = await outputOf("ouroboros_interview", { session_id, action: "abort" });
    expect(given).toMatchObject({ session_id, status: "aborted" });
  });

  test("ouroboros_pm_interview, while the host has to think first", async () => {
    const begun = await outputOf("ouroboros_pm_interview", { initial_context: "A diary for two", selected_repos: [] });
    expect(begun).toMatchObject({ status: "needs_host" });
  });

  test("ouroboros_brownfield, of a folder and of the registry", async () => {
    expect(await outputOf("ouroboros_brownfield", { action: "register", path: folder })).toMatchObject({ total: 1 });
    const described = await outputOf("ouroboros_brownfield", { action: "describe", path: folder });
    expect(described).toMatchObject({ action: "describe" });
  });

  test("ouroboros_evaluate and ouroboros_checklist_verify, by checks alone and while the host has to judge first", async () => {
    const working_dir = join(folder, "judged");
    await mkdir(working_dir);
    await writeFile(join(working_dir, "made.txt"), "made\n");
    const seed_content =
      "goal: A file\nacceptance_criteria: [{description: It is there, expected_artifacts: [made.txt]}]\n";
    const args = { session_id: "a folder", seed_content, working_dir };
    const checked = await outputOf("ouroboros_evaluate", { ...args, checks_only: true });
    expect(checked).toMatchObject({ status: "evaluated", final_approved: true, verdict: "approved", highest_stage: 1 });
    const asked = await outputOf("ouroboros_checklist_verify", args);
    expect(asked).toMatchObject({ status: "needs_host", final_approved: null, checklist_verify: true, ac_count: 1 });
  });

  test("ouroboros_qa and ouroboros_measure_drift", async () => {
    const qa = await outputOf("ouroboros_qa", { artifact: "1 + 1 = 3", quality_bar: "It is right" });
    expect(qa).toMatchObject({ status: "needs_host" });
    const about = { session_id: "any", seed_content: "goal: A diary\nacceptance_criteria: [It is kept]\n" };
    const drift = await outputOf("ouroboros_measure_drift", { ...about, current_output: "A diary that is kept" });
    expect(drift).toMatchObject({ status: "measured", is_acceptable: true });
    const judged = await outputOf("ouroboros_measure_drift", { ...about, current_output: "A diary", judged: true });
    expect(judged).toMatchObject({ status: "needs_host" });
  });

  test("ouroboros_auto, while the host has to think first, and gone on with", async () => {
    const begun = await outputOf("ouroboros_auto", { goal: "A diary", cwd: folder, skip_run: true });
    expect(begun).toMatchObject({ status: "needs_host", phase: "interview", job_id: null });
    const again = await outputOf("ouroboros_auto", { resume: begun.auto_session_id });
    expect(again).toMatchObject({ auto_session_id: begun.auto_session_id, work: begun.work });
  });

  test("ouroboros_evolve_step and the others of lineages, of one that evolves on paper", async () => {
    const lineage_id = "lin_paper";
    const seed_content = "goal: A diary\nacceptance_criteria: [It is kept]\n";
    const paper = { lineage_id, seed_content, execute: false, project_dir: folder };
    expect(await outputOf("ouroboros_evolve_step", paper)).toMatchObject({ status: "stepped", generation: 1 });
    expect(await outputOf("ouroboros_evolve_step", { lineage_id, project_dir: folder })).toMatchObject({
      status: "needs_host",
    });
    expect(await outputOf("ouroboros_lineage_status", { lineage_id })).toMatchObject({
      goal: "A diary",
      status: "active",
    });
    for (const mode of [{}, { mode: "full" }]) {
      expect(await outputOf("ouroboros_ac_dashboard", { lineage_id, ...mode })).toMatchObject({ lineage_id });
    }
    const alone = await outputOf("ouroboros_ralph", { lineage_id, project_dir: folder });
    expect(alone).toMatchObject({ status: "drive_it_yourself", job_id: null });
    const back = await outputOf("ouroboros_evolve_rewind", { lineage_id, to_generation: 1 });
    expect(back).toMatchObject({ from_generation: 2, to_generation: 1 });
    const stuck = { problem_context: "It forgets", current_approach: "Another file" };
    expect(await outputOf("ouroboros_lateral_think", { ...stuck, persona: "all" })).toMatchObject({ persona: "all" });
  });

  test("ouroboros_submit, of work that was handed out, and of the same once more", async () => {
    const { store } = startUp.context ?? {};
    if (!store) throw new Error("The store is not open");
    const scope = { aggregateType: "session", aggregateId: truth[0]?.session_id ?? "" };
    const asked = { instructions: "Judge.", input: "", answer_schema: { type: "object" }, continuation: null };
    const { work_id } = await createOrder(store, "test.verdict", { scope, role: "fast", ...asked });
    for (const outcome of ["accepted", "already_accepted"]) {
      const output = await outputOf("ouroboros_submit", { work_id, result: { verdict: "pass" } });
      expect(output).toEqual({ outcome, work_id, kind: "test.verdict" });
    }
  });
});

test("a call under every tool's name has been looked at here", () => {
  expect([...called].sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});

/** Work that is submitted here waits for nobody. */
const noOtherTool = () => Promise.reject(new Error("Another tool was called"));
const called = new Set<string>();

/** Calls a tool as a client does and holds its structured answer against the tool's own schema. */
async function outputOf(name: string, args: object): Promise<Record<string, unknown>> {
  const tool = TOOLS.find((one) => one.name === name);
  if (!tool) throw new Error(`There is no tool ${name}`);
  const signal = new AbortController().signal;
  const answer = await callTool(tool, args, startUp, { signal, progress: async () => {}, callTool: noOtherTool });
  if (answer.isError) throw new Error(`${name} refused: ${JSON.stringify(answer.content)}`);
  called.add(name);
  // As it goes over the wire: a value JSON cannot carry would be lost here.
  const sent = JSON.parse(JSON.stringify(answer.structuredContent)) as Record<string, unknown>;
  const parsed = v.safeParse(tool.output, sent);
  if (!parsed.success) throw new Error(`${name} answered ${JSON.stringify(v.flatten(parsed.issues))}`);
  // Valibot's objects leave unknown keys out: what comes back must be all that was sent.
  expect(parsed.output).toEqual(sent);
  const texts = answer.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
  expect(texts[0]).toBeTruthy();
  expect(JSON.parse(texts[1] ?? "")).toEqual(sent);
  return sent;
}
