import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { isRefusal } from "../../src/base/refusal.ts";
import { offeredTools, toolNamed } from "../../src/mcp/catalogue.ts";
import { TOOLSETS } from "../../src/mcp/toolsets.ts";
import { createSessionContext, type SessionContext } from "../../src/sessions/session-context.ts";
import { openStore } from "../../src/store/open-store.ts";
import { openRunHome, type RunHome, SEED } from "../cli/support/run-home.ts";
import { isRunning, until } from "../support/agent-processes.ts";
import { DEFAULT_POLICY } from "../support/given-store.ts";

setDefaultTimeout(60_000);

const OFFER = { toolsets: TOOLSETS, readOnly: false };

test("a seed is carried out by a worker: its ids, its branch, its ceiling and what follows are told", async () => {
  await using given = await openTools();
  const { value, text } = await given.told("ouroboros_execute_seed", { seed_path: "seed.yaml", skip_qa: true });
  expect(value).toMatchObject({
    status: "running",
    outcome: "started",
    runtime: "small",
    steps_total: 3,
    ignored: ["skip_qa"],
  });
  const { session_id, execution_id, job_id } = value;
  expect(text).toContain(`branch ooo/${execution_id}`);
  expect(text).toContain("It pauses when it has taken 12 h, ");
  expect(text).toContain("It goes on in the background, also when this window closes.");
  expect(text).toContain(`ouroboros_job_wait {"job_id":"${job_id}"}`);
  expect(text).toContain("Ignored: skip_qa.");
  await given.ends(String(session_id), "completed");
  const tree = await given.told("ouroboros_ac_tree_hud", { execution_id, max_nodes: 2 });
  expect(tree.value).toMatchObject({ session_id, changed: true, done: 3, total: 3 });
  expect(tree.text).toContain("● 1 Part one is there [proven: ");
  expect(tree.text).toContain("… and 1 more");
  const { cursor } = tree.value;
  const again = await given.told("ouroboros_ac_tree_hud", { session_id, cursor });
  expect(again).toMatchObject({ text: `No change since cursor ${cursor}.`, value: { changed: false } });
});

test("session_id resumes; a question shows in the tree with what answers it", async () => {
  await using given = await openTools();
  given.home.put("ask-1");
  const { session_id, worker_pid } = await given.home.begin();
  const tree = async () => given.told("ouroboros_ac_tree_hud", { session_id });
  await until(async () => (await tree()).text.includes("Which colour?"), "the agent has asked");
  const { text } = await tree();
  expect(text).toContain("? 1 Part one is there [asks: Which colour?]");
  const work = /"work_id":"(work_\w+)"/.exec(text)?.[1];
  const attached = await given.told("ouroboros_execute_seed", { session_id });
  expect(attached.value).toMatchObject({ outcome: "attached", session_id });
  await given.told("ouroboros_submit", { work_id: work, result: { answer: "navy" } });
  await given.ends(session_id, "completed");
  await until(() => given.gone(worker_pid), "the worker has ended");
  expect(await given.refused("ouroboros_execute_seed", { session_id })).toBe("ended");
});

test("of files only those below the project or the seeds folder are read, also by way of a link", async () => {
  await using given = await openTools();
  const { project, home, seed } = given.home;
  const refused = (args: object) => given.refused("ouroboros_execute_seed", args);
  expect(await refused({ seed_path: seed })).toBe("seed_outside");
  expect(await refused({ seed_path: "../seed.yaml" })).toBe("seed_outside");
  symlinkSync(seed, join(project, "link.yaml"));
  expect(await refused({ seed_path: "link.yaml" })).toBe("seed_outside");
  expect(await refused({ seed_path: "none.yaml" })).toBe("bad_seed");
  writeFileSync(join(project, "odd.yaml"), "goal: only this\n");
  expect(await refused({ seed_path: "odd.yaml" })).toBe("bad_seed");
  mkdirSync(join(home, "seeds"), { recursive: true });
  writeFileSync(join(home, "seeds", "odd.yaml"), "goal: only this\n");
  expect(await refused({ seed_path: join(home, "seeds", "odd.yaml") })).toBe("bad_seed");
  expect(await refused({})).toBe("no_seed");
  expect(await refused({ seed_content: SEED, seed_id: "seed_1" })).toBe("two_seeds");
  expect(await refused({ seed_content: SEED, cwd: "project" })).toBe("bad_cwd");
  expect(await refused({ seed_content: SEED, runtime: "nobody" })).toBe("no_runtime");
  expect(await given.refused("ouroboros_ac_tree_hud", {})).toBe("bad_arguments");
  expect(await given.refused("ouroboros_ac_tree_hud", { session_id: "orch_none" })).toBe("not_found");
});

test("upstream's second names are answered and not listed, and offered where their tools are", () => {
  const names = offeredTools(OFFER).map(({ name }) => name);
  expect(names).not.toContain("ouroboros_start_execute_seed");
  expect(toolNamed(OFFER, "ouroboros_start_execute_seed")?.name).toBe("ouroboros_execute_seed");
  expect(toolNamed({ ...OFFER, readOnly: true }, "ouroboros_start_execute_seed")).toBeUndefined();
  expect(toolNamed(OFFER, "constructor")).toBeUndefined();
  for (const name of names) expect(toolNamed(OFFER, name)?.name).toBe(name);
});

interface Tools extends AsyncDisposable {
  readonly home: RunHome;
  told(tool: string, args: object): Promise<{ value: Record<string, unknown>; text: string }>;
  /** The code of a refusal. */
  refused(tool: string, args: object): Promise<string>;
  ends(sessionId: string, status: string): Promise<void>;
  gone(pid: number): boolean;
}

/** The tools over a home with a project, where a worker finds the same configuration. */
async function openTools(): Promise<Tools> {
  const home = await openRunHome();
  writeFileSync(join(home.project, "seed.yaml"), SEED);
  const path = join(home.home, "ouroboros.db");
  const store = await openStore({ kind: "file", path, createFolder: false }, { readOnly: false, create: true });
  const runtimes = { chosen: "small", commands: { small: [join(home.home, "agent.sh")] } };
  const asking = createSessionContext(store, home.home, DEFAULT_POLICY, runtimes);
  const context: SessionContext = { ...asking, consent: "always" };
  const call = async (name: string, args: object) => {
    const tool = toolNamed(OFFER, name);
    if (!tool) throw new Error(`There is no tool ${name}`);
    const given = name === "ouroboros_execute_seed" ? { cwd: home.project, ...args } : args;
    const signal = new AbortController().signal;
    const none = () => Promise.reject(new Error("Another tool was called"));
    const said = await tool.run(v.parse(tool.input, given), {
      context,
      signal,
      progress: async () => {},
      callTool: none,
    });
    if (isRefusal(said)) return said;
    const value = JSON.parse(JSON.stringify(said.value));
    expect(v.parse(tool.output, value)).toEqual(value);
    return { value, text: said.text };
  };
  const tools: Tools = {
    home,
    async told(name, args) {
      const said = await call(name, args);
      if (isRefusal(said)) throw new Error(`${said.code}: ${said.message}`);
      return said;
    },
    async refused(name, args) {
      const said = await call(name, args);
      if (!isRefusal(said)) throw new Error(`${name} did not refuse`);
      return said.code;
    },
    async ends(id, status) {
      const now = async () => (await tools.told("ouroboros_session_status", { session_id: id })).value.status;
      await until(async () => (await now()) === status, `the run is ${status}`);
    },
    gone: (pid) => !isRunning(pid),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
  return tools;
}
